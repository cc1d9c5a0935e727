import { PredictLabError } from '../contracts/errors.ts';
import { DAY_MS } from '../contracts/words.ts';
import type { BacktestData } from './engine/backtest-data.ts';
import { barLength, type CandleSeries, candlesBetween } from './engine/candle-series.ts';
import { curveMetrics, PERIODS_PER_YEAR } from './engine/curve-metrics.ts';
import { HOLD, wordsOnly } from './engine/decision-log.ts';
import { type Decisions, decisionsOf } from './engine/decisions.ts';
import type { Market } from './engine/market.ts';
import type { BacktestOptions } from './engine/options.ts';
import { positionsOf } from './engine/positions.ts';
import type { Simulation } from './engine/trade.ts';
import { simulate } from './engine/trader.ts';
import type { BacktestMetrics } from './metrics/backtest-metrics.ts';
import { DAYS_PER_YEAR } from './metrics/cagr.ts';
import { dailyReturns } from './metrics/daily-returns.ts';
import { deflatedSharpe, trialsOf } from './metrics/deflated-sharpe.ts';
import { separate } from './metrics/measured.ts';
import { type Moments, momentsOf } from './metrics/moments.ts';
import { probabilityOfOverfitting } from './metrics/overfitting.ts';
import { type WeakMetrics, weakMetrics } from './metrics/sample.ts';
import { sharpeError } from './metrics/sharpe-error.ts';
import type { Trial } from './run-backtest.ts';
import type { Params } from './strategies/registry.ts';

/** What a stretch of time brought. */
export interface StretchMetrics
  extends Omit<
    BacktestMetrics,
    'trades' | 'exposure' | 'turnover' | 'fees' | 'finalEquity' | 'settlementPnl' | 'markPnl' | 'brier' | 'logLoss'
  > {
  readonly trades: number;
  /** Why a metric is null. */
  readonly undefined: Readonly<Record<string, string>>;
  /** Why a metric rests on too little. */
  readonly weak: WeakMetrics;
  readonly sample: { readonly dailyReturns: number; readonly trades: number; readonly days: number };
  readonly standardErrors: { readonly sharpe: number | null };
}

/** One window: what was picked on `[trainFrom, trainTo)` and what it brought on `[testFrom, testTo)`; UTC epoch milliseconds. */
export interface WalkForwardWindow {
  readonly trainFrom: number;
  readonly trainTo: number;
  readonly testFrom: number;
  readonly testTo: number;
  /** Of the trial with the best Sharpe ratio in the training part; the first one where none has any. */
  readonly strategy: string;
  readonly params: Params;
  readonly inSample: StretchMetrics;
  readonly outOfSample: StretchMetrics;
}

/** A window that was left out, and why: its test days are in no figure. */
export interface SkippedWindow extends Pick<WalkForwardWindow, 'trainFrom' | 'trainTo' | 'testFrom' | 'testTo'> {
  readonly because: string;
}

export interface WalkForwardResult {
  readonly windows: readonly WalkForwardWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** The test parts one after the other, each day's return on what the days before left; deflated by all trials. */
  readonly outOfSample: StretchMetrics;
  /** Probability of overfitting of the trials over the whole series, in [0, 1], or null and why. */
  readonly overfitting: number | null;
  readonly overfittingUndefined?: string;
}

/** A simulation of a stretch, as far as it is measured. */
interface Stretch {
  readonly returns: Float64Array;
  readonly moments: Moments;
  /** At each bar's close, and what it began with. */
  readonly equity: Float64Array;
  readonly cash: number;
  /** Of closed positions. */
  readonly pnls: readonly number[];
  /** Positions taken. */
  readonly trades: number;
}

/**
 * Walks through a series: picks the best trial on `trainMs` of it, trades that on the `testMs` that follow, moves on by `testMs`
 * and picks again. Decisions are made once over the whole series (they depend on the past alone, so that averages are warm when
 * a window begins); money starts anew in each part, what the rule then holds is bought at its second bar, and what it holds at the
 * end is closed at the last close, both at what that costs. A strategy with orders, or with an eye on its situation, is started anew in
 * each part, with the bars before it to look back on. A market's resolution is known only to a part that reaches the last bar,
 * or its close and result; nobody leaves after its close.
 *
 * @throws PredictLabError BadInput when the series is shorter than one window, or a part is no whole number of days
 */
