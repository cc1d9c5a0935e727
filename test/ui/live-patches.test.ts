import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, type Markup } from '../../src/report/elements/html.ts';
import { table } from '../../src/report/elements/table.ts';
import { patchesBetween, splitParts } from '../../src/ui/live/live-page.ts';

type Rows = readonly { readonly name: string; readonly value: string }[];

const partsOf = ({ head, rows }: { head: string; rows: Rows }): Readonly<Record<string, Markup>> => ({
  head: html`<h1>${head}</h1>`,
  tasks: table(
    [
      { head: 'task', cell: (row) => row.name },
      { head: 'state', cell: (row) => row.value },
    ],
    rows,
    {
      id: 'grid',
      caption: 'tasks',
      rowKey: (row) => row.name,
    },
  ),
});

/** What an open page does with patches: content goes where the name says, rows inside their table. */
function applied(page: Map<string, string>, patches: ReturnType<typeof patchesBetween>): Map<string, string> {
  const after = new Map(page);
  for (const { part, html: text } of patches) {
    if (after.has(part)) after.set(part, text);
    else after.set('tasks', replacedRow(after.get('tasks') ?? '', part, text));
  }
  return after;
}

function replacedRow(text: string, key: string, row: string): string {
  const open = `<tr${html` data-part="${key}"`.text}>`;
  const at = text.indexOf(open);
  expect(at).toBeGreaterThanOrEqual(0);
  return `${text.slice(0, at + open.length)}${row}${text.slice(text.indexOf('</tr>', at))}`;
}

const pageOf = (parts: Readonly<Record<string, Markup>>): Map<string, string> =>
  new Map(Object.entries(parts).map(([name, { text }]) => [name, text]));

const state = fc.record({
  head: fc.string(),
  rows: fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1, maxLength: 6 }), value: fc.string({ maxLength: 4 }) }), {
    selector: ({ name }) => name,
    maxLength: 6,
  }),
});

describe('patches of an open page', () => {
  it('change a page of any state into the page of any other state', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const [old, now] = [partsOf(before), partsOf(after)];
        const patches = patchesBetween(splitParts(old), splitParts(now), now);
        expect(applied(pageOf(old), patches)).toEqual(pageOf(now));
      }),
    );
  });

  it('are empty when nothing changed, and have one row when one row changed', () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ name: `T${i}`, value: 'running' }));
    const old = partsOf({ head: 'run', rows });
    expect(patchesBetween(splitParts(old), splitParts(old), old)).toEqual([]);
    const now = partsOf({ head: 'run', rows: rows.map((row, i) => (i === 7 ? { ...row, value: 'success' } : row)) });
    const patches = patchesBetween(splitParts(old), splitParts(now), now);
    expect(patches.map(({ part }) => part)).toEqual(['grid:T7']);
    expect(patches[0].html).toContain('success');
  });

  it('are the whole page for a new reader', () => {
    const now = partsOf({ head: 'run', rows: [{ name: 'T', value: 'success' }] });
    expect(patchesBetween(undefined, splitParts(now), now).map(({ part }) => part)).toEqual(['head', 'tasks']);
  });
});
