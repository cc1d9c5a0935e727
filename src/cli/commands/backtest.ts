import { type Command, Option } from 'commander';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { type BacktestData, backtestData } from '../../backtest/engine/backtest-data.ts';
import { type Market, plainMarket } from '../../backtest/engine/market.ts';
import type { BacktestOptions, Sizing } from '../../backtest/engine/options.ts';
import type { BacktestResult } from '../../backtest/engine/result.ts';
import { execute, finish, optionsFor, type Trial } from '../../backtest/run-backtest.ts';
import { runTrials } from '../../backtest/run-trials.ts';
import { paramNames, shippedStrategies } from '../../backtest/strategies/registry.ts';
import type { MarketKind } from '../../contracts/words.ts';
import { readCandleFile } from '../../files/read/read-candle-file.ts';
import { parseMarket } from '../options/column-options.ts';
import { checkMarketFacts, type MarketFactFlags, marketFacts, withMarketFacts } from '../options/market-facts.ts';
import { numberOption } from '../options/number-option.ts';
import { collect } from '../options/strategy-params.ts';
import { type StrategyFlags, trialsFrom } from '../options/strategy-trials.ts';
import { usageError } from '../terminal/exit.ts';
import { note, printJson } from '../terminal/print.ts';
import { equityTable, TRADE_COLUMNS, tradeRows } from './backtest-tables.ts';
import { printWalkForward, type WalkForwardFlags, walkForwardParts } from './backtest-walk-forward.ts';

interface BacktestFlags extends WalkForwardFlags, MarketFactFlags, StrategyFlags {
  readonly candles: string;
  readonly cash?: string;
  readonly spread?: string;
  readonly halfSpread?: string;
  readonly side: 'long' | 'both';
  readonly wholeUnits?: boolean;
  readonly market?: string;
  readonly fraction?: string;
  readonly units?: string;
  readonly slippage?: string;
  readonly volumeShare?: string;
  readonly proofCuts?: string;
  readonly seed?: string;
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
  predictlab backtest --candles senate.csv --market probability --settle 1 --strategy favourite --trades trades.csv`;

/** Adds `predictlab backtest`. */
export function registerBacktest(program: Command): void {
  const command = program
    .command('backtest')
    .description('Backtests a strategy on a candle file and prints its metrics, its proof and its passport as JSON. Needs no server.')
    .requiredOption('--candles <csv>', 'the candle file')
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
    .option('--trades <csv>', 'also write the trades to this file')
    .option('--equity <csv>', 'also write the equity at each bar’s close to this file')
    .option('--json', 'print JSON (always the case)')
    .addHelpText('after', help())
    .action(backtest);
}

async function backtest(flags: BacktestFlags): Promise<void> {
  const parts = walkForwardParts(flags);
  if (parts !== undefined && (flags.trades !== undefined || flags.equity !== undefined))
    throw usageError('--trades and --equity are of one backtest, not of a walk-forward; leave them out');
  const market = marketFrom(flags);
  const options = optionsFor(market, optionsFrom(flags));
  const { strategies } = await loadPlugins(process.env);
  const trials = trialsFrom(flags, [...shippedStrategies, ...strategies]);
  const { candles, whereOf } = await readCandleFile(flags.candles);
  const data = backtestData(candles, market, { series: flags.candles, whereOf });
  if (parts !== undefined) {
    printWalkForward(data, { trials, options, parts, head: headOf(data, namesOf(trials)) });
    return;
  }
  if (trials.length > 1) {
    if (flags.trades !== undefined || flags.equity !== undefined) {
      throw usageError(
        `--trades and --equity are of one backtest, but the parameters make ${trials.length} trials; give one value for each parameter`,
      );
    }
    printGrid(data, runTrials(data, trials, options));
    return;
  }
  const result = finish(data, execute(data, trials[0], options), options, { count: 1 });
  await writeFiles(data, result, flags);
  warn(result);
  printJson({ ...headOf(data, result), params: result.params, ...bodyOf(result) });
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

function optionsFrom(flags: BacktestFlags): Partial<BacktestOptions> {
  const given = {
    cash: numberOption('--cash', flags.cash),
    spread: numberOption('--spread', flags.spread),
    halfSpread: numberOption('--half-spread', flags.halfSpread),
    slippageTicks: numberOption('--slippage', flags.slippage),
    maxVolumeShare: numberOption('--volume-share', flags.volumeShare),
    proofCuts: numberOption('--proof-cuts', flags.proofCuts),
    seed: numberOption('--seed', flags.seed, { least: 0, most: 2 ** 32 - 1, integer: true }),
    side: flags.side,
    wholeUnits: flags.wholeUnits,
    sizing: sizingFrom(flags),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function sizingFrom(flags: BacktestFlags): Sizing | undefined {
  const fraction = numberOption('--fraction', flags.fraction);
  const units = numberOption('--units', flags.units);
  if (fraction !== undefined && units !== undefined) throw usageError('--fraction and --units exclude each other; give one');
  if (fraction !== undefined) return { kind: 'fraction', fraction };
  return units === undefined ? undefined : { kind: 'fixed', units };
}

async function writeFiles({ candles }: BacktestData, result: BacktestResult, files: { trades?: string; equity?: string }): Promise<void> {
  if (files.trades === undefined && files.equity === undefined) return;
  // loaded only when a file is asked for
  const { writeTable } = await import('../../files/write/write-table.ts');
  if (files.trades !== undefined)
    await writeTable({ columns: TRADE_COLUMNS, batches: tradeRows(candles, result.trades) }, 'csv', files.trades);
  if (files.equity !== undefined) await writeTable(equityTable(candles, result.equity), 'csv', files.equity);
}

function printGrid(data: BacktestData, { results, overfitting, overfittingUndefined }: ReturnType<typeof runTrials>): void {
  const best = bestOf(results);
  const several = new Set(results.map(({ strategy }) => strategy)).size > 1;
  for (const result of results) warn(result);
  printJson({
    ...headOf(data, best),
    count: results.length,
    best: {
      params: best.params,
      sharpe: best.metrics.sharpe,
      deflatedSharpe: best.metrics.deflatedSharpe,
      ...(best.weak.sharpe !== undefined && { weak: best.weak.sharpe }),
    },
    overfitting,
    ...(overfittingUndefined === undefined ? {} : { undefined: { overfitting: overfittingUndefined } }),
    trials: results.map((result) => ({ ...(several && { strategy: result.strategy }), params: result.params, ...bodyOf(result) })),
  });
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

const bodyOf = (result: BacktestResult): Record<string, unknown> => ({
  ...result.metrics,
  undefined: result.undefined,
  weak: result.weak,
  sample: result.sample,
  standardErrors: result.standardErrors,
  cut: result.cut,
  unfilled: result.unfilled,
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
