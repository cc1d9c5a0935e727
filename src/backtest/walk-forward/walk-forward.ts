import { badInput } from '../../contracts/errors.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { BacktestData } from '../engine/backtest-data.ts';
import { partOf } from '../engine/candle-series.ts';
import { attempt, type Decisions, decisionsOf, isShipped, StrategyFailure } from '../engine/decisions.ts';
import type { Market } from '../engine/market.ts';
import { type BacktestOptions, termsOf } from '../engine/options.ts';
import { HOLD, wordsOnly } from '../engine/trading/trade.ts';
import { simulate } from '../engine/trading/trader.ts';
import { judgeOverfitting, type Overfitting } from '../metrics/overfitting.ts';
import { trialsOf } from '../metrics/ratios.ts';
import { type Certificate, combinedCertificate } from '../proof/certificate.ts';
import { seriesMemoryGap } from '../proof/passport.ts';
import { certify, type Trial } from '../run-backtest.ts';
import { type FailedTrial, toEnd } from '../run-trials.ts';
import { decideSideBySide } from '../side-by-side.ts';
import type { Params } from '../strategies/registry.ts';
import { pickAndTest, weakPicks } from './pick-and-test.ts';
import { type DayRange, metricsOf, ratioOf, type Stretch, type StretchMetrics, stretchOf } from './stretch.ts';
import { type SkippedWindow, type WalkForwardParts, type WindowTimes, windowsOf } from './windows.ts';

/** One window: the trial picked on `[trainFrom, trainTo)` and its result on `[testFrom, testTo)`; UTC epoch milliseconds. */
export interface WalkForwardWindow extends WindowTimes {
  /** Strategy of the trial that ranks first in the training part (best Sharpe ratio, see `rankOf`; among equal trials, the first). */
  readonly strategy: string;
  readonly params: Params;
  /** Metrics of the training part, with the Sharpe ratio deflated by all trials in this part. */
  readonly inSample: StretchMetrics;
  /** Metrics of the test part, with the Sharpe ratio deflated by all trials on the whole series. */
  readonly outOfSample: StretchMetrics;
}

/** Equity at each bar of a part, as a multiple of the equity at the start of the part. */
export interface WalkCurve {
  readonly openTime: Float64Array;
  readonly growth: Float64Array;
}

/** A failed trial, which no window and no figure includes; `because` is one sentence. */
export type FailedPick = Pick<FailedTrial, 'strategy' | 'params' | 'because'>;

/** The result of a walk-forward. `overfitting` covers all trials on the whole series; the proof and the passport cover the picked trials. */
export interface WalkForwardResult extends Overfitting, Certificate {
  readonly windows: readonly WalkForwardWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** Trials, in their order, that no window could pick because their strategy failed on the series or in a part of it. */
  readonly failed: readonly FailedPick[];
  /** The reason why the picks rest on too little data; absent if they do not. */
  readonly picksWeak?: string;
  /** Metrics of all test parts chained in order, with the Sharpe ratio deflated by all trials. */
  readonly outOfSample: StretchMetrics;
  /** The terms of the first trial; all trials of a run or of a command have the same. */
  readonly terms: ReturnType<typeof termsOf>;
  /** Equity curves of each window's pick in both parts of the window. */
  readonly curves: readonly { readonly inSample: WalkCurve; readonly outOfSample: WalkCurve }[];
}

