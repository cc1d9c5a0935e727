import { KeyedHeap } from '../orders/keyed-heap.ts';
import { edgeTable } from './edges.ts';
import type { InputEdges } from './graph-tasks.ts';

/**
 * Kahn's algorithm: tasks in an order in which each comes after what it waits for; among those that could come next,
 * the smallest index (the earliest in the input). Tasks on or behind a cycle are left out.
 */
export function topologicalOrder(size: number, { from, to }: InputEdges): Int32Array {
  const { offsets, targets } = edgeTable(size, from, to);
  const waiting = new Int32Array(size);
  for (const task of to) waiting[task]++;

  const ready = new KeyedHeap();
  for (let i = 0; i < size; i++) if (waiting[i] === 0) ready.push(i, i);
  const order = new Int32Array(size);
  let length = 0;
  while (ready.size > 0) {
    const task = ready.pop();
    order[length++] = task;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) {
      if (--waiting[targets[edge]] === 0) ready.push(targets[edge], targets[edge]);
    }
  }
  return order.subarray(0, length);
}
