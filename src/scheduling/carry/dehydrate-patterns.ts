import type { Graph } from '../graph/graph.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * What each symbol's tasks (and each custom task) look like, as a table of distinct looks and one reference each: most
 * symbols of a large run look the same.
 */
export interface WrittenPatterns {
  /** `status.flags` of each task, joined by a space. */
  readonly table: readonly string[];
  /** Characters per reference, in base 36. */
  readonly width: number;
  readonly references: string;
}

/** The tasks that are written together: a symbol's stages, or one custom task. In a fixed order. */
export function* taskGroups(graph: Graph): IterableIterator<readonly number[]> {
  for (const first of graph.firstTask) {
    const group: number[] = [];
    for (let task = first; task >= 0; task = graph.nextStage[task]) group.push(task);
    yield group;
  }
  for (let task = 0; task < graph.size; task++) if (graph.symbolOf[task] < 0) yield [task];
}

/** @internal */
export function writePatterns({ graph, status, flags }: RunState): WrittenPatterns {
  const indexOf = new Map<string, number>();
  const indices: number[] = [];
  for (const group of taskGroups(graph)) {
    const pattern = group.map((task) => `${status[task]}.${flags[task]}`).join(' ');
    const index = indexOf.get(pattern) ?? indexOf.size;
    indexOf.set(pattern, index);
    indices.push(index);
  }
  const width = Math.max(1, indexOf.size - 1).toString(36).length;
  return { table: [...indexOf.keys()], width, references: indices.map((index) => index.toString(36).padStart(width, '0')).join('') };
}

/** Also reads what version 1 wrote: `status.flags.attempts.failures`. @internal */
export function readPatterns(state: RunState, { table, width, references }: WrittenPatterns): void {
  const patterns = table.map((pattern) => pattern.split(' ').map((task) => task.split('.').map(Number)));
  let position = 0;
  for (const group of taskGroups(state.graph)) {
    const pattern = patterns[Number.parseInt(references.slice(position, position + width), 36)];
    position += width;
    for (const [i, task] of group.entries()) {
      [state.status[task], state.flags[task], state.attempts[task] = 0, state.failures[task] = 0] = pattern[i];
    }
  }
}
