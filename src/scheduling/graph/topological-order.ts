import type { InputEdges } from './graph-tasks.ts';

/**
 * Kahn's algorithm: tasks in an order in which each comes after what it waits for; among those that could come next,
 * the smallest index (the earliest in the input). Tasks on or behind a cycle are left out.
 */
export function topologicalOrder(size: number, { from, to }: InputEdges): Int32Array {
  const waiting = new Int32Array(size);
  const offsets = new Int32Array(size + 1);
  for (let edge = 0; edge < from.length; edge++) {
    waiting[to[edge]]++;
    offsets[from[edge] + 1]++;
  }
  for (let i = 0; i < size; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice(0, size);
  const targets = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) targets[next[from[edge]]++] = to[edge];

  const ready = new IndexHeap(size);
  for (let i = 0; i < size; i++) if (waiting[i] === 0) ready.push(i);
  const order = new Int32Array(size);
  let length = 0;
  while (ready.size > 0) {
    const task = ready.pop();
    order[length++] = task;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) {
      if (--waiting[targets[edge]] === 0) ready.push(targets[edge]);
    }
  }
  return order.subarray(0, length);
}

/** A binary heap of task indices, smallest first; each index at most once. */
class IndexHeap {
  readonly #items: Int32Array;
  size = 0;

  constructor(capacity: number) {
    this.#items = new Int32Array(capacity);
  }

  push(item: number): void {
    const items = this.#items;
    let hole = this.size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (items[parent] <= item) break;
      items[hole] = items[parent];
      hole = parent;
    }
    items[hole] = item;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0];
    const item = items[--this.size];
    let hole = 0;
    for (let child = 1; child < this.size; child = 2 * hole + 1) {
      if (child + 1 < this.size && items[child + 1] < items[child]) child++;
      if (items[child] >= item) break;
      items[hole] = items[child];
      hole = child;
    }
    items[hole] = item;
    return top;
  }
}
