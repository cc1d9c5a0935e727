import { taskGroups } from './dehydrate-patterns.ts';
import { CANCELLED, type RunState, SUCCESS } from './run-state.ts';

/**
 * When tasks started and ended, as milliseconds since the run's start in base 36: `start` or `start.duration` per task,
 * `,` between the tasks of a symbol, `;` between symbols. In a run that is reported by symbol, a symbol that will not
 * run again is written as one span, from its first start to its last end.
 *
 * @internal
 */
export function writeTimes(state: RunState): string {
  const { graph, started, ended, status, detail } = state;
  const base = state.startedAt ?? 0;
  const span = (from: number, to: number): string => {
    if (Number.isNaN(from)) return '';
    const start = Math.round(from - base).toString(36);
    return Number.isNaN(to) ? start : `${start}.${Math.round(to - from).toString(36)}`;
  };
  const written: string[] = [];
  for (const group of taskGroups(graph)) {
    const short = detail === 'symbol' && !group.some((task) => status[task] !== SUCCESS && status[task] !== CANCELLED);
    if (!short || group.length < 2) {
      const spans = group.map((task) => span(started[task], ended[task]));
      written.push(spans.every((text) => text === '') ? '' : spans.join(','));
      continue;
    }
    const from = group.map((task) => started[task]).find((at) => !Number.isNaN(at)) ?? Number.NaN;
    const to = group.map((task) => ended[task]).findLast((at) => !Number.isNaN(at)) ?? Number.NaN;
    written.push(span(from, to));
  }
  return written.join(';');
}

/** @internal */
export function readTimes(state: RunState, written: string): void {
  const base = state.startedAt ?? 0;
  const parts = written.split(';');
  let part = 0;
  for (const group of taskGroups(state.graph)) {
    const spans = parts[part++].split(',');
    for (const [i, text] of spans.entries()) {
      if (text === '') continue;
      const [start, duration] = text.split('.');
      const from = base + Number.parseInt(start, 36);
      state.started[group[i]] = from;
      if (duration === undefined) continue;
      // A lone span of several tasks begins with the first and ends with the last.
      const last = spans.length === 1 ? group[group.length - 1] : group[i];
      state.ended[last] = from + Number.parseInt(duration, 36);
    }
  }
}
