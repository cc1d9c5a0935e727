import { badInput } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BacktestData } from '../engine/backtest-data.ts';

/** Lengths of the two parts of a window: whole days, in milliseconds. */
export interface WalkForwardParts {
  readonly trainMs: number;
  readonly testMs: number;
}

/** Start and end times of the parts of a window, ends exclusive; UTC epoch milliseconds. */
export interface WindowTimes {
  readonly trainFrom: number;
  readonly trainTo: number;
  readonly testFrom: number;
  readonly testTo: number;
}

/** A window that was left out, with the reason; no figure includes its test days. */
export interface SkippedWindow extends WindowTimes {
  readonly because: string;
}

/** A window with the indexes of the bars of its parts, ends exclusive. */
export interface Span extends WindowTimes {
  readonly train: readonly [number, number];
  readonly test: readonly [number, number];
}

/**
 * Splits a series into windows of whole UTC days, so that no day is in two parts; returns a reason if it is too short for any.
 * @throws PredictLabError BadInput when a part is not a whole number of days
 */
export function windowsOf(
  { candles, barMs }: Pick<BacktestData, 'candles' | 'barMs'>,
  { trainMs, testMs }: WalkForwardParts,
): { readonly spans: readonly Span[]; readonly skipped: readonly SkippedWindow[] } | { readonly because: string } {
  if (trainMs % DAY_MS !== 0 || testMs % DAY_MS !== 0)
    throw badInput('the parts of a walk-forward must be whole days, so that no day is in two of them; write --train 60d --test 14d');
  const { openTime, length } = candles;
  const first = Math.ceil(openTime[0] / DAY_MS) * DAY_MS;
  const end = openTime[length - 1] + barMs;
  const barAt = (time: number): number => {
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (openTime[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const spans: Span[] = [];
  const skipped: SkippedWindow[] = [];
  for (let trainFrom = first; trainFrom + trainMs + testMs <= end; trainFrom += testMs) {
    const testFrom = trainFrom + trainMs;
    const testTo = testFrom + testMs;
    const train: [number, number] = [barAt(trainFrom), barAt(testFrom)];
    const test: [number, number] = [train[1], barAt(testTo)];
    const times = { trainFrom, trainTo: testFrom, testFrom, testTo };
    // a stretch needs two bars: one to decide at and one to fill at
    const short = train[1] - train[0] < 2 ? 'training' : test[1] - test[0] < 2 ? 'test' : undefined;
    if (short === undefined) spans.push({ ...times, train, test });
    else skipped.push({ ...times, because: `fewer than two bars in the ${short} part` });
  }
  if (spans.length > 0) return { spans, skipped };
  const days = (ms: number): number => Math.round((ms / DAY_MS) * 100) / 100;
  return {
    because: `the candles span ${days(end - first)} days, one window needs ${days(trainMs + testMs)} (${days(trainMs)} to train, ${days(testMs)} to test) with at least two bars in each part; give more candles or shorter parts`,
  };
}
