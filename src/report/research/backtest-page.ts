import type { CandleSeries } from '../../backtest/engine/candle-series.ts';
import type { BacktestResult } from '../../backtest/run-backtest.ts';
import { INTERVAL_MS, type Interval, type MarketKind } from '../../contracts/words.ts';
import { candlesPlot, drawnPositions, MAX_TRADES } from '../charts/candles-svg.ts';
import { plot } from '../charts/plot.ts';
import { paramsText, plural } from '../elements/format.ts';
import { html } from '../elements/html.ts';
import { sitePage } from '../site/site-page.ts';
import { strategyTable } from '../symbol/strategy-table.ts';
import type { BacktestTrade } from '../symbol/symbol-data.ts';
import { type ComparedTrial, type ResearchTrial, returnOverHold, strongMetric } from './research-data.ts';
import { comparisonSection, gridSection, trialsTable } from './research-sections.ts';

export interface BacktestPageOptions {
  readonly title: string;
  readonly interval: Interval;
  readonly market: MarketKind;
  readonly candles: CandleSeries;
  readonly results: readonly BacktestResult[];
  /** Probability of overfitting of all results, in [0, 1], and the reason if it rests on too little data. @default unknown */
  readonly overfitting?: { readonly value: number | null; readonly weak?: string };
  readonly madeBy: string;
}

const HEIGHT = 300;
/** Maximum number of candles that are drawn: the last ones. */
const MAX_CANDLES = 1_000;

/** Renders the backtests of one series as a page of research: a file that needs no network and no script. */
export const renderBacktestPage = (options: BacktestPageOptions): string => {
  const { title, candles, results, madeBy } = options;
  const trials = results.map((result, id) => comparedTrial(result, id, options));
  const rows = trials.map(({ trial }) => trial).sort((a, b) => sharpeOf(b) - sharpeOf(a) || edgeOf(b) - edgeOf(a) || a.id - b.id);
  const [best, ...others] = rows;
  const rival = others.find(({ strategy }) => strategy !== best.strategy) ?? others[0];
  return sitePage({
    title: `${title} · backtest`,
    current: 'research',
    isServed: false,
    isWide: true,
    body: html`<header><div class="over"><span class="kind">Backtest</span><h1>${title}</h1></div><p class="facts"><span>${plural(results.length, 'trial')}</span><span>${plural(candles.length, 'candle')} of ${options.interval}</span></p></header>
<main><section><h2>Prices</h2>${best !== undefined && priceChart(options, trials[best.id].trades)}</section>
<section><h2>Results</h2>${strategyTable(rows, best === undefined ? null : 0, 'results')}</section>
<section><h2>Trials</h2>${gridSection(rows, () => null)}${trialsTable(rows)}</section>
${rival !== undefined && html`<section><h2>Compare trade by trade</h2>${comparisonSection([trials[best.id], trials[rival.id]])}</section>`}</main>`,
    footer: html`${madeBy} · times are UTC`,
  });
};

// An unknown value sorts last. The difference of two unknown values is NaN, which is falsy, so the next criterion decides.
const sharpeOf = (trial: ResearchTrial): number => strongMetric(trial, 'sharpe') ?? Number.NEGATIVE_INFINITY;
const edgeOf = (trial: ResearchTrial): number => returnOverHold(trial) ?? Number.NEGATIVE_INFINITY;

const comparedTrial = (
  result: BacktestResult,
  id: number,
  { title, interval, candles: { openTime }, results, overfitting }: BacktestPageOptions,
): ComparedTrial => {
  const { strategy, params, metrics, benchmark, standardErrors, lookAhead, passport, weak, cut, unfilled } = result;
  const { holdReturn, ...reasons } = { holdReturn: benchmark.buyAndHold.totalReturn, undefined: benchmark.undefined, weak: benchmark.weak };
  const trial: ResearchTrial = {
    id,
    symbol: title,
    market: title,
    runId: title,
    strategy,
    params: paramsText(params),
    paramValues: params,
    interval,
    trials: results.filter((one) => one.strategy === strategy).length,
    metrics: { ...metrics },
    undefined: result.undefined,
    weak: { ...weak, ...(overfitting?.weak !== undefined && { overfitting: overfitting.weak }) },
    benchmark: { holdReturn, skill: benchmark.skill, ...reasons },
    sharpeError: standardErrors.sharpe,
    cut,
    unfilled: { ...unfilled },
    proof: lookAhead === null ? null : { changed: lookAhead.changed, decisions: lookAhead.of },
    overfitting: overfitting?.value ?? null,
    passport: passport.id.slice(0, 12),
  };
  const trades = result.trades.map(({ entryBar, exitBar, end: _, ...trade }) => ({
    ...trade,
    entryTime: openTime[entryBar],
    exitTime: openTime[exitBar],
  }));
  return { trial, trades, equity: Array.from(result.equity, (equity, i) => ({ time: openTime[i], equity })) };
};

const priceChart = ({ interval, market, candles }: BacktestPageOptions, trades: readonly BacktestTrade[]) => {
  const from = Math.max(0, candles.length - MAX_CANDLES);
  const shown = Array.from({ length: candles.length - from }, (_, i) => ({
    openTime: candles.openTime[from + i],
    open: candles.open[from + i],
    high: candles.high[from + i],
    low: candles.low[from + i],
    close: candles.close[from + i],
    volume: Number.isNaN(candles.volume[from + i]) ? null : candles.volume[from + i],
    trades: 0,
    complete: true,
  }));
  const range = { from: shown[0]?.openTime ?? 0, to: (shown.at(-1)?.openTime ?? 0) + INTERVAL_MS[interval] };
  return plot(
    candlesPlot({
      series: { interval, candles: shown, total: candles.length },
      range,
      gaps: [],
      quarantineTimes: [],
      marks: [],
      positions: drawnPositions(trades.filter(({ entryTime }) => entryTime >= range.from).slice(-MAX_TRADES)),
      lines: [],
      digits: market === 'probability' ? 3 : 2,
      market,
      height: HEIGHT,
    }),
  );
};
