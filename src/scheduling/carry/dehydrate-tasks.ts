import type { Graph } from '../graph/graph.ts';
import { PENDING, REUSED, RUNNING, type RunState, STARTED, SUCCESS } from '../run/run-state.ts';

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
function* taskGroups(graph: Graph): IterableIterator<readonly number[]> {
  for (const first of graph.firstTask) {
    const group: number[] = [];
    for (let task = first; task >= 0; task = graph.nextStage[task]) group.push(task);
    yield group;
  }
  for (let task = 0; task < graph.size; task++) if (graph.symbolOf[task] < 0) yield [task];
}

/** Writes the statuses and flags of all tasks. @internal */
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

/** Sets the statuses and flags of all tasks as `writePatterns` wrote them. @internal */
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

/**
 * Writes the numbers of a few tasks as `gap.number` in base 36, joined by commas. The gap is the count of tasks between this task
 * and the previous one. A number equal to the previous one is omitted.
 */
export function writeSparse(pairs: Iterable<readonly [task: number, value: number]>): string {
  const written: string[] = [];
  let next = 0;
  let before: number | undefined;
  for (const [task, value] of pairs) {
    const gap = (task - next).toString(36);
    written.push(value === before ? gap : `${gap}.${value.toString(36)}`);
    next = task + 1;
    before = value;
  }
  return written.join(',');
}

/** Yields each task that has a written number, with that number. */
export function* readSparse(written: string): IterableIterator<[task: number, value: number]> {
  if (written === '') return;
  let next = 0;
  let value = 0;
  for (const part of written.split(',')) {
    const [gap, number] = part.split('.');
    const task = next + Number.parseInt(gap, 36);
    if (number !== undefined) value = Number.parseInt(number, 36);
    yield [task, value];
    next = task + 1;
  }
}

/** The usual number of attempts, which is not written: 1 for a task that started in this run, 0 for every other task. */
const usualAttempts = ({ flags }: RunState, task: number): number => ((flags[task] & (STARTED | REUSED)) === STARTED ? 1 : 0);

/** Yields the attempt counts that differ from `usualAttempts`. @param ended whether tasks that have ended are included */
export function* unusualAttempts(state: RunState, ended: boolean): IterableIterator<[number, number]> {
  const { attempts, graph, status } = state;
  for (let task = 0; task < graph.size; task++) {
    if (attempts[task] !== usualAttempts(state, task) && (ended || status[task] <= RUNNING)) yield [task, attempts[task]];
  }
}

/** Yields the failure counts of tasks that may still get another attempt; the failures of other tasks no longer matter. */
export function* openFailures({ failures, status, graph }: RunState): IterableIterator<[number, number]> {
  for (let task = 0; task < graph.size; task++) {
    if (failures[task] > 0 && (status[task] === PENDING || status[task] === RUNNING)) yield [task, failures[task]];
  }
}

/** Sets the attempts and failures of all tasks from texts of `writeSparse`. @internal */
export function readAttempts(state: RunState, attempts: string, failures: string): void {
  for (let task = 0; task < state.graph.size; task++) state.attempts[task] = usualAttempts(state, task);
  for (const [task, count] of readSparse(attempts)) state.attempts[task] = count;
  for (const [task, count] of readSparse(failures)) state.failures[task] = count;
}

/**
 * Writes when tasks started and ended, in milliseconds and base 36, with `;` between symbols and custom tasks.
 *
 * - Usually each task has its own span: `start` (since the run's start) or `start.duration`, with `,` between the tasks of a symbol.
 * - In a run that is reported by symbol, a symbol without a running task has one span for all its tasks that succeeded. If the next
 *   task was tried, its span follows after a `/`; its start counts from the end of the first span.
 *
 * @param ended whether the times of tasks that have ended are written too
 */
export function writeTimes(state: RunState, ended = true): string {
  const { graph, started, ended: ends, status, detail } = state;
  const base = state.startedAt ?? 0;
  const span = (from: number, to: number, since: number): string => {
    if (Number.isNaN(from)) return '';
    const start = Math.round(from - since).toString(36);
    return Number.isNaN(to) ? start : `${start}.${Math.round(to - from).toString(36)}`;
  };
  const written: string[] = [];
  for (const group of taskGroups(graph)) {
    if (!ended && group.every((task) => status[task] > RUNNING)) {
      written.push('');
      continue;
    }
    const short = group.length > 1 && detail === 'symbol' && group.every((task) => status[task] !== RUNNING);
    if (!short) {
      const spans = group.map((task) => span(started[task], ends[task], base));
      written.push(spans.every((text) => text === '') ? '' : spans.join(','));
      continue;
    }
    const { done, tried } = splitAtFirstUnfinished(state, group);
    const from = done.map((task) => started[task]).find((at) => !Number.isNaN(at)) ?? Number.NaN;
    const to = done.map((task) => ends[task]).findLast((at) => !Number.isNaN(at)) ?? Number.NaN;
    const whole = span(from, to, base);
    const last = tried === undefined ? '' : span(started[tried], ends[tried], Number.isNaN(to) ? base : to);
    written.push(last === '' ? whole : `${whole}/${last}`);
  }
  return written.join(';');
}

/** Returns a symbol's succeeded tasks (`done`) and the first task after them (`tried`), if there is one. */
function splitAtFirstUnfinished({ status }: RunState, group: readonly number[]): { done: readonly number[]; tried: number | undefined } {
  const first = group.findIndex((task) => status[task] !== SUCCESS);
  return first < 0 ? { done: group, tried: undefined } : { done: group.slice(0, first), tried: group[first] };
}

/** Reads what `writeTimes` wrote; call it after the statuses are read. @internal */
export function readTimes(state: RunState, written: string): void {
  const base = state.startedAt ?? 0;
  const parts = written.split(';');
  let part = 0;
  const read = (text: string, since: number, first: number, last: number): number => {
    if (text === '') return Number.NaN;
    const [start, duration] = text.split('.');
    const from = since + Number.parseInt(start, 36);
    state.started[first] = from;
    if (duration === undefined) return Number.NaN;
    const to = from + Number.parseInt(duration, 36);
    state.ended[last] = to;
    // The last task's start is not known. Its end replaces it, because writeTimes leaves out tasks without a start.
    if (last !== first) state.started[last] = to;
    return to;
  };
  for (const group of taskGroups(state.graph)) {
    const text = parts[part++];
    if (group.length === 1 || text.includes(',')) {
      for (const [i, each] of text.split(',').entries()) read(each, base, group[i], group[i]);
      continue;
    }
    const { done, tried } = splitAtFirstUnfinished(state, group);
    const [whole, last = ''] = text.split('/');
    const to = done.length === 0 ? Number.NaN : read(whole, base, done[0], done[done.length - 1]);
    if (tried !== undefined) read(last, Number.isNaN(to) ? base : to, tried, tried);
  }
}
