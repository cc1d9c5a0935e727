import type { Problem } from '../../contracts/errors.ts';
import type { InputEdges, InputTask } from './graph-tasks.ts';

/** Maximum number of cycles that an error lists; it only counts the others. */
const CYCLES_NAMED = 20;

/**
 * Describes the cycles that keep `order` from being complete, each as a path in which every task waits for the next one
 * (`a → b → a`). A depth-first walk finds one cycle for each edge that leads back into its path; without these edges no cycle is left.
 */
export function cycleProblems(found: { tasks: readonly InputTask[]; edges: InputEdges; order: Int32Array }): Problem[] {
  const { tasks, edges, order } = found;
  const cycles = findCycles(leftOver(tasks.length, edges, order));
  const problems = cycles.slice(0, CYCLES_NAMED).map((cycle) => ({
    where: [...cycle, cycle[0]].map((task) => tasks[task].id).join(' → '),
    message: 'a cycle: each waits for the next, so none can start; remove one of these dependencies',
  }));
  if (cycles.length > CYCLES_NAMED) problems.push({ where: 'tasks', message: `${cycles.length - CYCLES_NAMED} more cycles` });
  return problems;
}

/** Maps each task that Kahn's algorithm could not place in the order to those of its dependencies that it could not place either. */
function leftOver(size: number, { from, to }: InputEdges, order: Int32Array): ReadonlyMap<number, readonly number[]> {
  const placed = new Uint8Array(size);
  for (const task of order) placed[task] = 1;
  const waitsFor = new Map<number, number[]>();
  for (let task = 0; task < size; task++) if (placed[task] === 0) waitsFor.set(task, []);
  for (let edge = 0; edge < from.length; edge++) if (placed[from[edge]] === 0) waitsFor.get(to[edge])?.push(from[edge]);
  return waitsFor;
}

function findCycles(waitsFor: ReadonlyMap<number, readonly number[]>): number[][] {
  const cycles: number[][] = [];
  /** Each visited task's position on the current path; -1 once everything the task waits for has been walked. */
  const place = new Map<number, number>();
  for (const root of waitsFor.keys()) {
    if (place.has(root)) continue;
    const path = [root];
    const nextEdge = [0];
    place.set(root, 0);
    while (path.length > 0) {
      const depth = path.length - 1;
      const next = (waitsFor.get(path[depth]) ?? [])[nextEdge[depth]++];
      if (next === undefined) {
        place.set(path[depth], -1);
        path.pop();
        nextEdge.pop();
        continue;
      }
      const at = place.get(next);
      if (at === undefined) {
        place.set(next, path.length);
        path.push(next);
        nextEdge.push(0);
      } else if (at >= 0) {
        // Cycles past the limit are only counted: the paths of a large tangle would be long.
        cycles.push(cycles.length < CYCLES_NAMED ? startingAtFirst(path.slice(at)) : []);
      }
    }
  }
  return cycles;
}

/** Rotates a cycle so that it starts at the task that the input names first. */
function startingAtFirst(cycle: readonly number[]): number[] {
  const start = cycle.indexOf(cycle.reduce((first, task) => Math.min(first, task)));
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
