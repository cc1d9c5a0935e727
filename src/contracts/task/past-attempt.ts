/** When an attempt of a task ran that failed. Times are UTC epoch milliseconds. */
export interface PastAttempt {
  /** Counted from 1 over the whole run. */
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  /** When the next one was to follow; `null` where none was. */
  readonly next: number | null;
  /** The error's type. */
  readonly error: string;
  /** The worker that it was lost with, `null` where nobody knows which: it ran to `to` or longer. @default it failed by itself */
  readonly lostWith?: string | null;
}
