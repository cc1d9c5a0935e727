import { PredictLabError } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BacktestData } from '../engine/backtest-data.ts';
import { candlesBetween } from '../engine/candle-series.ts';
import { HOLD, wordsOnly } from '../engine/decision-log.ts';
import { type Decisions, decisionsOf, StrategyFailure } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { simulate } from '../engine/trading/trader.ts';
import { attempt } from '../failed-trial.ts';
import { trialsOf } from '../metrics/deflated-sharpe.ts';
import { judgeOverfitting, type Overfitting } from '../metrics/overfitting.ts';
import type { Trial } from '../run-backtest.ts';
import type { Params } from '../strategies/registry.ts';
import { toEnd } from '../to-end.ts';
import { rankOf, weakPicks } from './picks.ts';
import { type DayRange, daysOf, metricsOf, ratioOf, type Stretch, type StretchMetrics, stretchOf } from './stretch.ts';
import { type SkippedWindow, type WalkForwardParts, type WindowTimes, windowsOf } from './windows.ts';

/** One window: what was picked on `[trainFrom, trainTo)` and what it brought on `[testFrom, testTo)`; UTC epoch milliseconds. */
export interface WalkForwardWindow extends WindowTimes {
  /** Of the trial that ranks first in the training part ({@link rankOf}); of those that rank alike the first one. */
  readonly strategy: string;
  readonly params: Params;
  readonly inSample: StretchMetrics;
  readonly outOfSample: StretchMetrics;
}

/** Equity by the open times of its bars, as a multiple of what a part began with. */
export interface WalkCurve {
  readonly openTime: Float64Array;
  readonly growth: Float64Array;
}

/** `overfitting` is of the trials over the whole series. */
export interface WalkForwardResult extends Overfitting {
  readonly windows: readonly WalkForwardWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** Trials that no window could pick, since their strategy failed on the series: one sentence each. */
  readonly failed: readonly string[];
  /** Why the picks should not be relied on; absent where each rests on enough. */
  readonly picksWeak?: string;
  /** The test parts one after the other, each day's return on what the days before left; deflated by all trials. */
  readonly outOfSample: StretchMetrics;
  /** What each window's pick was worth at the close of each bar, of 1 that it began with, in each of its parts. */
  readonly curves: readonly { readonly inSample: WalkCurve; readonly outOfSample: WalkCurve }[];
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
 * @throws StrategyFailure when every strategy fails on the series, or one that had an account of its own fails in a part
 */
export function walkForward(
  data: BacktestData,
  trials: readonly Trial[],
  options: BacktestOptions,
  parts: WalkForwardParts,
): WalkForwardResult {
  return toEnd(walkForwardSteps(data, trials, options, parts));
}

/** {@link walkForward} in steps of one trial, for a caller that has other things to do in between. */
export function* walkForwardSteps(
  { candles, market, indicators, barMs, twin }: BacktestData,
  all: readonly Trial[],
  common: BacktestOptions,
  parts: WalkForwardParts,
): Generator<void, WalkForwardResult> {
  const found = windowsOf({ candles, barMs }, parts);
  if ('because' in found) throw new PredictLabError('BadInput', found.because);
  const { spans, skipped } = found;
  const decided: DecidedTrial[] = [];
  const trials: Trial[] = [];
  const failures: StrategyFailure[] = [];
  for (const trial of all) {
    const how = { market, options: trial.options ?? common, barMs };
    const decisions = attempt(() => decisionsOf({ ...trial, ...how, candles, twin, cache: indicators }));
    if (decisions instanceof StrategyFailure) {
      failures.push(decisions);
      continue;
    }
    trials.push(trial);
    const { returns, moments } = stretchOf(candles, decisions.trader?.finish() ?? simulate(candles, decisions, how), how.options);
    // a thousand equity curves need not be kept
    decided.push({ codes: hasAccount(decisions) ? undefined : decisions.codes, returns, moments });
    yield;
  }
  if (trials.length === 0) throw failures[0];
  const together = trialsOf(decided.map(({ moments }) => ratioOf(moments)));
  const part = (trial: number, [from, to]: readonly [number, number], days: DayRange): Stretch => {
    const ends = to >= candles.length;
    const over = days.to * DAY_MS;
    const { options = common } = trials[trial];
    const known = {
      market: ends || paidBy(market, over) ? market : { ...market, resolution: { kind: 'open' } as const },
      options,
      barMs,
    };
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
    const decisions = decisionsOf({ ...trials[trial], ...known, candles, twin, cache: indicators, from, to });
    return stretchOf(bars, decisions.trader?.finish(leaves) ?? simulate(bars, decisions, known, leaves), options, days);
  };
  const tests: Stretch[] = [];
  const windows: WalkForwardWindow[] = [];
  const curves: WalkForwardResult['curves'][number][] = [];
  for (const { train, test, ...times } of spans) {
    let best = 0;
    const [trainDays, testDays] = [daysOf(times.trainFrom, times.trainTo), daysOf(times.testFrom, times.testTo)];
    let inside = part(0, train, trainDays);
    for (let trial = 1; trial < trials.length; trial++) {
      const stretch = part(trial, train, trainDays);
      yield;
      if (!(rankOf(stretch) > rankOf(inside))) continue;
      best = trial;
      inside = stretch;
    }
    const outside = part(best, test, testDays);
    yield;
    tests.push(outside);
    curves.push({ inSample: curveOf(inside), outOfSample: curveOf(outside) });
    const { strategy, params } = trials[best];
    windows.push({ ...times, strategy: strategy.name, params, inSample: metricsOf([inside]), outOfSample: metricsOf([outside]) });
  }
  const judged = judgeOverfitting(decided.map(({ returns }) => returns));
  const picksWeak = weakPicks(windows);
  return {
    windows,
    skipped,
    ...(picksWeak !== undefined && { picksWeak }),
    failed: failures.map(({ message }) => message),
    outOfSample: metricsOf(tests, together),
    curves,
    ...judged,
  };
}

/** What is kept of a trial on the whole series. */
interface DecidedTrial extends Pick<Stretch, 'returns' | 'moments'> {
  /** What it decided at each bar; undefined where that depends on what it holds. */
  readonly codes: Uint8Array | undefined;
}

const curveOf = ({ openTime, equity, cash }: Stretch): WalkCurve => ({ openTime, growth: equity.map((value) => value / cash) });

/** Whether the market's close and its result are both known at `time`. */
const paidBy = ({ closesAt, resolution }: Market, time: number): boolean =>
  resolution.kind === 'settled' && closesAt !== null && Math.max(closesAt, resolution.at ?? closesAt) <= time;

/** Whether what is decided depends on what is held, so that it is another thing where money starts anew. */
const hasAccount = ({ trader, orders }: Decisions): boolean => trader !== undefined || orders.size > 0;

/** The last decision before a bar that was one; nothing is held before the first. */
function standingAt(decisions: Uint8Array, bar: number): number {
  for (let i = bar - 1; i >= 0; i--) if (decisions[i] !== HOLD) return decisions[i];
  return HOLD;
}
