import type { PastAttempt } from '../../contracts/task/stage-report.ts';

/** What an attempt reports about itself with each heartbeat. If the attempt is lost, the next one records this. */
export interface AttemptSign {
  readonly attempt: number;
  /** `<pid>@<host>` */
  readonly worker: string;
  /** Start of the attempt and time of the heartbeat; UTC epoch milliseconds. */
  readonly from: number;
  readonly seen: number;
  /** Attempts of this activity that were lost before it. */
  readonly lostBefore: number;
}

/**
 * Number of workers that a task has lost, one after another. A lost attempt counts only if it had started, since a worker that stops may
 * lose an attempt that it has not started yet. Every attempt after a loss records its start before the task's code runs; the first attempt
 * records none, to stay cheap, and counts as started.
 *
 * @param of.lost lost attempts of the activity; `cutOff` of them were lost with the thread of their plugin, while the worker kept running
 * @param of.started recorded starts without an end
 * @param of.lostLocally the first attempt ran without an activity of its own on a worker that was lost; its start is recorded too
 */
export function lostWorkersOf(of: {
  readonly lost: number;
  readonly cutOff: number;
  readonly started: number;
  readonly lostLocally: boolean;
}): number {
  const { lost, cutOff, started, lostLocally } = of;
  return lostLocally ? Math.min(lost + 1 - cutOff, started) : Math.min(lost - cutOff, started + 1);
}

/**
 * The attempts that were lost right before this one and are not recorded yet. An attempt that died before its first heartbeat (within two
 * seconds) left no report; it shows only as a missing attempt number.
 * @param now.attempt number of the running attempt
 * @param now.lost number of all lost attempts of its activity
 * @param now.missedAt when Temporal gave up the previous attempt; UTC epoch milliseconds
 * @param sign the last heartbeat report of any lost attempt
 */
export function lostSince(
  { attempt, lost, missedAt }: { readonly attempt: number; readonly lost: number; readonly missedAt: number },
  sign: AttemptSign | undefined,
): readonly PastAttempt[] {
  // limited to the number of earlier attempts, because an earlier heartbeat may have counted lost attempts differently
  const count = Math.min(lost - (sign?.lostBefore ?? 0), attempt - 1);
  return Array.from({ length: Math.max(0, count) }, (_, i): PastAttempt => {
    const number = attempt - count + i;
    const known = sign?.attempt === number ? sign : undefined;
    return {
      attempt: number,
      from: known?.from ?? missedAt,
      to: known?.seen ?? missedAt,
      next: missedAt,
      error: 'WorkerLost',
      lostWith: known?.worker ?? null,
    };
  });
}

/** An attempt that was cut off with its shared thread. It is repeated without using up a retry, unless `onLostWorker` says otherwise. */
export class LostAttempt extends Error {
  override readonly name = 'LostAttempt';
}
