import { DAY_MS } from '../../contracts/words.ts';

/** Number of periods per year, and what it was derived from. */
export interface PeriodsPerYear {
  readonly value: number;
  /** The source of the value for display: `the step of 1 day between rows`. */
  readonly from: string;
}

const YEAR_DAYS = 365;

/**
 * Number of periods of a return series in a year of 365 days. Equal steps determine it (days 365, hours 8760, weeks 52.14); if steps
 * differ (exchange days, months), it is the number of rows over the time they span.
 *
 * @param time ends of the periods, UTC epoch milliseconds, rising
 */
export function periodsPerYearOf(time: Float64Array): PeriodsPerYear {
  if (time.length < 2) return { value: YEAR_DAYS, from: 'nothing: one row has no step, days are assumed' };
  const step = time[1] - time[0];
  const span = time[time.length - 1] - time[0];
  const equal = time.every((at, i) => i === 0 || at - time[i - 1] === step);
  if (equal) return { value: (YEAR_DAYS * DAY_MS) / step, from: `the step of ${duration(step)} between rows` };
  const value = ((time.length - 1) * YEAR_DAYS * DAY_MS) / span;
  return { value, from: `${time.length} rows in ${duration(span)}: the steps between them differ` };
}

function duration(ms: number): string {
  for (const [unit, length] of [
    ['day', DAY_MS],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const) {
    if (ms >= length) {
      const number = Math.round((ms / length) * 100) / 100;
      return `${number} ${unit}${number === 1 ? '' : 's'}`;
    }
  }
  return `${ms} ms`;
}
