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

/** Default of `catchUp`: time before its window for which a run collects data that was missed during a pause. */
export const DEFAULT_CATCH_UP_MS = 7 * DAY_MS;

/** A run whose `asOf` is at most this old counts as live: a source's present answer also holds for `asOf`. */
export const PRESENT_MS = 3_600_000;
