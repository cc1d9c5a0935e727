import { type Command, Option } from 'commander';
import { loadPlugins } from '../../activities/custom/load-plugins.ts';
import { isShipped } from '../../backtest/engine/decisions.ts';
import type { BacktestOptions } from '../../backtest/engine/options.ts';
import type { Trial } from '../../backtest/run-backtest.ts';
import { paramNames, shippedStrategies } from '../../backtest/strategies/registry.ts';
import { MARKET_KINDS } from '../../contracts/words.ts';
import { portfolioLimits, printPortfolio } from '../backtest/backtest-portfolio.ts';
import {
  fileSeries,
  listedSeries,
  type SeriesFlags,
  storedSeries,
  type TradedSeries,
  type TriedSeries,
} from '../backtest/backtest-series.ts';
import { printWalkForward } from '../backtest/backtest-walk-forward.ts';
import { type BacktestFiles, printBacktests, seriesHead, strategiesText } from '../backtest/print-backtest.ts';
import { marketFacts, withMarketFacts } from '../options/market-facts.ts';
import { checkTargets } from '../options/output-target.ts';
import { takesCount, takesInterval, takesLength, takesNumber, takesWord } from '../options/parsers.ts';
import { isInline } from '../options/read-text.ts';
import { type StrategyFlags, trialsFrom } from '../options/strategy-trials.ts';
import { optionsFrom, type TradingFlags, withTrading } from '../options/trading-options.ts';
import { usageError } from '../terminal/print.ts';

interface CommonFlags extends StrategyFlags, TradingFlags, SeriesFlags, BacktestFiles {
  readonly monteCarlo?: number;
}

const strategiesHelp = (): string => `
Strategies and their parameters:
${shippedStrategies.map((strategy) => `  ${strategy.name} {${paramNames(strategy).join(', ')}}`.padEnd(38) + strategy.summary).join('\n')}
More come from PREDICTLAB_PLUGINS. A list of values (--param fast=5,10,20) runs one trial for each combination.

A decision at a bar's close fills at the next bar's open. A position that is open at the end is closed at the last close (asset), or
settled with --settle and otherwise marked at the last close (probability). The result is JSON: null metrics have their reason under
"undefined", and "terms" says how it traded and where that differs from the defaults of a run.`;

const FILE_HELP = `
The candles are a CSV: open_time,open,high,low,close,volume (other columns are ignored; volume may be missing). One file holds one series.`;

/** Registers `predictlab backtest`. */
export default function register(backtest: Command): void {
  backtest.description('Backtests strategies and prints their metrics, the look-ahead proof and the passport as JSON.');
  const file = backtest
    .command('file')
    .summary('backtest a candle file; needs no server')
    .argument('[csv]', 'the candle file')
    .addOption(new Option('--candles <csv>', 'the candle file').hideHelp());
  withPage(withFileFacts(withOutputs(withTrading(file))))
    .addOption(takesInterval('length of the bars (default: their smallest step)'))
    .addHelpText('after', () => FILE_HELP + strategiesHelp())
    .action(async (csv: string | undefined, flags: CommonFlags) => {
      const candles = oneOf(csv, flags.candles, 'name the candle file: predictlab backtest file candles.csv --strategy rsi');
      await checkTargets(filesOf(flags), [candles, flags.twin, flags.strategies]);
      const { own, tried } = await trading(flags);
      await printBacktests(await tried([await fileSeries({ ...flags, candles }, own)]), {
        files: flags,
        draws: flags.monteCarlo,
        interval: flags.interval,
      });
    });

  const symbol = backtest
    .command('symbol')
    .summary('backtest the stored candles of a symbol, with the facts of its markets')
    .argument('[symbol]', 'the symbol')
    .addOption(new Option('--symbol <name>', 'the symbol').hideHelp());
  withPage(withStored(withOutputs(withTrading(symbol))))
    .addHelpText('after', strategiesHelp)
    .action(async (name: string | undefined, flags: CommonFlags) => {
      const symbol = oneOf(name, flags.symbol, 'name the symbol: predictlab backtest symbol BTC_PRICE --interval 1h --strategy rsi');
      await checkTargets(filesOf(flags), [flags.strategies]);
      const { own, trials, tried } = await trading(flags);
      const series = await tried(await storedSeries({ ...flags, symbol }, own, trials));
      await printBacktests(series, { files: flags, draws: flags.monteCarlo, interval: flags.interval, symbol });
    });

  const portfolio = backtest
    .command('portfolio')
    .summary('trade several markets from one account')
    .argument('[list]', 'a JSON list of candle files with the facts about their markets, or a file with one')
    .option('--symbol <name>', 'trade the stored markets of a symbol instead')
    .addOption(takesNumber('--per-market <share>', 'maximum share of equity that an entry invests in one market (default: 0.1)'))
    .addOption(takesNumber('--total <share>', 'maximum share of equity invested across all markets (default: 1)'));
  withStored(withOutputs(withTrading(portfolio)))
    .addHelpText('after', strategiesHelp)
    .action(async (list: string | undefined, flags: CommonFlags & { readonly perMarket?: number; readonly total?: number }) => {
      oneOf(list, flags.symbol, 'name the markets: a JSON list of candle files, or --symbol <name> for stored ones');
      const limits = portfolioLimits(flags);
      await checkTargets(filesOf(flags), [list === undefined || isInline(list) ? undefined : list, flags.strategies]);
      const { own, trials, tried } = await trading(flags);
      const series = list === undefined ? await storedSeries(flags, own, trials) : await listedSeries(list, own, flags.interval);
      await printPortfolio(await tried(series), { limits, files: flags, draws: flags.monteCarlo, seed: own.seed });
    });

  const walkForward = backtest
    .command('walk-forward')
    .summary('pick the best trial on past data, trade it on the data that follows, and repeat')
    .option('--candles <csv>', 'walk through a candle file')
    .option('--symbol <name>', 'walk through the stored candles of a symbol')
    .addOption(takesLength('--train <length>', 'length of the part of a window in which the best trial is picked, such as 60d'))
    .addOption(takesLength('--test <length>', 'length of the next part of the window, in which the picked trial trades, such as 14d'))
    .option('--windows <csv>', 'also write the windows to this file');
  withStored(withFileFacts(withTrading(walkForward)))
    .addHelpText('after', () => FILE_HELP + strategiesHelp())
    .action(async (flags: CommonFlags & { readonly train?: number; readonly test?: number; readonly windows?: string }) => {
      oneOf(flags.candles, flags.symbol, 'name the candles: --candles <csv>, or --symbol <name> for stored ones');
      if (flags.symbol !== undefined) refuseFileFacts(flags);
      const { train: trainMs, test: testMs } = flags;
      if (trainMs === undefined || testMs === undefined)
        throw usageError(`backtest walk-forward needs ${trainMs === undefined ? '--train' : '--test'}, a duration such as 60d`);
      await checkTargets({ '--windows': flags.windows }, [flags.candles, flags.twin, flags.strategies]);
      const { own, trials, tried } = await trading(flags);
      const series = flags.symbol === undefined ? [await fileSeries(flags, own)] : await storedSeries(flags, own, trials);
      await printWalkForward(await tried(series, 'walked'), {
        parts: { trainMs, testMs },
        windows: flags.windows,
        stored: flags.symbol === undefined ? undefined : { symbol: flags.symbol, interval: flags.interval },
        headOf: ({ data }) => seriesHead(data, strategiesText(trials)),
      });
    });
}

