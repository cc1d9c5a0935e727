import { badInput } from '../contracts/errors.ts';
import { type Benchmark, benchmarkOf } from './benchmark.ts';
import { type BacktestData, backtestData, type TwinInput } from './engine/backtest-data.ts';
import type { CandleSeries } from './engine/candle-series.ts';
import { type DecisionInput, type Decisions, decisionsOf, StrategyFailure } from './engine/decisions.ts';
import { type Market, plainMarket } from './engine/market.ts';
import { type Measurement, measure } from './engine/measure.ts';
import { type BacktestOptions, DEFAULT_OPTIONS, optionProblems } from './engine/options.ts';
import type { SpreadCounts } from './engine/trading/half-spread.ts';
import type { Simulation, Trade, Unfilled } from './engine/trading/trade.ts';
import { simulate } from './engine/trading/trader.ts';
import { type BacktestMetrics, type Measured, separate } from './metrics/measured.ts';
import { deflatedSharpe, type Trials } from './metrics/ratios.ts';
import { type Reliability, weakMetrics } from './metrics/sample.ts';
import type { Certificate } from './proof/certificate.ts';
import { carriedGap, type LookAheadProof, proveNoLookAhead } from './proof/look-ahead.ts';
import { codeGap, hashSituation, hashTwin, memoryGap, passportOf } from './proof/passport.ts';
import { type Params, type ParamsInput, strategyTrials } from './strategies/registry.ts';
import type { Strategy } from './strategy.ts';

/** A strategy with one combination of checked parameters. */
export interface Trial {
  readonly strategy: Strategy;
  readonly params: Params;
  /** Options of this trial. @default the options of all trials */
  readonly options?: BacktestOptions;
  /** A second copy of the strategy for the parts of a walk-forward, which has not seen the bars after a part. @default the strategy */
  readonly restarted?: Strategy;
}

/**
 * Runs one backtest.
 *
 * @param input.params the strategy's parameters; omitted ones have their defaults
 * @param input.market @default an asset without fees
 * @param input.twin bars of the same question at another venue, for strategies that read them. @default none
 * @throws PredictLabError BadInput for a series, parameters or options that cannot be backtested; one sentence per problem
 * @example
 * const { metrics, trades } = runBacktest({ candles, strategy: smaCross, params: { fast: 10, slow: 30 } });
 */
export function runBacktest(input: {
  readonly candles: CandleSeries;
  readonly strategy: Strategy;
  readonly params?: ParamsInput;
  readonly market?: Market;
  readonly twin?: TwinInput;
  readonly options?: Partial<BacktestOptions>;
}): BacktestResult {
  const { strategy } = input;
  const checked = strategyTrials(strategy.name, input.params ?? {}, [strategy]);
  if ('problems' in checked) throw badInput(checked.problems.join('; '));
  if (checked.trials.length > 1) throw badInput('one backtest takes one value for each parameter; use runTrials for lists');
  const data = backtestData(input.candles, input.market ?? plainMarket('asset'), { twin: input.twin ?? null });
  const options = optionsFor(data.market, input.options);
  return finish(data, execute(data, { strategy, params: checked.trials[0] }, options), options, { count: 1 });
}

/** Adds the defaults to a backtest's options and checks them. @throws PredictLabError BadInput for invalid options */
export function optionsFor(market: Market, given: Partial<BacktestOptions> = {}): BacktestOptions {
  const options = { ...DEFAULT_OPTIONS, ...given };
  const problems = optionProblems(options, market);
  if (problems.length > 0) throw badInput(problems.join('; '));
  return options;
}

/** A trial that has been traded and measured, but not yet judged together with the other trials. */
export interface TradedTrial extends Measurement {
  readonly trial: Trial;
  readonly decisions: Decisions;
  readonly simulation: Simulation;
}

/**
 * Runs the decisions, the trading and the measurement of a trial.
 * @param decided the trial's decisions if they are already made, or its failure, which is thrown
 * @internal
 */
export function execute(
  { candles, market, indicators, barMs, twin }: BacktestData,
  trial: Trial,
  options: BacktestOptions,
  decided?: Decisions | StrategyFailure,
): TradedTrial {
  const { strategy, params } = trial;
  if (decided instanceof StrategyFailure) throw decided;
  const decisions = decided ?? decisionsOf({ strategy, params, options, candles, market, barMs, twin, cache: indicators });
  // trades again even if the strategy's own account has traded: the strategy may have changed built-ins meanwhile
  const simulation = simulate(candles, decisions, { market, options, barMs });
  return { trial, decisions, simulation, ...measure({ candles, market, simulation, cash: options.cash }) };
}

