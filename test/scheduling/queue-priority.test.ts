import { expect, it } from 'vitest';
import { queuePriority } from '../../src/scheduling/orders/orders.ts';

it('the priority of a task in the queue depends on the run first, and on the symbol next', () => {
  const startedAt = 100 * 3_600_000;
  const key = (asOf: number, priority: number) => queuePriority({ asOf, startedAt, priority });
  expect([key(startedAt, 1), key(startedAt, 3), key(0, 2), key(0, 3)]).toEqual([1, 2, 4, 5]);
  // a run that looks back by an hour is none of the past yet
  expect([key(startedAt - 3_600_000, 3), key(startedAt - 3_600_001, 3)]).toEqual([2, 5]);
});
