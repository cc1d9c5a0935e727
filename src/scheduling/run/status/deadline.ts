import { FAILED, PENDING, RUNNING, type RunState } from '../run-state.ts';

/** When a run is expected to end, by what its tasks usually take. */
export interface ExpectedEnd {
  /** UTC epoch milliseconds. */
  readonly at: number;
  /** The unfinished tasks of the chain that takes longest, first to last. */
  readonly chain: readonly string[];
}

/**
 * When the run will end at the earliest: by the longest chain of what is left, and by all that is left shared among the slots. A task
 * that runs for longer than usual is taken to end now; waits for retries that are set are counted, failures to come are not.
 */
export function expectedEnd(state: RunState, now: number): ExpectedEnd {
  const { graph, status, started, retryAt, remaining, maxConcurrent } = state;
  const { offsets, targets } = graph.dependants;
  let latest = now;
  let first = -1;
  let work = 0;
  for (let task = 0; task < graph.size; task++) {
    if (status[task] !== PENDING && status[task] !== RUNNING) continue;
    let behind = 0;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) behind = Math.max(behind, remaining[targets[edge]]);
    const usual = (remaining[task] - behind) * 1000;
    const begun = status[task] === RUNNING && !Number.isNaN(started[task]);
    const left = begun ? Math.max(0, usual - (now - started[task])) : usual;
    work += left;
    const end = Math.max(now, retryAt.get(task) ?? now) + left + behind * 1000;
    if (first < 0 || end > latest) [latest, first] = [Math.max(latest, end), task];
  }
  return { at: Math.round(Math.max(latest, now + work / maxConcurrent)), chain: first < 0 ? [] : chainFrom(state, first) };
}

function chainFrom({ graph, remaining, status }: RunState, first: number): string[] {
  const { offsets, targets } = graph.dependants;
  const chain: string[] = [];
  for (let task = first; task >= 0; ) {
    chain.push(graph.ids[task]);
    let next = -1;
    for (let edge = offsets[task]; edge < offsets[task + 1]; edge++) {
      const other = targets[edge];
      if (status[other] < FAILED && (next < 0 || remaining[other] > remaining[next])) next = other;
    }
    task = next;
  }
  return chain;
}

/** `12:15Z`, with the day and seconds where they matter. */
const timeText = (at: number, beside: number): string => {
  const text = new Date(at).toISOString();
  const sameDay = text.slice(0, 10) === new Date(beside).toISOString().slice(0, 10);
  return `${sameDay ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)}Z`;
};

/** So many tasks of a chain are named. */
const CHAIN_NAMED = 3;

/** One sentence when the run is expected to miss its deadline, or has missed it while it is open; undefined otherwise. */
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

/** Why an ended run is degraded for its deadline; undefined when it had none, or kept it. */
export function missedDeadline({ deadline, finishedAt }: RunState): string | undefined {
  if (deadline === null || finishedAt === null || finishedAt <= deadline) return undefined;
  const late = Math.ceil((finishedAt - deadline) / 1000);
  const by = late < 120 ? `${late} s` : `${Math.round(late / 60)} min`;
  return `the deadline ${timeText(deadline, finishedAt)} was missed by ${by}: the run ended at ${timeText(finishedAt, deadline)}`;
}
