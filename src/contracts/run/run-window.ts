import { DAY_MS } from '../words.ts';

/** A period of time, both ends included unless stated otherwise; UTC epoch milliseconds. */
export interface RunWindow {
  readonly from: number;
  readonly to: number;
}

/** The window of a run: `asOf − daysBack ≤ time ≤ asOf`. */
export const windowOf = ({ asOf, daysBack }: { readonly asOf: number; readonly daysBack: number }): RunWindow => ({
  from: asOf - daysBack * DAY_MS,
  to: asOf,
});

/** Default of `catchUp`: how far before its window a run also collects data that was missed while no run took place. */
export const DEFAULT_CATCH_UP_MS = 7 * DAY_MS;

/** Age of `asOf` up to which a run counts as live: a venue's present answer is taken to hold for `asOf` too. */
export const PRESENT_MS = 3_600_000;
