import { expect, it } from 'vitest';
import { positionsFromPage, stagingPosition } from '../../../src/storage/staging/staging.ts';

const MOST = 2 ** 24 - 1;

it.each(['oldest-first', 'newest-first'] as const)('positions of rows are in the order of time for pages that come %s', (order) => {
  const rows = [0, 1, 2].flatMap((page) => [0, 1, MOST].map((index) => ({ page, position: stagingPosition(order, page, index) })));
  const positions = rows.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => (order === 'oldest-first' ? a - b : b - a)));
  expect(new Set(positions).size).toBe(rows.length);
  const { below, from } = positionsFromPage(1);
  for (const { page, position } of rows) expect(position < below || position >= from, `page ${page}`).toBe(page >= 1);
});

it('a page of more rows than there are positions is refused', () => {
  expect(() => stagingPosition('oldest-first', 0, MOST + 1)).toThrow(`a page holds at most ${MOST} rows; split it`);
});