export function walkForward(
  { candles, market, indicators, barMs }: BacktestData,
  trials: readonly Trial[],
  options: BacktestOptions,
  { trainMs, testMs }: { readonly trainMs: number; readonly testMs: number },
): WalkForwardResult {
  if (trainMs % DAY_MS !== 0 || testMs % DAY_MS !== 0)
    throw new PredictLabError(
      'BadInput',
      'the parts of a walk-forward are whole days, so that no day is in two of them; write --train 60d --test 14d',
    );
  const { spans, skipped } = windowsOf(candles, trainMs, testMs);
  const how = { market, options, barMs };
  const decided = trials.map((trial) => {
    const decisions = decisionsOf({ ...trial, ...how, candles, cache: indicators });
    const { returns, moments } = stretchOf(candles, decisions.trader?.finish() ?? simulate(candles, decisions, how), options);
    // a thousand equity curves need not be kept
    return { codes: hasAccount(decisions) ? undefined : decisions.codes, returns, moments };
  });
  const together = trialsOf(decided.map(({ moments }) => ratioOf(moments)));
  const part = (trial: number, [from, to]: readonly [number, number], days: DayRange): Stretch => {
    const ends = to >= candles.length;
    const over = days.to * DAY_MS;
    const known = { ...how, market: ends || paidBy(market, over) ? market : { ...market, resolution: { kind: 'open' } as const } };
    const bars = candlesBetween(candles, from, to);
    // money in a part that is not the last is out again at its end, unless the market has closed in it: then nobody can leave any more
    const leaves = ends || (market.closesAt !== null && market.closesAt <= over) ? undefined : true;
    const { codes } = decided[trial];
    if (codes !== undefined) {
      const own = codes.slice(from, to);
      // what the rule held when the part began was decided before it
      if (own[0] === HOLD) own[0] = standingAt(codes, from);
      return stretchOf(bars, simulate(bars, wordsOnly(own), known, leaves), options, days);
    }
    const decisions = decisionsOf({ ...trials[trial], ...known, candles, cache: indicators, from, to });
    return stretchOf(bars, decisions.trader?.finish(leaves) ?? simulate(bars, decisions, known, leaves), options, days);
  };
  const tests: Stretch[] = [];
  const windows = spans.map(({ train, test, ...times }): WalkForwardWindow => {
    let best = 0;
    const [trainDays, testDays] = [daysOf(times.trainFrom, times.trainTo), daysOf(times.testFrom, times.testTo)];
    let inside = part(0, train, trainDays);
    for (let trial = 1; trial < trials.length; trial++) {
      const stretch = part(trial, train, trainDays);
      if (!(rankOf(stretch) > rankOf(inside))) continue;
      best = trial;
      inside = stretch;
    }
    const outside = part(best, test, testDays);
    tests.push(outside);
    const { strategy, params } = trials[best];
    return { ...times, strategy: strategy.name, params, inSample: metricsOf([inside]), outOfSample: metricsOf([outside]) };
  });
  const overfitting = probabilityOfOverfitting(decided.map(({ returns }) => returns));
  const outOfSample = metricsOf(tests, together);
  return typeof overfitting === 'number'
    ? { windows, skipped, outOfSample, overfitting }
    : { windows, skipped, outOfSample, overfitting: null, overfittingUndefined: overfitting.because };
}

/** Whether the market's close and its result are both known at `time`. */
const paidBy = ({ closesAt, resolution }: Market, time: number): boolean =>
  resolution.kind === 'settled' && closesAt !== null && Math.max(closesAt, resolution.at ?? closesAt) <= time;

/** Whether what is decided depends on what is held, so that it is another thing where money starts anew. */
const hasAccount = ({ trader, orders }: Decisions): boolean => trader !== undefined || orders.size > 0;

/** A trial without a ratio comes after all that have one. */
const rankOf = ({ moments }: Stretch): number => {
  const ratio = ratioOf(moments);
  return Number.isNaN(ratio) ? Number.NEGATIVE_INFINITY : ratio;
};

const ratioOf = ({ mean, deviation }: Moments): number => (deviation > 0 ? mean / deviation : Number.NaN);

