import path from 'node:path';
import type { BacktestData } from '../../backtest/engine/backtest-data.ts';
import { termsOf } from '../../backtest/engine/options.ts';
import { positionsOf } from '../../backtest/engine/trading/positions.ts';
import { monteCarlo } from '../../backtest/metrics/monte-carlo.ts';
import type { Overfitting } from '../../backtest/metrics/overfitting.ts';
import { type BacktestResult, execute, finish, type Trial } from '../../backtest/run-backtest.ts';
import { runTrials } from '../../backtest/run-trials.ts';
import { INTERVAL_MS, INTERVALS, type Interval } from '../../contracts/words.ts';
import { VERSION } from '../../version.ts';
import { openInBrowser } from '../terminal/open-in-browser.ts';
import { note, printJson, usageError } from '../terminal/print.ts';
import type { TradedSeries, TriedSeries } from './backtest-series.ts';
import { equityTable, tradeTable } from './backtest-tables.ts';
import { certificateFields, overfittingFields, withOrders } from './result-fields.ts';

export interface BacktestFiles {
  readonly trades?: string;
  readonly equity?: string;
  /** File for a page with the charts of all trials. @default none */
  readonly html?: string;
  /** Whether to open the page of `html` in the browser. */
  readonly open?: boolean;
}

interface Printed {
  readonly files: BacktestFiles;
  readonly draws: number | undefined;
  readonly interval: Interval | undefined;
  /** The symbol, if its stored series are backtested; their results are printed as a list. */
  readonly symbol?: string;
}

/**
 * Backtests every series with every trial and prints the results as JSON.
 * @throws ExitError 2 when output files are named for more than one backtest
 */
export async function printBacktests(series: readonly TriedSeries[], printed: Printed): Promise<void> {
  const { files, draws, symbol, interval } = printed;
  checkFiles(series.length, series[0].trials.length, printed);
  const results: Record<string, unknown>[] = [];
  for (const each of series) {
    const { name, data, options, trials } = each;
    const terms = termsOf(data.market, options);
    const about = symbol === undefined ? {} : { instrument: name };
    if (trials.length > 1) {
      const grid = runTrials(data, trials, options);
      results.push({ ...about, ...gridOf(data, grid), terms });
      await writePage(each, grid.results, printed, grid);
      continue;
    }
    const result = finish(data, execute(data, trials[0], options), options, { count: 1 });
    await writeFiles(data, result, files);
    await writePage(each, [result], printed);
    const orders =
      draws === undefined ? undefined : monteCarlo(positionsOf(result.trades).closed, options.cash, { draws, seed: options.seed });
    results.push({ ...about, ...seriesHead(data, result), params: result.params, ...withOrders(bodyOf(result), orders), terms });
  }
  printJson(symbol === undefined ? results[0] : { symbol, interval, instruments: results });
}

function checkFiles(series: number, trials: number, { files, symbol }: Printed): void {
  const { trades, equity, html, open } = files;
  if (open && html === undefined) throw usageError('--open opens the page of --html; add --html backtest.html');
  if ((trades !== undefined || equity !== undefined) && trials > 1)
    throw usageError(
      `--trades and --equity write one backtest, but the parameters make ${trials} trials; give one value for each parameter`,
    );
  if ((trades !== undefined || equity !== undefined || html !== undefined) && series > 1)
    throw usageError(
      `--trades, --equity and --html write one market, but ${symbol} has ${series}; name one with --instrument, or use \`backtest portfolio\``,
    );
}

async function writeFiles({ candles }: BacktestData, result: BacktestResult, files: BacktestFiles): Promise<void> {
  if (files.trades === undefined && files.equity === undefined) return;
  // The module for tables is loaded only when a file is written.
  const { writeTable } = await import('../../files/write/write-table.ts');
  if (files.trades !== undefined) await writeTable(tradeTable(candles, result.trades), 'csv', files.trades);
  if (files.equity !== undefined) await writeTable(equityTable(candles, result.equity), 'csv', files.equity);
}

/** Writes the page of `--html`, and opens the page if that was requested. */
async function writePage(
  { name, data }: TradedSeries,
  results: readonly BacktestResult[],
  { files, symbol, interval }: Printed,
  overfitting?: Overfitting,
): Promise<void> {
  if (files.html === undefined) return;
  const [{ renderBacktestPage }, { writeFileAtomically }] = await Promise.all([
    import('../../report/research/backtest-page.ts'),
    import('../../files/write/write-output.ts'),
  ]);
  const page = renderBacktestPage({
    title: symbol === undefined ? name : `${symbol} ${name}`,
    interval: interval ?? intervalOf(data.candles.openTime),
    market: data.market.kind,
    candles: data.candles,
    results,
    ...(overfitting && {
      overfitting: { value: overfitting.overfitting, ...(overfitting.overfittingWeak && { weak: overfitting.overfittingWeak }) },
    }),
    madeBy: `predictlab ${VERSION}`,
  });
  await writeFileAtomically(files.html, [page]);
  if (files.open && !(await openInBrowser(path.resolve(files.html)))) note(`no browser could be started; open ${files.html} by hand`);
}

/** The longest interval that is not longer than the smallest step of the bars. */
function intervalOf(openTime: Float64Array): Interval {
  const step = openTime.reduce((least, time, i) => (i === 0 ? least : Math.min(least, time - openTime[i - 1])), Infinity);
  return INTERVALS.findLast((interval) => INTERVAL_MS[interval] <= step) ?? INTERVALS[0];
}

function gridOf(data: BacktestData, { results, failed, ...judged }: ReturnType<typeof runTrials>): Record<string, unknown> {
  const best = bestOf(results);
  const several = new Set(results.map(({ strategy }) => strategy)).size > 1;
  for (const { because } of failed) note(`left out: ${because}`);
  return {
    ...seriesHead(data, best),
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

/** The result with the highest Sharpe ratio among those with enough data; if none has enough, among all results, and the output says so. */
function bestOf(results: readonly BacktestResult[]): BacktestResult {
  const strong = results.filter(({ metrics, weak }) => metrics.sharpe !== null && weak.sharpe === undefined);
  return (strong.length === 0 ? results : strong).reduce((leader, result) =>
    (result.metrics.sharpe ?? -Infinity) > (leader.metrics.sharpe ?? -Infinity) ? result : leader,
  );
}

/** The names of all strategies among the trials, as one text. */
export const strategiesText = (trials: readonly Trial[]): { strategy: string } => ({
  strategy: [...new Set(trials.map(({ strategy }) => strategy.name))].join(', '),
});

/** The fields that identify a series and its strategy. */
export const seriesHead = ({ candles, market }: BacktestData, { strategy }: Pick<BacktestResult, 'strategy'>): Record<string, unknown> => ({
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
  ...certificateFields(result, `${result.strategy} ${JSON.stringify(result.params)}`),
});
