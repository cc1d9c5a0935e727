import { expect, it } from 'vitest';
import { mergedBatches } from '../../../src/storage/lake/lake-ticks.ts';

async function* streamOf(batches: readonly (readonly number[])[]) {
  yield* batches;
}

it.each([
  { one: [[1, 4], [6]], other: [[2, 3, 5], [7]] },
  { one: [[1, 2, 3]], other: [[4], [5, 6]] },
  { one: [[], [5], []], other: [[1, 2], [], [3]] },
  { one: [], other: [[1], [2]] },
  { one: [[1], [2]], other: [] },
  { one: [], other: [] },
  { one: [[1, 1], [2]], other: [[1], [2, 2]] },
])('two sorted streams of batches become one: $one and $other', async ({ one, other }) => {
  const merged: (number | undefined)[] = [];
  for await (const batch of mergedBatches(streamOf(one), streamOf(other), (a, b) => a - b)) merged.push(...batch);
  expect(merged).toEqual([...one.flat(), ...other.flat()].toSorted((a, b) => a - b));
});

it('equal elements of the first stream come first', async () => {
  const tagged = async function* (tag: string) {
    yield [{ at: 1, tag }];
    yield [{ at: 1, tag }];
  };
  const merged: string[] = [];
  for await (const batch of mergedBatches(tagged('a'), tagged('b'), (a, b) => a.at - b.at)) merged.push(...batch.map(({ tag }) => tag));
  expect(merged).toEqual(['a', 'a', 'b', 'b']);
});

it('both streams are closed when the reader stops early', async () => {
  const closed: string[] = [];
  const endless = async function* (name: string) {
    try {
      for (let i = 0; ; i++) yield [i];
    } finally {
      closed.push(name);
    }
  };
  for await (const batch of mergedBatches(endless('one'), endless('other'), (a, b) => a - b)) if (batch.includes(3)) break;
  expect(closed.toSorted()).toEqual(['one', 'other']);
});
