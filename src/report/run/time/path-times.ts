import type { PipelineStatus } from '../../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../../contracts/run/run-config.ts';
import type { PastAttempt } from '../../../contracts/task/stage-report.ts';
import { formatDuration } from '../../elements/format.ts';
import { dependencyMap, type TaskSpan, taskSpans } from '../run-facts.ts';

/** A part of a task's time span: an attempt, or the wait between two attempts. */
export interface AttemptPiece {
  readonly kind: 'failed' | 'last' | 'between';
  readonly from: number;
  readonly to: number;
  readonly about: string;
}

/** The end of a failed attempt, as text. */
export const attemptEnd = ({ attempt, to, next, error, lostWith }: PastAttempt): string => {
  if (lostWith === undefined) return `attempt ${attempt} failed, ${error}`;
  if (lostWith === null) return `attempt ${attempt} was lost with its worker before the first heartbeat`;
  const missed = next === null ? '' : `, missed ${formatDuration((next - to) / 1000)} after its last heartbeat`;
  return `attempt ${attempt} was lost with worker ${lostWith}${missed}`;
};

/**
 * Splits a task's time span into attempts and the times between them; empty if no failed attempt of the task is known. The time before the
 * oldest known attempt is one piece.
 */
export function attemptPieces({ taskId, from, to, task }: TaskSpan, failed: readonly PastAttempt[]): readonly AttemptPiece[] {
  const known = failed.filter((attempt) => attempt.to >= from && attempt.from <= to);
  if (known.length === 0) return [];
  const pieces: AttemptPiece[] = [];
  let end = from;
  const between = (until: number, about: string): void => {
    if (until > end) pieces.push({ kind: 'between', from: end, to: until, about: `${taskId}: ${about}` });
  };
  for (const one of known) {
    const { attempt, from: begin, to: over } = one;
    const before =
      pieces.length > 0
        ? `waiting for attempt ${attempt}`
        : attempt > 1
          ? `attempts 1 to ${attempt - 1}`
          : one.lostWith === null
            ? 'waiting, or attempt 1'
            : 'waiting for a worker';
    between(begin, before);
    pieces.push({ kind: 'failed', from: Math.max(begin, end), to: over, about: `${taskId}: ${attemptEnd(one)}` });
    end = Math.max(end, over);
  }
  const { attempt, next } = known[known.length - 1];
  const last = task.attempts ?? 1;
  if (task.status === 'failed' && last <= attempt) return pieces;
  if (task.status === 'pending') {
    between(to, 'waiting for its next attempt');
    return pieces;
  }
  between(Math.min(next ?? end, to), `waiting for attempt ${attempt + 1}`);
  end = Math.max(end, Math.min(next ?? end, to));
  if (to > end) pieces.push({ kind: 'last', from: end, to, about: `${taskId}: attempt ${Math.max(last, attempt + 1)}, ${task.status}` });
  return pieces;
}

/** How the time from a run's start to the end of its critical path was spent; seconds. */
export interface PathTimes {
  readonly work: number;
  /** Time between failed attempts and the next ones. */
  readonly between: number;
  /** Time in which tasks waited for slots, gates and workers before they started. */
  readonly waiting: number;
  /** Whether `work` includes waits, because the attempts or stages of some tasks are not known. */
  readonly isMixed: boolean;
}

/**
 * Splits the time of a critical path into work and waits.
 * @param path the tasks of the path in order, each started after the end of the one before
 * @param known.start the run's start, UTC epoch milliseconds
 * @param known.attempts failed attempts, by task id
 * @param known.wholes symbols whose stages, and the waits between them, are not known
 */
export const pathTimes = (
  path: readonly string[],
  known: {
    readonly spans: readonly TaskSpan[];
    readonly start: number;
    readonly attempts: Readonly<Record<string, readonly PastAttempt[]>>;
    readonly wholes: ReadonlySet<string>;
  },
): PathTimes => {
  const spanOf = new Map(known.spans.map((span) => [span.taskId, span]));
  let [work, between, waiting, end] = [0, 0, 0, known.start];
  let isMixed = false;
  for (const span of path.flatMap((id) => spanOf.get(id) ?? [])) {
    waiting += Math.max(0, span.from - end);
    end = Math.max(end, span.to);
    const pieces = attemptPieces(span, known.attempts[span.taskId] ?? []);
    const pause = pieces.reduce((sum, { kind, from, to }) => (kind === 'between' ? sum + to - from : sum), 0);
    between += pause;
    work += span.to - span.from - pause;
    isMixed ||= known.wholes.has(span.taskId) || ((span.task.attempts ?? 1) > 1 && pieces.length === 0);
  }
  return { work: work / 1000, between: between / 1000, waiting: waiting / 1000, isMixed };
};

/**
 * The share of a run's time, in [0, 1], in which all slots were taken while a ready task waited: time that more slots could have saved.
 * Slightly too large where symbols wait for custom tasks, because waiting symbols hold no slot.
 */
export const shareBoundBySlots = (status: PipelineStatus, config: RunConfig | null): number => {
  const spans = taskSpans(status);
  const slots = status.maxConcurrent;
  if (spans.length <= slots || !slots) return 0;
  const ends = new Map(spans.map((span) => [span.taskId, span.to]));
  const dependencies = dependencyMap(status, config);
  const begin = Date.parse(status.startedAt);
  const changes: { at: number; running: number; waiting: number }[] = [];
  for (const { taskId, from, to } of spans) {
    changes.push({ at: from, running: 1, waiting: 0 }, { at: to, running: -1, waiting: 0 });
    const ready = Math.max(begin, ...(dependencies.get(taskId) ?? []).map((before) => ends.get(before) ?? begin));
    if (ready < from) changes.push({ at: ready, running: 0, waiting: 1 }, { at: from, running: 0, waiting: -1 });
  }
  changes.sort((a, b) => a.at - b.at || a.running - b.running);
  let [running, waiting, last, bound] = [0, 0, begin, 0];
  for (const change of changes) {
    if (running >= slots && waiting > 0) bound += change.at - last;
    last = change.at;
    running += change.running;
    waiting += change.waiting;
  }
  const whole = Math.max(status.durationSeconds * 1000, last - begin);
  return whole <= 0 ? 0 : Math.min(1, bound / whole);
};
