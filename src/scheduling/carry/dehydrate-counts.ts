import { PENDING, REUSED, RUNNING, type RunState, STARTED } from '../run/run-state.ts';

/**
 * Numbers of few tasks, as `gap.number` in base 36, joined by a comma: the gap is how many tasks come between this one and the
 * one before it. A number that is the same as the one before it is left out.
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

/** Each task that has a count, with it. */
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

/** Most tasks that began were tried once. */
const usualAttempts = ({ flags }: RunState, task: number): number => ((flags[task] & (STARTED | REUSED)) === STARTED ? 1 : 0);

/** Attempts where they are not the usual ones. @param ended also of tasks that will not run again by themselves */
export function* unusualAttempts(state: RunState, ended: boolean): IterableIterator<[number, number]> {
  const { attempts, graph, status } = state;
  for (let task = 0; task < graph.size; task++) {
    if (attempts[task] !== usualAttempts(state, task) && (ended || status[task] <= RUNNING)) yield [task, attempts[task]];
  }
}

/** Failures count only as long as there may be another attempt. */
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
