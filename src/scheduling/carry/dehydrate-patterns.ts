import type { Graph } from '../graph/graph.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * The statuses and flags of every symbol's tasks and of every custom task, as a table of distinct patterns and one reference per
 * symbol or custom task: most symbols of a large run have the same pattern.
 */
export interface WrittenPatterns {
  /** The distinct patterns: `status.flags` of each task, joined by a space. */
  readonly table: readonly string[];
  /** Characters per reference, in base 36. */
  readonly width: number;
  readonly references: string;
}

/** Yields the groups of tasks that are written together, in a fixed order: each symbol's stages, then each custom task. */
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

/** @internal */
export function readPatterns(state: RunState, { table, width, references }: WrittenPatterns): void {
  const patterns = table.map((pattern) => pattern.split(' ').map((task) => task.split('.').map(Number)));
  let position = 0;
  for (const group of taskGroups(state.graph)) {
    const pattern = patterns[Number.parseInt(references.slice(position, position + width), 36)];
    position += width;
    for (const [i, task] of group.entries()) {
      [state.status[task], state.flags[task]] = pattern[i];
    }
  }
}
