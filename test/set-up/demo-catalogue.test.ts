import { describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import { demoChanges } from '../../src/set-up/demo-catalogue.ts';

const entry = (symbol: string, path: string): CatalogueEntry => ({
  symbol,
  title: symbol,
  enabled: true,
  priority: 3,
  sources: { file: [{ path }] },
});

describe('a demo that is started again', () => {
  it('keeps what the user added to its catalogue, and removes what only the last demo had', () => {
    const before = [entry('OLD', 'old.csv'), entry('BOTH', 'a.csv')];
    const catalogue = [...before, entry('MINE', 'mine.csv')];
    const entries = [entry('BOTH', 'b.csv'), entry('NEW', 'new.csv')];
    expect(demoChanges({ catalogue, before, entries })).toEqual({ put: entries, remove: ['OLD'] });
  });

  it('keeps what the user changed, and adds what was removed', () => {
    const before = [entry('OLD', 'old.csv'), entry('BOTH', 'a.csv'), entry('GONE', 'gone.csv')];
    const catalogue = [
      { ...entry('OLD', 'old.csv'), enabled: false },
      { ...entry('BOTH', 'a.csv'), priority: 1 },
    ];
    const entries = [entry('BOTH', 'b.csv'), entry('GONE', 'gone.csv')];
    expect(demoChanges({ catalogue, before, entries })).toEqual({ put: [entry('GONE', 'gone.csv')], remove: [] });
  });

  it('replaces the entries with its own names when no record of the last demo exists', () => {
    const catalogue = [entry('BOTH', 'a.csv'), entry('MINE', 'mine.csv')];
    const entries = [entry('BOTH', 'b.csv')];
    expect(demoChanges({ catalogue, before: [], entries })).toEqual({ put: entries, remove: [] });
  });
});