/** Completes a traded trial: adds the metrics that depend on the other trials, the benchmark, the proof and the passport. @internal */
export function finish(data: BacktestData, execution: TradedTrial, options: BacktestOptions, trials: Trials): BacktestResult {
  const { decisions, simulation, moments, sample, lockedDays: locked } = execution;
  const { strategy, params } = execution.trial;
  const { values, reasons } = separate(Object.assign({}, execution.metrics, { deflatedSharpe: deflatedSharpe(moments, trials) }));
  return {
    strategy: strategy.name,
    params,
    metrics: values,
    undefined: reasons,
    sample,
    weak: weakMetrics(values, {
      returns: sample.dailyReturns,
      locked,
      nonZero: moments.nonZero,
      days: sample.days,
      trades: sample.trades,
      events: sample.events,
      // all closing prices of a market forecast the same single outcome
      outcomes: 1,
      unit: 'daily return',
    }),
    standardErrors: { sharpe: numberOrNull(execution.sharpeError) },
    benchmark: benchmarkOf(data, options, simulation),
    trades: simulation.trades,
    cut: simulation.cut,
    unfilled: simulation.unfilled,
    spreads: simulation.spreads,
    equity: simulation.equity,
    twin: decisions.sawTwin ? (data.twin?.id ?? null) : null,
    ...certify(data, execution.trial, options, decisions, trials),
  };
}

/** Tests decisions for look-ahead and creates the passport of their inputs. @param part the bars on which decisions were made. @internal */
export function certify(
  data: BacktestData,
  { strategy, params }: Trial,
  options: BacktestOptions,
  decisions: Decisions,
  trials: Trials = { count: 1 },
  part?: Pick<DecisionInput, 'from' | 'to' | 'market'>,
): Certificate {
  const { proofCuts: runs, seed } = options;
  const lookAhead = runs === 0 ? null : proveNoLookAhead({ strategy, params, options, decisions, runs, seed, ...data, ...part });
  const notProvable = provabilityGaps(strategy, data.market, decisions, lookAhead);
  return {
    lookAhead,
    provable: notProvable.length === 0,
    notProvable,
    passport: passportOf({ data: hashSeen(data, decisions, options), strategy, params, options, trials }),
  };
}

/** Gaps in what the proof and the passport cover, one sentence each; empty if there are none. */
function provabilityGaps(
  strategy: Strategy,
  { endIsClose }: Market,
  { sawEnd, memoryGap: remembered }: Pick<Decisions, 'sawEnd' | 'memoryGap'>,
  lookAhead: LookAheadProof | null,
): string[] {
  const end =
    sawEnd && endIsClose === true
      ? `'${strategy.name}' looks at the time left, and only the real close of the market is stated, which nobody may have known before; state endsAt and closedAt`
      : undefined;
  const answers = lookAhead === null ? undefined : carriedGap(strategy.name, lookAhead);
  return [codeGap(strategy), memoryGap(strategy), remembered, strategy.dataGap, proofGap(strategy, lookAhead), answers, end].filter(
    (gap) => gap !== undefined,
  );
}

/** The reason why the look-ahead proof does not support a result; undefined if it does. */
function proofGap({ name }: Strategy, lookAhead: LookAheadProof | null): string | undefined {
  if (lookAhead === null) return 'no look-ahead proof was run; set proof cuts to 1 or more';
  if (!lookAhead.deterministic) return `'${name}' decides differently on the same data, so that another run gives other numbers`;
  return lookAhead.changed > 0 ? `'${name}' looks into the future: ${lookAhead.verdict}` : undefined;
}

/** Hash of all data that the strategy read or its fills depend on. */
function hashSeen({ hash, market, twin }: BacktestData, { looked, sawTwin }: Decisions, { halfSpread }: BacktestOptions): string {
  const seen = looked || halfSpread === 'recorded' ? hashSituation(hash, market, looked) : hash;
  return sawTwin && twin !== null ? hashTwin(seen, twin) : seen;
}

const numberOrNull = (value: Measured): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

/** The result of one backtest: metrics, trades, equity, look-ahead proof and passport. */
export interface BacktestResult extends Certificate, Reliability {
  readonly strategy: string;
  readonly params: Params;
  readonly metrics: BacktestMetrics;
  /** Comparison with buying and holding on the same terms, and with the market's price as a forecaster. */
  readonly benchmark: Benchmark;
  readonly trades: readonly Trade[];
  /** Number of entries whose size the volume cap reduced. */
  readonly cut: number;
  readonly unfilled: Readonly<Unfilled>;
  readonly spreads: SpreadCounts;
  /** Equity at each bar's close; the last value is the final equity. */
  readonly equity: Float64Array;
  /** Id of the market's twin that the strategy read; null if it read none. */
  readonly twin: string | null;
}
