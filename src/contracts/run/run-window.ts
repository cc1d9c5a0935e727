import { DAY_MS } from '../words.ts';

/** A stretch of time, both ends included unless said otherwise; UTC epoch milliseconds. */
export interface RunWindow {
  readonly from: number;
  readonly to: number;
}

/** What a run looks at: `asOf − daysBack ≤ time ≤ asOf`. */
export const windowOf = ({ asOf, daysBack }: { readonly asOf: number; readonly daysBack: number }): RunWindow => ({
  from: asOf - daysBack * DAY_MS,
  to: asOf,
});

/** A run whose instant lies no further back than this looks at the present: what it sees minutes later is what it knows. */
export const PRESENT_MS = 3_600_000;
