import { expect, it } from 'vitest';
import { KeyedHeap } from '../../src/scheduling/orders/keyed-heap.ts';

it('an empty heap has no smallest key, and its item is -1', () => {
  const heap = new KeyedHeap();
  expect([heap.size, heap.top, heap.topKey]).toEqual([0, -1, Number.NaN]);
  heap.push(7, 3);
  expect([heap.size, heap.top, heap.topKey]).toEqual([1, 3, 7]);
  expect(heap.pop()).toBe(3);
  expect([heap.size, heap.top]).toEqual([0, -1]);
});
