import type { TimeRange } from '../../contracts/market-data.ts';

const HOUR = 3_600_000;

/** Shortest quiet that can be unusual, in milliseconds. */
export const MIN_UNUSUAL_QUIET_MS = 6 * HOUR;
/** Hours before the last tick whose pauses define what is usual. Older pauses do not count, since the activity of markets changes. */
export const USUAL_HOURS = 30 * 24;
/** Smallest number of pauses from which the usual pause can be estimated. */
const ENOUGH_PAUSES = 10;
const QUANTILE = 0.99;
const MULTIPLE = 2;

export interface UnusualQuiet {
  /** Start of the collected time without a tick; UTC epoch milliseconds, accurate to the hour. */
  readonly since: number;
  /** Length of the quiet in milliseconds. */
  readonly length: number;
  /** The 99th percentile of the instrument's pauses in milliseconds. */
  readonly usual: number;
}

export interface QuietRequest {
  /** Hours that have ticks, as hours since the epoch, ascending. */
  readonly hours: ArrayLike<number>;
  /** Collected ranges: merged, half-open, oldest first. */
  readonly covered: readonly TimeRange[];
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/**
 * Detects that an open instrument, collected up to `asOf`, has had no tick for an unusually long time by its own history.
 *
 * A pause is the distance between two consecutive hours with ticks, with all time between them collected. The usual pause is the 99th
 * percentile (nearest rank) of the pauses of the 30 days before the last tick. The quiet since the last tick, or since the end of a later
 * gap, is unusual when it exceeds twice the usual pause and six hours.
 *
 * @returns null when usual, when not collected up to an hour before `asOf`, or when fewer than ten pauses are known
 */
export function unusualQuiet({ hours, covered, asOf }: QuietRequest): UnusualQuiet | null {
  const known = Array.from(hours).filter((hour) => hour * HOUR <= asOf);
  const last = known.at(-1);
  const now = covered.findLast(({ from }) => from < asOf);
  if (last === undefined || now === undefined || now.to < asOf - HOUR) return null;
  const since = Math.max((last + 1) * HOUR, now.from);
  const length = Math.min(now.to, asOf) - since;
  if (length <= MIN_UNUSUAL_QUIET_MS) return null;
  const pauses = pausesOf(
    known.filter((hour) => hour >= last - USUAL_HOURS),
    covered,
  ).sort((a, b) => a - b);
  if (pauses.length < ENOUGH_PAUSES) return null;
  const usual = pauses[Math.ceil(QUANTILE * pauses.length) - 1] * HOUR;
  return length > MULTIPLE * usual ? { since, length, usual } : null;
}

/** Distances in hours between consecutive hours with ticks. A distance counts only if all the time in it was collected. */
function pausesOf(hours: readonly number[], covered: readonly TimeRange[]): number[] {
  const pauses: number[] = [];
  let r = 0;
  for (let k = 1; k < hours.length; k++) {
    const from = (hours[k - 1] + 1) * HOUR;
    const to = hours[k] * HOUR;
    while (r < covered.length && covered[r].to < to) r++;
    const whole = from >= to || (r < covered.length && covered[r].from <= from);
    if (whole) pauses.push(hours[k] - hours[k - 1]);
  }
  return pauses;
}
