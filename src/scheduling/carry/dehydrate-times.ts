import { RUNNING, type RunState, SUCCESS } from '../run/run-state.ts';
import { taskGroups } from './dehydrate-patterns.ts';

/**
 * When tasks started and ended, in milliseconds and base 36; `;` between symbols and custom tasks.
 *
 * - Every task by itself: `start` (since the run's start) or `start.duration`, `,` between the tasks of a symbol.
 * - In a run that is reported by symbol, of a symbol none of whose tasks runs: what succeeded as one span, and, after a `/`, the
 *   task behind that if it was tried, its start counted from the end of that span.
 *
 * @param ended without it, only what may still run
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
    const { done, tried } = parted(state, group);
    const from = done.map((task) => started[task]).find((at) => !Number.isNaN(at)) ?? Number.NaN;
    const to = done.map((task) => ends[task]).findLast((at) => !Number.isNaN(at)) ?? Number.NaN;
    const whole = span(from, to, base);
    const last = tried === undefined ? '' : span(started[tried], ends[tried], Number.isNaN(to) ? base : to);
    written.push(last === '' ? whole : `${whole}/${last}`);
  }
  return written.join(';');
}

/** A symbol's tasks that succeeded, and the one behind them. */
function parted({ status }: RunState, group: readonly number[]): { done: readonly number[]; tried: number | undefined } {
  const first = group.findIndex((task) => status[task] !== SUCCESS);
  return first < 0 ? { done: group, tried: undefined } : { done: group.slice(0, first), tried: group[first] };
}

/** The statuses must be read before. @internal */
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
    // Times without a start are not written again.
    if (last !== first) state.started[last] = to;
    return to;
  };
  for (const group of taskGroups(state.graph)) {
    const text = parts[part++];
    if (group.length === 1 || text.includes(',')) {
      for (const [i, each] of text.split(',').entries()) read(each, base, group[i], group[i]);
      continue;
    }
    const { done, tried } = parted(state, group);
    const [whole, last = ''] = text.split('/');
    const to = done.length === 0 ? Number.NaN : read(whole, base, done[0], done[done.length - 1]);
    if (tried !== undefined) read(last, Number.isNaN(to) ? base : to, tried, tried);
  }
}
