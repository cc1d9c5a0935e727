import { RUNNING, type RunState, SUCCESS } from '../run/run-state.ts';
import { taskGroups } from './dehydrate-patterns.ts';

/**
 * Writes when tasks started and ended, in milliseconds and base 36, with `;` between symbols and custom tasks.
 *
 * - Usually each task has its own span: `start` (since the run's start) or `start.duration`, with `,` between the tasks of a symbol.
 * - A symbol of a run that is reported by symbol, while none of its tasks is running, has one span for all tasks that succeeded and,
 *   after a `/`, one for the next task if it was tried, whose start counts from the end of the first span.
 *
 * @param ended also writes the times of tasks that have ended; without it only of tasks that may still run
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

/** Splits a symbol's tasks into those that succeeded and the first one after them. */
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
    // writeTimes omits a task without a start, so the last task of the span gets one too.
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