/**
 * Runs a walk-forward: picks the best trial on `trainMs`, trades it on the following `testMs`, moves on by `testMs` and picks again.
 *
 * - Decisions are made once over the whole series. They depend only on the past, so indicators are warm when a window starts.
 * - Each part starts with new cash. A position held then is bought at the part's second bar; the last one is closed at its last close.
 * - A strategy that returns orders or reads its situation is restarted in each part and can read earlier bars.
 * - Only parts with the last bar, or that end after the market's close and result, use the resolution. No exits after the close.
 * - A trial whose strategy fails, on the series or in a part, is in no window; the others are judged as if it had not been tried.
 *
 * @throws PredictLabError BadInput when the series is shorter than one window, or a part is not a whole number of days
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

/** Runs {@link walkForward} one trial at a time, so that callers can do other work in between. */
export function* walkForwardSteps(
  data: BacktestData,
  all: readonly Trial[],
  common: BacktestOptions,
  parts: WalkForwardParts,
): Generator<void, WalkForwardResult> {
  const { candles, market, indicators, barMs, twin } = data;
  const found = windowsOf({ candles, barMs }, parts);
  if ('because' in found) throw badInput(found.because);
  const { spans, skipped } = found;
  const decided: DecidedTrial[] = [];
  const failures = new Map<Trial, StrategyFailure>();
  const together = yield* decideSideBySide(data, all, common);
  for (const trial of all) {
    const how = { market, options: trial.options ?? common, barMs };
    const decisions = together.get(trial) ?? attempt(() => decisionsOf({ ...trial, ...how, candles, twin, cache: indicators }));
    together.delete(trial);
    if (decisions instanceof StrategyFailure) {
      failures.set(trial, decisions);
      continue;
    }
    const { returns, moments } = stretchOf(candles, simulate(candles, decisions, how), how.options);
    // the trial's equity curve is not kept, since there may be thousands of trials
    decided.push({ trial, decisions, restarts: hasAccount(decisions), returns, moments });
    yield;
  }
  const part = (
    { trial, decisions: { codes }, restarts }: DecidedTrial,
    [from, to]: readonly [number, number],
    days: DayRange,
  ): Stretch => {
    const ends = to >= candles.length;
    const over = days.to * DAY_MS;
    const { options = common } = trial;
    const known = {
      market: ends || paidBy(market, over) ? market : { ...market, resolution: { kind: 'open' } as const },
      options,
      barMs,
    };
    const bars = partOf(candles, from, to);
    // positions are closed at the end of every part except the last, and except where the market has closed, since no exit is possible then
    const closeAtEnd = ends || (market.closesAt !== null && market.closesAt <= over) ? undefined : true;
    if (!restarts) {
      const own = codes.slice(from, to);
      // if the part's first decision is HOLD, an earlier decision determines the position at its start
      if (own[0] === HOLD) own[0] = standingAt(codes, from);
      return stretchOf(bars, simulate(bars, wordsOnly(own), known, closeAtEnd), options, days);
    }
    const { strategy, restarted = strategy } = trial;
    const decisions = decisionsOf({ ...trial, strategy: restarted, ...known, candles, twin, cache: indicators, from, to });
    const simulation = simulate(bars, decisions, known, closeAtEnd);
    return { ...stretchOf(bars, simulation, options, days), decided: { decisions, part: { from, to, market: known.market } } };
  };
  const walked = yield* pickAndTest(spans, decided.length, (at, bars, days) => {
    const stretch = attempt(() => part(decided[at], bars, days));
    return stretch instanceof StrategyFailure ? inPart(stretch, days) : stretch;
  });
  for (const [at, failure] of walked.failures) failures.set(decided[at].trial, failure);
  const [failure] = all.flatMap((trial) => failures.get(trial) ?? []);
  if (failure !== undefined && failures.size === all.length) throw failure;
  const others = decided.filter(({ trial }) => !failures.has(trial));
  const judged = trialsOf(others.map(({ moments }) => ratioOf(moments)));
  const windows = walked.windows.map(({ span: { train: _, test: __, ...times }, trial: at, inside, outside, tried }): WalkForwardWindow => {
    const { strategy, params } = decided[at].trial;
    // deflated by the trials of the training part, since the pick is the best of them there
    const inSample = metricsOf([inside], trialsOf([...tried].flatMap(([trial, ratio]) => (walked.failures.has(trial) ? [] : ratio))));
    return { ...times, strategy: strategy.name, params, inSample, outOfSample: metricsOf([outside], judged) };
  });
  const picksWeak = weakPicks(windows);
  const certificates: Certificate[] = [];
  for (const at of new Set(walked.windows.map(({ trial }) => trial))) {
    const { trial, decisions } = decided[at];
    const options = trial.options ?? common;
    // a strategy that starts again in each part may decide differently there, so those decisions are proved
    const own = walked.windows.flatMap(({ trial: of, outside }) => (of === at ? (outside.decided ?? []) : []));
    const { strategy, restarted } = trial;
    // after a failure, windows pick again, so a strategy may run on a part that it has already seen
    const repeated = restarted === undefined || walked.failures.size > 0;
    const remembers = repeated && !isShipped(strategy) ? [seriesMemoryGap(strategy)] : [];
    const proofs = own.map(({ decisions: decided, part: bars }): Certificate => {
      const proof = certify(data, { ...trial, strategy: restarted ?? strategy }, options, decided, undefined, bars);
      return { ...proof, provable: proof.provable && remembers.length === 0, notProvable: [...proof.notProvable, ...remembers] };
    });
    certificates.push(
      own.length === 0
        ? certify(data, trial, options, decisions)
        : { ...combinedCertificate(trial.strategy.name, proofs, {}), passport: proofs[0].passport },
    );
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
      judged,
    ),
    terms: termsOf(market, all[0]?.options ?? common),
    curves: walked.windows.map(({ inside, outside }) => ({ inSample: curveOf(inside), outOfSample: curveOf(outside) })),
    ...judgeOverfitting(others.map(({ returns }) => returns)),
    ...combinedCertificate([...new Set(windows.map(({ strategy }) => strategy))].join(', '), certificates, {
      walkForward: parts,
      // whether a part uses the result depends on this time
      ...(market.resolution.kind === 'settled' && { resultAt: market.resolution.at }),
      trials: others.map(({ trial: { strategy, params } }) => [strategy.name, params]),
    }),
  };
}

/** Adds to a failure the start date of the part in which it happened, since the strategy may not fail on the whole series. */
const inPart = (failure: StrategyFailure, { from }: DayRange): StrategyFailure =>
  new StrategyFailure(`${failure.message} (in the part that starts on ${new Date(from * DAY_MS).toISOString().slice(0, 10)})`, failure);

interface DecidedTrial extends Pick<Stretch, 'returns' | 'moments'> {
  readonly trial: Trial;
  /** The decisions that were traded; kept because a strategy may decide differently when it runs again. */
  readonly decisions: Decisions;
  /** Whether decisions depend on the account, so that the strategy starts again in each part. */
  readonly restarts: boolean;
}

const curveOf = ({ openTime, equity, cash }: Stretch): WalkCurve => ({ openTime, growth: equity.map((value) => value / cash) });

/** Whether the market's close and its result are both known at `time`. */
const paidBy = ({ closesAt, resolution }: Market, time: number): boolean =>
  resolution.kind === 'settled' && closesAt !== null && Math.max(closesAt, resolution.at ?? closesAt) <= time;

const hasAccount = ({ readAccount, orders }: Decisions): boolean => readAccount || orders.size > 0;

/** The last decision other than HOLD before a bar; HOLD if there is none. */
function standingAt(decisions: Uint8Array, bar: number): number {
  for (let i = bar - 1; i >= 0; i--) if (decisions[i] !== HOLD) return decisions[i];
  return HOLD;
}
