import type { TimeRange } from '../../contracts/market-data.ts';

const HOUR = 3_600_000;

/** Shorter than this is never called unusual, milliseconds. */
export const SHORTEST_UNUSUAL_QUIET = 6 * HOUR;
/** Hours before the last tick whose pauses say what is usual now: markets slow down and wake up. */
export const USUAL_HOURS = 30 * 24;
/** Least number of pauses from which the usual one can be estimated. */
const ENOUGH_PAUSES = 10;
const QUANTILE = 0.99;
const MULTIPLE = 2;

/** A quiet that is long for this instrument. */
export interface UnusualQuiet {
  /** Since when there has been no tick although the instrument was collected; UTC epoch milliseconds, to the hour at least. */
  readonly since: number;
  /** How long that is, milliseconds. */
  readonly length: number;
  /** The pause that 99 of 100 of its pauses do not exceed, milliseconds. */
  readonly usual: number;
}

export interface QuietRequest {
  /** The hours that have ticks, hours since the epoch, ascending. */
  readonly hours: ArrayLike<number>;
  /** What was collected: merged, half-open, oldest first. */
  readonly covered: readonly TimeRange[];
  /** UTC epoch milliseconds. */
  readonly asOf: number;
}

/**
 * Whether an open instrument, collected up to `asOf`, has had no tick for unusually long, by its own history.
 *
 * A pause is the distance between one hour with ticks and the next, all of it collected (what was not collected is a gap, which
 * says nothing about trading). Usual is the 99th percentile (nearest rank) of the pauses of the 30 days before the last tick.
 * The quiet since the last tick, or since the last gap where that ended later, is unusual when it is longer than twice the usual
 * pause and than six hours.
 *
 * @returns null when it is not, when it was not collected up to an hour before `asOf`, or when fewer than ten pauses are known
 */
export function unusualQuiet({ hours, covered, asOf }: QuietRequest): UnusualQuiet | null {
  const known = Array.from(hours).filter((hour) => hour * HOUR <= asOf);
  const last = known.at(-1);
  const now = covered.findLast(({ from }) => from < asOf);
  if (last === undefined || now === undefined || now.to < asOf - HOUR) return null;
  const since = Math.max((last + 1) * HOUR, now.from);
  const length = Math.min(now.to, asOf) - since;
  if (length <= SHORTEST_UNUSUAL_QUIET) return null;
  const pauses = pausesOf(
    known.filter((hour) => hour >= last - USUAL_HOURS),
    covered,
  ).sort((a, b) => a - b);
  if (pauses.length < ENOUGH_PAUSES) return null;
  const usual = pauses[Math.ceil(QUANTILE * pauses.length) - 1] * HOUR;
  return length > MULTIPLE * usual ? { since, length, usual } : null;
}

/** Hours from each hour with ticks to the next one, where all between them was collected. */
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
