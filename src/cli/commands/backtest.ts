import { type Command, Option } from 'commander';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { type BacktestData, backtestData } from '../../backtest/engine/backtest-data.ts';
import { type Market, plainMarket } from '../../backtest/engine/market.ts';
import type { BacktestOptions } from '../../backtest/engine/options.ts';
import type { BacktestResult } from '../../backtest/engine/result.ts';
import { positionsOf } from '../../backtest/engine/trading/positions.ts';
import { monteCarlo } from '../../backtest/metrics/monte-carlo.ts';
import { execute, finish, optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { runTrials } from '../../backtest/run-trials.ts';
import { paramNames, shippedStrategies } from '../../backtest/strategies/registry.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { readCandleFile } from '../../files/read/read-candle-file.ts';
import { type PortfolioFlags, portfolioLimits, printPortfolio, withOrders } from '../backtest/backtest-portfolio.ts';
import { barsOf, listedSeries, type StoredFlags, storedSeries, type TradedSeries, twinFile } from '../backtest/backtest-series.ts';
import { equityTable, overfittingFields, TRADE_COLUMNS, tradeRows } from '../backtest/backtest-tables.ts';
import { printWalkForward, type WalkForwardFlags, walkForwardParts } from '../backtest/backtest-walk-forward.ts';
import { parseMarket } from '../options/column-options.ts';
import { checkMarketFacts, type MarketFactFlags, marketFacts, withMarketFacts } from '../options/market-facts.ts';
import { numberOption } from '../options/number-option.ts';
import { collect } from '../options/strategy-params.ts';
import { type StrategyFlags, trialsFrom } from '../options/strategy-trials.ts';
import { optionsFrom, type TradingFlags } from '../options/trading-options.ts';
import { usageError } from '../terminal/exit.ts';
import { note, printJson } from '../terminal/print.ts';

interface BacktestFlags extends WalkForwardFlags, MarketFactFlags, StrategyFlags, TradingFlags, StoredFlags, PortfolioFlags {
  readonly monteCarlo?: string;
  readonly candles?: string;
  readonly market?: string;
  readonly twin?: string;
  readonly trades?: string;
  readonly equity?: string;
}

const help = (): string => `
Strategies and their parameters:
${shippedStrategies.map((strategy) => `  ${strategy.name} {${paramNames(strategy).join(', ')}}`.padEnd(38) + strategy.summary).join('\n')}
More come from PREDICTLAB_PLUGINS. A list of values (--param fast=5,10,20) runs one trial for each combination.

The candles are a CSV: open_time,open,high,low,close,volume (more columns are ignored; volume may be missing).
A decision at a bar's close fills at the next bar's open. Whoever is still in at the end is closed at the last close (asset),
or settled with --settle and else marked at the last close (probability). The result is JSON; null metrics say why under "undefined".

  predictlab backtest --candles btc.csv --strategy sma-cross --param fast=10 --param slow=30 --fee 0.002
  predictlab backtest --candles btc.csv --strategy sma-cross --param fast=5,10,20 --param slow=30,60 --walk-forward --train 60d --test 14d
  predictlab backtest --symbol BTC_PRICE --interval 1h --portfolio --per-market 0.1 --strategy rsi --monte-carlo 1000
  predictlab backtest --candles senate.csv --market probability --settle 1 --strategy favourite --trades trades.csv`;

/** Adds `predictlab backtest`. */
export function registerBacktest(program: Command): void {
  const command = program
    .command('backtest')
    .description('Backtests a strategy and prints its metrics, its proof and its passport as JSON. On a candle file it needs no server.')
    .option('--candles <csv>', 'the candle file')
    .option('--twin <csv>', 'the candles of the same question elsewhere, for strategies that look at them; --symbol finds its own')
    .option('--symbol <name>', 'or what is stored of a symbol: its markets with their own ticks, fees and results, traded as a run would')
    .option(
      '--interval <interval>',
      'with --symbol: the candles to trade on, such as 1h; of a file: how long its bars last (default: their smallest step)',
    )
    .option('--instrument <id>', 'with --symbol: only this market')
    .option('--portfolio [json]', 'one account for all markets of --symbol, or of a JSON list of candle files with their facts')
    .option('--per-market <share>', 'with --portfolio: most of the equity that an entry puts into one market (default: 0.1)')
    .option('--total <share>', 'with --portfolio: most of the equity that lies in all markets together (default: 1)')
    .option('--strategy <name>', 'one of those below, or a plugin’s')
    .option(
      '--strategies <json>',
      'several, judged together, as a run’s input lists them: [{"name": "rsi", "params": {}}], or a file of that',
    )
    .addOption(
      new Option('--param <name=value>', 'a parameter of the strategy, any number of times').argParser(collect).default([], 'those below'),
    );
  withMarketFacts(command)
    .option('--cash <amount>', 'money at the start (default: 10000)')
    .option('--spread <fraction>', 'what entries pay above the open, or get below it when short (default: 0)')
    .option('--half-spread <price>', 'what every fill, entry and exit, is worse than the open, in units of the price (default: 0)')
    .addOption(new Option('--side <side>', 'long only, or both').choices(['long', 'both']).default('long'))
    .option('--whole-units', 'round sizes down to whole units')
    .option('--market <kind>', 'asset or probability (default: asset, with --settle probability)')
    .option('--fraction <share>', 'part of the cash that goes into each entry (default: all)')
    .option('--units <size>', 'fixed size of each entry, as far as the cash goes')
    .option('--slippage <ticks>', 'ticks that each fill is worse than the open (default: 0)')
    .option('--volume-share <share>', 'most of a bar’s volume that the orders of that bar may take')
    .option('--proof-cuts <n>', 're-runs of the look-ahead proof, 0 for none (default: 4)')
    .option('--seed <n>', 'seed of the proof (default: 1)')
    .option('--walk-forward', 'pick the best trial on --train, trade it on the --test that follows, move on, and so forth')
    .option('--train <length>', 'of a window’s training part, such as 60d')
    .option('--test <length>', 'of a window’s test part, such as 14d')
    .option('--windows <csv>', 'with --walk-forward: also write its windows to this file')
    .option('--monte-carlo <draws>', 'draw so many other orders of the closed positions, and say how returns and drawdowns spread')
    .option('--trades <csv>', 'also write the trades to this file')
    .option('--equity <csv>', 'also write the equity at each bar’s close to this file')
    .option('--json', 'print JSON (always the case)')
    .addHelpText('after', help())
    .action(backtest);
}

async function backtest(flags: BacktestFlags): Promise<void> {
  const parts = walkForwardParts(flags);
  const files = flags.trades !== undefined || flags.equity !== undefined;
  if (parts !== undefined && files) throw usageError('--trades and --equity are of one backtest, not of a walk-forward; leave them out');
  const limits = portfolioLimits(flags);
  if (limits !== undefined && parts !== undefined) throw usageError('--portfolio and --walk-forward exclude each other; give one');
  const draws = numberOption('--monte-carlo', flags.monteCarlo, { least: 1, most: 1_000_000, integer: true });
  const from = sourceOf(flags);
  const own = optionsFrom(flags);
  const { strategies } = await loadPlugins(process.env);
  const trials = await trialsFrom(flags, [...shippedStrategies, ...strategies]);
  const series =
    from === 'stored'
      ? await storedSeries(flags, own, trials)
      : from === 'list'
        ? await listedSeries(flags.portfolio as string, own, barsOf(flags))
        : [await fileSeries(flags, own)];
  if (limits !== undefined) {
    await printPortfolio(series, trials, { limits, files: flags, draws, seed: own.seed });
    return;
  }
  if (parts !== undefined) {
    await printWalkForward(series, {
      trials,
      parts,
      windows: flags.windows,
      stored: from === 'stored' ? { symbol: flags.symbol, interval: flags.interval } : undefined,
      headOf: ({ data }) => headOf(data, namesOf(trials)),
    });
    return;
  }
  if (files && trials.length > 1) {
    throw usageError(
      `--trades and --equity are of one backtest, but the parameters make ${trials.length} trials; give one value for each parameter`,
    );
  }
  if (files && series.length > 1)
    throw usageError(
      `--trades and --equity are of one market, but ${flags.symbol} has ${series.length}; name one with --instrument, or add --portfolio`,
    );
  const results: Record<string, unknown>[] = [];
  for (const { name, data, options } of series) {
    const about = from === 'stored' ? { instrument: name } : {};
    if (trials.length > 1) {
      results.push({ ...about, ...gridOf(data, runTrials(data, trials, options)) });
      continue;
    }
    const result = finish(data, execute(data, trials[0], options), options, { count: 1 });
    await writeFiles(data, result, flags);
    warn(result);
    const orders =
      draws === undefined ? undefined : monteCarlo(positionsOf(result.trades).closed, options.cash, { draws, seed: options.seed });
    results.push({ ...about, ...headOf(data, result), params: result.params, ...withOrders(bodyOf(result), orders) });
  }
  printJson(from === 'stored' ? { symbol: flags.symbol, interval: flags.interval, instruments: results } : results[0]);
}

/** Where the candles come from. @throws ExitError 2 unless there is one answer */
function sourceOf({ candles, symbol, portfolio, instrument, twin }: BacktestFlags): 'file' | 'stored' | 'list' {
  const given = [candles !== undefined, symbol !== undefined, typeof portfolio === 'string'];
  if (given.filter(Boolean).length !== 1)
    throw usageError(
      'say what to trade on: --candles <csv>, or --symbol <name> for what is stored, or --portfolio <json> for several files',
    );
  if (symbol === undefined && instrument !== undefined) throw usageError('--instrument is for --symbol; a candle file has one');
  if (candles === undefined && twin !== undefined)
    throw usageError('--twin is for --candles; --symbol finds what is stored of one, and an entry of --portfolio names its own as "twin"');
  if (candles !== undefined && portfolio === true)
    throw usageError('--portfolio needs several markets: --symbol <name>, or a JSON list of files as its value');
  return candles !== undefined ? 'file' : symbol !== undefined ? 'stored' : 'list';
}

async function fileSeries(flags: BacktestFlags, own: Partial<BacktestOptions>): Promise<TradedSeries> {
  const market = marketFrom(flags);
  const options = optionsFor(market, own);
  const file = flags.candles as string;
  const { candles, whereOf } = await readCandleFile(file);
  const twin = flags.twin === undefined ? null : await twinFile(flags.twin);
  return { name: file, data: backtestData(candles, market, { names: { series: file, whereOf }, barMs: barsOf(flags), twin }), options };
}

function marketFrom(flags: BacktestFlags): Market {
  const facts = marketFacts(flags);
  const { resolution, closesAt, fees, tick } = facts;
  const kind: MarketKind = parseMarket(flags.market) ?? (resolution === undefined ? 'asset' : 'probability');
  checkMarketFacts(facts, kind);
  const end = closesAt === undefined ? null : Date.parse(closesAt);
  return {
    ...plainMarket(kind, fees),
    closesAt: end,
    endsAt: end,
    tickSize: tick ?? null,
    resolution: resolution === undefined ? { kind: 'open' } : { kind: 'settled', payout: resolution, at: null },
  };
}

async function writeFiles({ candles }: BacktestData, result: BacktestResult, files: { trades?: string; equity?: string }): Promise<void> {
  if (files.trades === undefined && files.equity === undefined) return;
  // loaded only when a file is asked for
  const { writeTable } = await import('../../files/write/write-table.ts');
  if (files.trades !== undefined)
    await writeTable({ columns: TRADE_COLUMNS, batches: tradeRows(candles, result.trades) }, 'csv', files.trades);
  if (files.equity !== undefined) await writeTable(equityTable(candles, result.equity), 'csv', files.equity);
}

function gridOf(data: BacktestData, { results, failed, ...judged }: ReturnType<typeof runTrials>): Record<string, unknown> {
  const best = bestOf(results);
  const several = new Set(results.map(({ strategy }) => strategy)).size > 1;
  for (const result of results) warn(result);
  for (const { because } of failed) note(`left out: ${because}`);
  return {
    ...headOf(data, best),
    count: results.length,
    best: {
      params: best.params,
      sharpe: best.metrics.sharpe,
      deflatedSharpe: best.metrics.deflatedSharpe,
      ...(best.weak.sharpe !== undefined && { weak: best.weak.sharpe }),
    },
    ...overfittingFields(judged),
    ...(failed.length > 0 && { failed: failed.map(({ strategy, params, because }) => ({ strategy, params, because })) }),
    trials: results.map((result) => ({ ...(several && { strategy: result.strategy }), params: result.params, ...bodyOf(result) })),
  };
}

/** The highest Sharpe ratio of those that rest on enough; where none does, of all, which is then said. */
function bestOf(results: readonly BacktestResult[]): BacktestResult {
  const strong = results.filter(({ metrics, weak }) => metrics.sharpe !== null && weak.sharpe === undefined);
  return (strong.length === 0 ? results : strong).reduce((leader, result) =>
    (result.metrics.sharpe ?? -Infinity) > (leader.metrics.sharpe ?? -Infinity) ? result : leader,
  );
}

const namesOf = (trials: readonly Trial[]): { strategy: string } => ({
  strategy: [...new Set(trials.map(({ strategy }) => strategy.name))].join(', '),
});

const headOf = ({ candles, market }: BacktestData, { strategy }: Pick<BacktestResult, 'strategy'>): Record<string, unknown> => ({
  strategy,
  market: market.kind,
  bars: candles.length,
  from: new Date(candles.openTime[0]).toISOString(),
  to: new Date(candles.openTime[candles.length - 1]).toISOString(),
});

const bodyOf = (result: BacktestResult) => ({
  ...result.metrics,
  undefined: result.undefined,
  weak: result.weak,
  sample: result.sample,
  standardErrors: result.standardErrors,
  benchmark: result.benchmark,
  cut: result.cut,
  unfilled: result.unfilled,
  ...(result.twin !== null && { twin: result.twin }),
  lookAhead: result.lookAhead,
  passport: result.passport,
});

function warn({ strategy, params, lookAhead }: BacktestResult): void {
  if (lookAhead === null || lookAhead.changed === 0) return;
  if (!lookAhead.deterministic) {
    note(`${strategy} ${JSON.stringify(params)} is ${lookAhead.verdict}; its metrics cannot be repeated`);
    return;
  }
  note(
    `${strategy} ${JSON.stringify(params)} looks into the future: ${lookAhead.verdict}, first at bar ${lookAhead.firstBar}; its metrics cannot be had by trading`,
  );
}
