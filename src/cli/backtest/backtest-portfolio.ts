import { DEFAULT_OPTIONS, termsOf } from '../../backtest/engine/options.ts';
import { monteCarlo } from '../../backtest/metrics/monte-carlo.ts';
import { type PortfolioResult, runPortfolio } from '../../backtest/portfolio/run-portfolio.ts';
import { DEFAULT_LIMITS, limitProblems, type PortfolioLimits } from '../../backtest/portfolio/trade-portfolio.ts';
import { columnsOf, type Table, tableOf } from '../../files/write/table.ts';
import { printJson, usageError } from '../terminal/print.ts';
import type { TriedSeries } from './backtest-series.ts';
import { TRADE_COLUMNS, tradeCells } from './backtest-tables.ts';
import { certificateFields, withOrders } from './result-fields.ts';

/** The limits of a portfolio. @throws ExitError 2 that names the option */
export function portfolioLimits({ perMarket, total }: { readonly perMarket?: number; readonly total?: number }): PortfolioLimits {
  const limits = { perMarket: perMarket ?? DEFAULT_LIMITS.perMarket, total: total ?? DEFAULT_LIMITS.total };
  const [problem] = limitProblems(limits);
  if (problem !== undefined) throw usageError(problem);
  return limits;
}

/** Trades the series from one account and prints the result as JSON. */
export async function printPortfolio(
  series: readonly TriedSeries[],
  {
    limits,
    files,
    draws,
    seed = DEFAULT_OPTIONS.seed,
  }: {
    readonly limits: PortfolioLimits;
    readonly files: { readonly trades?: string; readonly equity?: string };
    readonly draws: number | undefined;
    readonly seed: number | undefined;
  },
): Promise<void> {
  const { trials } = series[0];
  if (trials.length > 1)
    throw usageError(
      `a portfolio is traded by one strategy, but the parameters make ${trials.length} trials; give one value for each parameter`,
    );
  const { cash } = series[0].options;
  const [trial] = trials;
  const result = runPortfolio(
    series.map((each) => ({ ...each, strategy: each.trials[0].strategy })),
    trial,
    { cash, limits },
  );
  const { writeTable } = await import('../../files/write/write-table.ts');
  if (files.trades !== undefined) await writeTable(tradeTable(result), 'csv', files.trades);
  if (files.equity !== undefined) await writeTable(curveTable(result), 'csv', files.equity);
  const { metrics, undefined: reasons, weak, sample, standardErrors, markets, spreads, curve, closed, benchmark } = result;
  const body = {
    strategy: trial.strategy.name,
    params: trial.params,
    limits,
    from: new Date(curve.time[0]).toISOString(),
    to: new Date(curve.time[curve.time.length - 1]).toISOString(),
    ...metrics,
    undefined: reasons,
    weak,
    sample,
    standardErrors,
    markets,
    spreads,
    ...certificateFields(result, trial.strategy.name),
    terms: Object.fromEntries(series.map((each) => [each.name, termsOf(each.data.market, each.options)])),
    benchmark: { strategy: 'buy-and-hold', ...benchmark.metrics, undefined: benchmark.undefined, weak: benchmark.weak },
  };
  printJson(withOrders(body, draws === undefined ? undefined : monteCarlo(closed, cash, { draws, seed, events: sample.events })));
}

/** A table of the trades of all markets, sorted by entry time. */
const tradeTable = ({ trades }: PortfolioResult): Table =>
  tableOf(
    [{ name: 'market', type: 'text' }, ...TRADE_COLUMNS],
    trades.map((trade) => [trade.market, ...tradeCells(trade, trade.entryTime, trade.exitTime)]),
  );

/** A table `time,equity,cash`, one row per instant. */
const curveTable = ({ curve }: PortfolioResult): Table =>
  tableOf(
    columnsOf({ time: 'time', equity: 'number', cash: 'number' }),
    Array.from(curve.time, (time, i) => [time, curve.equity[i], curve.cash[i]]),
  );
