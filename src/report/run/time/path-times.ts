import type { PastAttempt } from '../../../contracts/task/past-attempt.ts';
import type { TaskSpan } from '../run-facts.ts';
import { attemptPieces } from './attempt-pieces.ts';

/** How the time from a run's start to the end of its critical path was spent; seconds. */
export interface PathTimes {
  readonly work: number;
  /** Between a failed attempt and the next one. */
  readonly between: number;
  /** Waiting for slots, gates and workers before a task started. */
  readonly waiting: number;
  /** Whether `work` includes waits of tasks whose attempts are not known. */
  readonly isMixed: boolean;
}

/**
 * Splits the time of a critical path into work and waits.
 *
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