const withOutputs = (command: Command): Command =>
  command
    .addOption(
      takesCount(
        '--monte-carlo <draws>',
        'shuffle the closed positions this many times and report the spread of returns and drawdowns',
        1,
        1_000_000,
      ),
    )
    .option('--trades <csv>', 'also write the trades to this file')
    .option('--equity <csv>', 'also write the equity at each bar’s close to this file');

const withPage = (command: Command): Command =>
  command
    .option('--html <file>', 'also write a page with the charts of candles, trades and equity, which needs no server')
    .option('--open', 'open that page in the browser');

const withFileFacts = (command: Command): Command =>
  withMarketFacts(command)
    .addOption(
      takesWord(
        '--market <kind>',
        'asset or probability (default: probability with --settle, otherwise guessed from the prices)',
        MARKET_KINDS,
      ),
    )
    .option('--twin <csv>', 'candles of the same question at another venue, for strategies that use them');

const withStored = (command: Command): Command =>
  command.addOption(takesInterval('interval of the candles, such as 1h')).option('--instrument <id>', 'only this market of the symbol');

/** The value given either as an argument or as an option. @throws ExitError 2 unless exactly one of them is given */
function oneOf(argument: string | undefined, option: string | undefined, missing: string): string {
  if (argument !== undefined && option !== undefined) throw usageError(`${argument} and ${option} exclude each other; give one`);
  const value = argument ?? option;
  if (value === undefined) throw usageError(missing);
  return value;
}

const filesOf = ({ trades, equity, html }: BacktestFiles): Record<string, string | undefined> => ({
  '--trades': trades,
  '--equity': equity,
  '--html': html,
});

/** Refuses options about a market that is stored. @throws ExitError 2 that names the option */
function refuseFileFacts(flags: SeriesFlags): void {
  if (Object.keys(marketFacts(flags)).length > 0 || flags.twin !== undefined || flags.market !== undefined)
    throw usageError('facts about a market, --market and --twin apply to candle files; a stored market has its own, leave them out');
}

/** The options and trials of the flags. `tried` loads plugins again for each series, and once more for the parts of a walk-forward. */
async function trading(flags: CommonFlags): Promise<{
  readonly own: Partial<BacktestOptions>;
  readonly trials: readonly Trial[];
  readonly tried: (series: readonly TradedSeries[], parts?: 'walked') => Promise<readonly TriedSeries[]>;
}> {
  const own = optionsFrom(flags);
  const load = async (copy?: number): Promise<readonly Trial[]> => {
    const { strategies } = await loadPlugins(process.env, copy === undefined ? {} : { copy });
    return await trialsFrom(flags, [...shippedStrategies, ...strategies]);
  };
  const trials = await load();
  const shipped = trials.every(({ strategy }) => isShipped(strategy));
  return {
    own,
    trials,
    async tried(series, parts) {
      const all: TriedSeries[] = [];
      let copies = 0;
      for (const [index, each] of series.entries()) {
        const own = shipped || index === 0 ? trials : await load(++copies);
        const again = shipped || parts === undefined ? [] : await load(++copies);
        all.push({
          ...each,
          trials: own.map((trial, at) => (again[at] === undefined ? trial : { ...trial, restarted: again[at].strategy })),
        });
      }
      return all;
    },
  };
}
