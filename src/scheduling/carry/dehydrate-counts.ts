import { PENDING, REUSED, RUNNING, type RunState, STARTED } from '../run/run-state.ts';

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

/** The number of attempts that is not written down: 1 for a task that started in this run, 0 for every other. */
const usualAttempts = ({ flags }: RunState, task: number): number => ((flags[task] & (STARTED | REUSED)) === STARTED ? 1 : 0);

/** Yields the attempt counts that differ from the usual ones. @param ended also yields tasks that will not run again by themselves */
export function* unusualAttempts(state: RunState, ended: boolean): IterableIterator<[number, number]> {
  const { attempts, graph, status } = state;
  for (let task = 0; task < graph.size; task++) {
    if (attempts[task] !== usualAttempts(state, task) && (ended || status[task] <= RUNNING)) yield [task, attempts[task]];
  }
}

/** Yields the failure counts of tasks that may still get another attempt; of the other tasks they no longer matter. */
export function* openFailures({ failures, status, graph }: RunState): IterableIterator<[number, number]> {
  for (let task = 0; task < graph.size; task++) {
    if (failures[task] > 0 && (status[task] === PENDING || status[task] === RUNNING)) yield [task, failures[task]];
  }
}

/** @internal */
export function readAttempts(state: RunState, attempts: string, failures: string): void {
  for (let task = 0; task < state.graph.size; task++) state.attempts[task] = usualAttempts(state, task);
  for (const [task, count] of readSparse(attempts)) state.attempts[task] = count;
  for (const [task, count] of readSparse(failures)) state.failures[task] = count;
}
