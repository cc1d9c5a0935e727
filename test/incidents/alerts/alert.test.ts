import { describe, expect, it } from 'vitest';
import { alertOf } from '../../../src/incidents/alerts/alert.ts';

type Incident = Parameters<typeof alertOf>[1];

const incident = (more: Partial<Incident> = {}): Incident =>
  ({
    id: '7',
    cause: 'collect: SourceUnavailable: away',
    openedAt: '2026-01-05T12:00:00.000Z',
    closedAt: null,
    runs: [],
    symbols: [],
    ...more,
  }) as Incident;

describe('the text of an alert', () => {
  it('names a few symbols, counts the others and names the newest run', () => {
    const symbols = Array.from({ length: 30 }, (_, i) => `S${i}`);
    const { text } = alertOf('opened', incident({ symbols, runs: ['first', 'newest'] }));
    const [, named, more] = /\((S0.*) and (\d+) more\), run newest$/.exec(text) ?? [];
    expect(named.split(', ').length + Number(more)).toBe(30);
  });

  it('names no run when none is known, and every symbol when they are few', () => {
    expect(alertOf('opened', incident({ symbols: ['A', 'B'] })).text).toBe(
      'PredictLab incident 7 opened: collect: SourceUnavailable: away (A, B)',
    );
    const five = alertOf('opened', incident({ symbols: ['A', 'B', 'C', 'D', 'E'] })).text;
    expect(five).toMatch(/\(A, B, C, D, E\)$/);
    expect(alertOf('updated', incident({ symbols: ['A'], runs: ['r'] })).text).toBe(
      'PredictLab incident 7 has reached more symbols (A): collect: SourceUnavailable: away, last in run r',
    );
  });

  it.each([
    [0, '0 min'],
    [119, '119 min'],
    [120, '2 h'],
    [47 * 60, '47 h'],
    [48 * 60, '2 days'],
  ])('states how long an incident of %i minutes was open: %s', (minutes, length) => {
    const closedAt = new Date(Date.parse('2026-01-05T12:00:00Z') + minutes * 60_000).toISOString();
    expect(alertOf('closed', incident({ closedAt }), 'its symbol is disabled').text).toBe(
      `PredictLab incident 7 closed (its symbol is disabled) after ${length}: collect: SourceUnavailable: away, open since 2026-01-05 12:00Z`,
    );
  });
});