function windowsOf(candles: CandleSeries, trainMs: number, testMs: number) {
  const { openTime, length } = candles;
  // whole UTC days, so that no day is in two parts
  const first = Math.ceil(openTime[0] / DAY_MS) * DAY_MS;
  const end = openTime[length - 1] + barLength(candles);
  const barAt = (time: number): number => {
    let [low, high] = [0, length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (openTime[middle] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const spans = [];
  const skipped: SkippedWindow[] = [];
  for (let trainFrom = first; trainFrom + trainMs + testMs <= end; trainFrom += testMs) {
    const testFrom = trainFrom + trainMs;
    const testTo = testFrom + testMs;
    const train: [number, number] = [barAt(trainFrom), barAt(testFrom)];
    const test: [number, number] = [train[1], barAt(testTo)];
    const times = { trainFrom, trainTo: testFrom, testFrom, testTo };
    // a stretch without two bars has nothing to decide and fill on
    const short = train[1] - train[0] < 2 ? 'training' : test[1] - test[0] < 2 ? 'test' : undefined;
    if (short === undefined) spans.push({ ...times, train, test });
    else skipped.push({ ...times, because: `fewer than two bars in the ${short} part` });
  }
  if (spans.length > 0) return { spans, skipped };
  const days = (ms: number): number => Math.round((ms / DAY_MS) * 100) / 100;
  throw new PredictLabError(
    'BadInput',
    `the candles span ${days(end - first)} days, one window needs ${days(trainMs + testMs)} (${days(trainMs)} to train, ${days(testMs)} to test) with at least two bars in each part; give more candles or shorter parts`,
  );
}

/** UTC days since the epoch, `[from, to)`. */
interface DayRange {
  readonly from: number;
  readonly to: number;
}

const daysOf = (from: number, to: number): DayRange => ({ from: from / DAY_MS, to: to / DAY_MS });

/** The last decision before a bar that was one; nothing is held before the first. */
function standingAt(decisions: Uint8Array, bar: number): number {
  for (let i = bar - 1; i >= 0; i--) if (decisions[i] !== HOLD) return decisions[i];
  return HOLD;
}

/** @param days the days that the stretch stands for: those without bars return nothing, and count. @default from its first to its last bar */
function stretchOf(candles: CandleSeries, simulation: Simulation, options: BacktestOptions, days?: DayRange): Stretch {
  const traded = dailyReturns(options.cash, candles.openTime, simulation.equity);
  const returns = days === undefined ? traded : new Float64Array(days.to - days.from);
  if (days !== undefined) returns.set(traded, Math.floor(candles.openTime[0] / DAY_MS) - days.from);
  const { count, closed } = positionsOf(simulation.trades);
  const { equity } = simulation;
  return { returns, moments: momentsOf(returns), equity, cash: options.cash, pnls: closed, trades: count };
}

/** Stretches one after the other, measured as one. */
function metricsOf(stretches: readonly Stretch[], trials = { count: 1 }): StretchMetrics {
  const returns = Float64Array.from(stretches.flatMap((one) => [...one.returns]));
  const pnls = stretches.flatMap((one) => one.pnls);
  const moments = stretches.length === 1 ? stretches[0].moments : momentsOf(returns);
  let growth = 1;
  const curve: number[] = [];
  for (const stretch of stretches) {
    for (const value of stretch.equity) curve.push((growth * value) / stretch.cash);
    growth = curve[curve.length - 1];
  }
  const days = returns.length;
  const { values, reasons } = separate({
    ...curveMetrics({ start: 1, equity: curve, moments, days, years: days / DAYS_PER_YEAR, closed: pnls }),
    deflatedSharpe: deflatedSharpe(moments, trials),
  });
  const error = sharpeError(moments, PERIODS_PER_YEAR);
  return {
    ...values,
    trades: stretches.reduce((sum, one) => sum + one.trades, 0),
    undefined: reasons,
    weak: weakMetrics(values, { returns: days, nonZero: moments.nonZero, days, trades: pnls.length, unit: 'daily return' }),
    sample: { dailyReturns: days, trades: pnls.length, days },
    standardErrors: { sharpe: typeof error === 'number' ? error : null },
  };
}
