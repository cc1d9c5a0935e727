import { DAY_MS } from '../../contracts/words.ts';
import { formatClock, formatDay } from '../elements/format.ts';

/** A labelled position on an axis; `at` is in [0, 1] from the left or the bottom. */
export interface AxisTick {
  readonly at: number;
  readonly label: string;
  /** UTC epoch milliseconds on a time axis, so that a page can show it in the reader's time zone. */
  readonly time?: number;
}

/** Creates a function that maps `[low, high]` to `[0, 1]`; if the range is empty, every value maps to 0.5. */
export const linear =
  (low: number, high: number) =>
  (value: number): number =>
    high > low ? (value - low) / (high - low) : 0.5;

/** A price range with a margin, so that the highest wick does not touch the frame. */
export const padded = (low: number, high: number, share = 0.06): readonly [number, number] => {
  const air = high > low ? (high - low) * share : Math.abs(high) * 0.05 || 1;
  return [low - air, high + air];
};

/** The smallest number of the form 1, 2 or 5 × 10ⁿ that is at least `rough`. */
const roundStep = (rough: number): number => {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough * 0.999_999) ?? 10) * power;
};

/** About `count` round values over `[low, high]`, written with as many decimals as their step needs. */
export const valueTicks = (low: number, high: number, count: number, write?: (value: number) => string): readonly AxisTick[] => {
  if (!(high > low)) return [{ at: 0.5, label: (write ?? String)(low) }];
  const step = roundStep((high - low) / Math.max(1, count));
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const scale = linear(low, high);
  const ticks: AxisTick[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) {
    ticks.push({ at: scale(n * step), label: write === undefined ? (n * step).toFixed(decimals) : write(n * step) });
  }
  return ticks;
};

const MINUTE = 60_000;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720]
  .map((m) => m * MINUTE)
  .concat([1, 2, 5, 10, 20, 30, 60, 90, 180, 365].map((d) => d * DAY_MS));

/** About `count` round UTC times over `[from, to]`: `08:00` inside a day, `11-24` at midnight, with the year where it changes. */
export const timeTicks = (from: number, to: number, count: number): readonly AxisTick[] => {
  if (!(to > from)) return [];
  const step = TIME_STEPS.find((candidate) => (to - from) / candidate <= count) ?? Math.ceil((to - from) / count / DAY_MS) * DAY_MS;
  const scale = linear(from, to);
  const ticks: AxisTick[] = [];
  let year = '';
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    const day = formatDay(time);
    const label = time % DAY_MS !== 0 ? formatClock(time) : day.slice(0, 4) === year ? day.slice(5) : day;
    if (time % DAY_MS === 0) year = day.slice(0, 4);
    ticks.push({ at: scale(time), label, time });
  }
  return ticks;
};
