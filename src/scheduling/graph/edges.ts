/** Edges of all tasks in two arrays: those of task `i` are `targets[offsets[i]] … targets[offsets[i + 1] - 1]`. */
export interface Edges {
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/**
 * Sorts edges by the task they are looked up from (a counting sort: linear, keeps the input's order per task).
 *
 * @param from the task that edge `i` is looked up from
 * @param to the task that edge `i` then leads to
 * @param place what the tasks are called in the table; without it as in the edges
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
