import { PredictLabError } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BacktestData } from '../engine/backtest-data.ts';
import { candlesBetween } from '../engine/candle-series.ts';
import { HOLD, wordsOnly } from '../engine/decision-log.ts';
import { type Decisions, decisionsOf, StrategyFailure } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import type { BacktestOptions } from '../engine/options.ts';
import { simulate } from '../engine/trading/trader.ts';
import { attempt, type FailedTrial } from '../failed-trial.ts';
import { trialsOf } from '../metrics/deflated-sharpe.ts';
import { judgeOverfitting, type Overfitting } from '../metrics/overfitting.ts';
import { type Certificate, combinedCertificate } from '../proof/certificate.ts';
import { certify, type Trial } from '../run-backtest.ts';
import type { Params } from '../strategies/registry.ts';
import { toEnd } from '../to-end.ts';
import { pickAndTest } from './pick-and-test.ts';
import { weakPicks } from './picks.ts';
import { type DayRange, metricsOf, ratioOf, type Stretch, type StretchMetrics, stretchOf } from './stretch.ts';
import { type SkippedWindow, type WalkForwardParts, type WindowTimes, windowsOf } from './windows.ts';

/** One window: what was picked on `[trainFrom, trainTo)` and what it brought on `[testFrom, testTo)`; UTC epoch milliseconds. */
export interface WalkForwardWindow extends WindowTimes {
  /** Of the trial that ranks first in the training part (best Sharpe ratio, see `rankOf`); of those that rank alike the first one. */
  readonly strategy: string;
  readonly params: Params;
  /** Deflated by all trials of the training part. */
  readonly inSample: StretchMetrics;
  /** Deflated by all trials, as they did on the whole series. */
  readonly outOfSample: StretchMetrics;
}

/** Equity by the open times of its bars, as a multiple of what a part began with. */
export interface WalkCurve {
  readonly openTime: Float64Array;
  readonly growth: Float64Array;
}

/** A trial that is in no window and in no figure; `because` is one sentence. */
export type FailedPick = Pick<FailedTrial, 'strategy' | 'params' | 'because'>;

