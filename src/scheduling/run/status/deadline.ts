import { targetsOf } from '../../graph/graph.ts';
import { chainFrom } from '../../orders/remaining-chain.ts';
import { FAILED, PENDING, RUNNING, type RunState } from '../run-state.ts';

/** When a run is expected to end, based on the usual durations of its tasks. */
export interface ExpectedEnd {
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** The unfinished tasks of the longest chain, first to last. */
  readonly chain: readonly string[];
}

/**
 * The earliest end of the run: the later of the end of its longest remaining chain and the remaining work divided by the slots. A task
 * that has run longer than usual is assumed to end now; scheduled waits for retries count, future failures do not.
 */
export function expectedEnd(state: RunState, now: number): ExpectedEnd {
  const { graph, status, started, retryAt, remaining, maxConcurrent } = state;
  let latest = now;
  let first = -1;
  let work = 0;
  for (let task = 0; task < graph.size; task++) {
    if (status[task] !== PENDING && status[task] !== RUNNING) continue;
    let behind = 0;
    for (const next of targetsOf(graph.dependants, task)) behind = Math.max(behind, remaining[next]);
    const usual = (remaining[task] - behind) * 1000;
    const begun = status[task] === RUNNING && !Number.isNaN(started[task]);
    const left = begun ? Math.max(0, usual - (now - started[task])) : usual;
    work += left;
    const end = Math.max(now, retryAt.get(task) ?? now) + left + behind * 1000;
    if (first < 0 || end > latest) [latest, first] = [Math.max(latest, end), task];
  }
  const chain = chainFrom(graph, remaining, first, (task) => status[task] < FAILED);
  return { at: Math.round(Math.max(latest, now + work / maxConcurrent)), chain };
}

/** A time such as `12:15:00Z`, preceded by its day when that differs from the day of `beside`. */
const timeText = (at: number, beside: number): string => {
  const text = new Date(at).toISOString();
  const sameDay = text.slice(0, 10) === new Date(beside).toISOString().slice(0, 10);
  return `${sameDay ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)}Z`;
};

const CHAIN_NAMED = 3;

/** A sentence when an open run is expected to miss its deadline or has missed it; undefined otherwise. */
export function deadlineWarning(state: RunState, now: number): string | undefined {
  const { deadline, finishedAt, closing } = state;
  if (deadline === null || finishedAt !== null || closing !== null) return undefined;
  const { at, chain } = expectedEnd(state, now);
  if (at <= deadline) return undefined;
  const along = chain.length === 0 ? '' : `, along ${chain.slice(0, CHAIN_NAMED).join(' → ')}${chain.length > CHAIN_NAMED ? ' → …' : ''}`;
  const paused = state.paused ? '; the run is paused' : '';
  return now > deadline
    ? `the deadline ${timeText(deadline, now)} has passed; the run is expected to end at ${timeText(at, now)}${along}${paused}`
    : `the run is expected to end at ${timeText(at, now)}, after its deadline ${timeText(deadline, now)}${along}${paused}`;
}

/** The reason why an ended run is degraded when it missed its deadline; undefined when it had none or met it. */
export function missedDeadline({ deadline, finishedAt }: RunState): string | undefined {
  if (deadline === null || finishedAt === null || finishedAt <= deadline) return undefined;
  const late = Math.ceil((finishedAt - deadline) / 1000);
  const by = late < 120 ? `${late} s` : `${Math.round(late / 60)} min`;
  return `the deadline ${timeText(deadline, finishedAt)} was missed by ${by}: the run ended at ${timeText(finishedAt, deadline)}`;
}
