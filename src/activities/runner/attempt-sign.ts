import type { PastAttempt } from '../../contracts/task/past-attempt.ts';

/** What an attempt says of itself with its heartbeats: should it be lost, the next one can tell. */
export interface AttemptSign {
  readonly attempt: number;
  /** `<pid>@<host>` */
  readonly worker: string;
  /** When it began and when it said so; UTC epoch milliseconds. */
  readonly from: number;
  readonly seen: number;
  /** Attempts of this activity that were lost before it. */
  readonly lostBefore: number;
}

/**
 * The attempts that were lost right before this one and that none could note yet. Of one that died before its first heartbeat, within two
 * seconds, nothing is known but that it was missed.
 *
 * @param now.attempt the one that runs now
 * @param now.lost attempts of its activity that were lost in all
 * @param now.missedAt when Temporal had given up the one before; UTC epoch milliseconds
 * @param sign the last one that any of them gave
 */
export function lostSince(
  { attempt, lost, missedAt }: { readonly attempt: number; readonly lost: number; readonly missedAt: number },
  sign: AttemptSign | undefined,
): readonly PastAttempt[] {
  // no more than there were attempts: a sign of before may be of another count
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
