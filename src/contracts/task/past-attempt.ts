/** A failed attempt of a task. Times are UTC epoch milliseconds. */
export interface PastAttempt {
  /** Counted from 1 over the whole run. */
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  /** When the next attempt was due; `null` where there was none. */
  readonly next: number | null;
  /** The error's type. */
  readonly error: string;
  /** The worker that was lost during the attempt, `null` where it is unknown; the attempt ran at least until `to`. @default the attempt failed by itself */
  readonly lostWith?: string | null;
}