/** `overfitting` is of the trials over the whole series; proof and passport are of the trials that windows picked, on the whole series. */
export interface WalkForwardResult extends Overfitting, Certificate {
  readonly windows: readonly WalkForwardWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** Trials that no window could pick, in their order, since their strategy failed on the series or in a part of it. */
  readonly failed: readonly FailedPick[];
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
 * a window begins); each part starts with fresh money, what the rule then holds is bought at its second bar, and what it holds at the
 * end is closed at the last close, both at what that costs. A strategy with orders, or with an eye on its situation, is started again in
 * each part, with the bars before it to look back on. A market's resolution is known only to a part that reaches the last bar,
 * or its close and result; nobody leaves after its close. A trial whose strategy fails, on the series or in a part in which it is started
 * again, is in no window: the others are judged as if it had not been tried.
 *
 * @throws PredictLabError BadInput when the series is shorter than one window, or a part is no whole number of days
 * @throws StrategyFailure when every trial fails
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
  data: BacktestData,
  all: readonly Trial[],
  common: BacktestOptions,
  parts: WalkForwardParts,
): Generator<void, WalkForwardResult> {
  const { candles, market, indicators, barMs, twin } = data;
  const found = windowsOf({ candles, barMs }, parts);
  if ('because' in found) throw new PredictLabError('BadInput', found.because);
  const { spans, skipped } = found;
  const decided: DecidedTrial[] = [];
  const failures = new Map<Trial, StrategyFailure>();
  for (const trial of all) {
    const how = { market, options: trial.options ?? common, barMs };
    const decisions = attempt(() => decisionsOf({ ...trial, ...how, candles, twin, cache: indicators }));
    if (decisions instanceof StrategyFailure) {
      failures.set(trial, decisions);
      continue;
    }
    const { returns, moments } = stretchOf(candles, decisions.trader?.finish() ?? simulate(candles, decisions, how), how.options);
    // a thousand equity curves need not be kept
    decided.push({ trial, codes: hasAccount(decisions) ? undefined : decisions.codes, returns, moments });
    yield;
  }
  const part = ({ trial, codes }: DecidedTrial, [from, to]: readonly [number, number], days: DayRange): Stretch => {
    const ends = to >= candles.length;
    const over = days.to * DAY_MS;
    const { options = common } = trial;
    const known = {
      market: ends || paidBy(market, over) ? market : { ...market, resolution: { kind: 'open' } as const },
      options,
      barMs,
    };
    const bars = candlesBetween(candles, from, to);
    // money in a part that is not the last is out again at its end, unless the market has closed in it: then nobody can leave any more
    const leaves = ends || (market.closesAt !== null && market.closesAt <= over) ? undefined : true;
    if (codes !== undefined) {
      const own = codes.slice(from, to);
      // what the rule held when the part began was decided before it
      if (own[0] === HOLD) own[0] = standingAt(codes, from);
      return stretchOf(bars, simulate(bars, wordsOnly(own), known, leaves), options, days);
    }
    const decisions = decisionsOf({ ...trial, ...known, candles, twin, cache: indicators, from, to });
    return stretchOf(bars, decisions.trader?.finish(leaves) ?? simulate(bars, decisions, known, leaves), options, days);
  };
  const walked = yield* pickAndTest(spans, decided.length, (at, bars, days) => {
    const stretch = attempt(() => part(decided[at], bars, days));
    return stretch instanceof StrategyFailure ? inPart(stretch, days) : stretch;
  });
  for (const [at, failure] of walked.failures) failures.set(decided[at].trial, failure);
  const [failure] = all.flatMap((trial) => failures.get(trial) ?? []);
  if (failure !== undefined && failures.size === all.length) throw failure;
  const others = decided.filter(({ trial }) => !failures.has(trial));
  const together = trialsOf(others.map(({ moments }) => ratioOf(moments)));
  const windows = walked.windows.map(({ span: { train: _, test: __, ...times }, trial: at, inside, outside, tried }): WalkForwardWindow => {
    const { strategy, params } = decided[at].trial;
    // the best of many looks good on the days it was picked on
    const inSample = metricsOf([inside], trialsOf([...tried].flatMap(([trial, ratio]) => (walked.failures.has(trial) ? [] : ratio))));
    return { ...times, strategy: strategy.name, params, inSample, outOfSample: metricsOf([outside], together) };
  });
  const picksWeak = weakPicks(windows);
  const certificates: Certificate[] = [];
  for (const at of new Set(walked.windows.map(({ trial }) => trial))) {
    const { trial } = decided[at];
    const how = { market, options: trial.options ?? common, barMs };
    const decisions = decisionsOf({ ...trial, ...how, candles, twin, cache: indicators });
    certificates.push(certify(data, trial, how.options, decisions));
    yield;
  }
  return {
    windows,
    skipped,
    ...(picksWeak !== undefined && { picksWeak }),
    failed: all.flatMap((trial): FailedPick[] => {
      const because = failures.get(trial)?.message;
      return because === undefined ? [] : [{ strategy: trial.strategy.name, params: trial.params, because }];
    }),
    outOfSample: metricsOf(
      walked.windows.map(({ outside }) => outside),
      together,
    ),
    curves: walked.windows.map(({ inside, outside }) => ({ inSample: curveOf(inside), outOfSample: curveOf(outside) })),
    ...judgeOverfitting(others.map(({ returns }) => returns)),
    ...combinedCertificate(certificates, {
      walkForward: parts,
      trials: others.map(({ trial: { strategy, params } }) => [strategy.name, params]),
    }),
  };
}

/** A failure in a part, which may be none on the whole series: it says where the strategy was started. */
const inPart = (failure: StrategyFailure, { from }: DayRange): StrategyFailure =>
  new StrategyFailure(`${failure.message} (started again on ${new Date(from * DAY_MS).toISOString().slice(0, 10)})`, failure);

/** What is kept of a trial on the whole series. */
interface DecidedTrial extends Pick<Stretch, 'returns' | 'moments'> {
  readonly trial: Trial;
  /** What it decided at each bar; undefined where that depends on what it holds. */
  readonly codes: Uint8Array | undefined;
}

const curveOf = ({ openTime, equity, cash }: Stretch): WalkCurve => ({ openTime, growth: equity.map((value) => value / cash) });

/** Whether the market's close and its result are both known at `time`. */
const paidBy = ({ closesAt, resolution }: Market, time: number): boolean =>
  resolution.kind === 'settled' && closesAt !== null && Math.max(closesAt, resolution.at ?? closesAt) <= time;

/** Whether what is decided depends on what is held, so that it is another thing where money starts afresh. */
const hasAccount = ({ trader, orders }: Decisions): boolean => trader !== undefined || orders.size > 0;

/** The last decision before a bar that was one; nothing is held before the first. */
function standingAt(decisions: Uint8Array, bar: number): number {
  for (let i = bar - 1; i >= 0; i--) if (decisions[i] !== HOLD) return decisions[i];
  return HOLD;
}
