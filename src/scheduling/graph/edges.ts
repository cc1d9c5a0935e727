/** Edges of all tasks in two arrays: the edges of task `i` lead to `targets[offsets[i]] … targets[offsets[i + 1] - 1]`. */
export interface Edges {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/**
 * Sorts edges by the task they are looked up from, with a counting sort: linear, and the input's order per task is kept.
 *
 * @param from the task that edge `i` is looked up from
 * @param to the task that edge `i` then leads to
 * @param place the number of each task in the table @default the number it has in the edges
 */
export function edgeTable(size: number, from: readonly number[], to: readonly number[], place?: Int32Array): Edges {
  const placeOf = (task: number): number => (place === undefined ? task : place[task]);
  const offsets = new Int32Array(size + 1);
  for (const task of from) offsets[placeOf(task) + 1]++;
  for (let i = 0; i < size; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice(0, size);
  const targets = new Int32Array(from.length);
  for (let edge = 0; edge < from.length; edge++) targets[next[placeOf(from[edge])]++] = placeOf(to[edge]);
  return { offsets, targets };
}
