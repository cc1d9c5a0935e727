import type { CandleSeries } from '../../../backtest/engine/candle-series.ts';
import { type IndicatorName, indicatorValues } from '../../../backtest/indicators/registry.ts';
import { decodeEquity, decodeHoldEquity, decodeTrades, type EquityPoint, thinned } from '../../../backtest/record/curve-columns.ts';
import { decodeMetrics, rankedSharpe } from '../../../backtest/record/metrics-column.ts';
import { decodeWalkCurves, decodeWalkForward } from '../../../backtest/record/walk-forward-columns.ts';
import type { Json } from '../../../contracts/run/pipeline-input.ts';
import type { Interval } from '../../../contracts/words.ts';
import type { CandleColumns } from '../../../market/candles/candle-columns.ts';
import type { ChosenBacktest, EmbeddedCandles, IndicatorLine, WalkForwardSection } from '../../../report/symbol/symbol-data.ts';
import { type WalkForwardHead, walkForwardCurves } from '../../../storage/backtests/walk-forwards.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { type BacktestHead, backtestCurves } from '../../../storage/ticks/symbol-rows.ts';

/** Maximum number of points of the drawn equity curve: more than a chart has pixels. */
const MAX_EQUITY_POINTS = 1000;
/** Maximum number of points of each curve that is shown for comparison; the chosen backtest's own curve has more. */
const MAX_COMPARED_POINTS = 300;
const MAX_COMPARED = 3;

/** The candles of an interval that the page shows, and all that were read, including earlier ones that indicators need. */
export interface ReadSeries extends EmbeddedCandles {
  readonly columns: CandleColumns;
}

/**
 * Loads the backtest whose trades and equity are drawn (the highest Sharpe ratio that may be ranked, else the first one), the best trial of
 * each other strategy on its interval, and the indicators of its strategy.
 */
export async function loadChosenBacktest(
  queryable: Queryable,
  heads: readonly BacktestHead[],
  series: readonly ReadSeries[],
): Promise<ChosenBacktest | null> {
  const index = bestOf(heads, hasResult);
  const head = heads[index];
  if (head === undefined) return null;
  const compared = [...new Set(heads.map(({ strategy }) => strategy))]
    .filter((strategy) => strategy !== head.strategy)
    .map((strategy) => bestOf(heads, (other) => other.strategy === strategy && other.interval === head.interval && hasResult(other)))
    .filter((other) => other !== -1)
    .sort((a, b) => sharpeOf(heads[b]) - sharpeOf(heads[a]) || a - b)
    .slice(0, MAX_COMPARED);
  const ids = [index, ...compared].map((i) => heads[i].id);
  const curves = await backtestCurves(queryable, ids);
  const own = curves.get(head.id);
  if (own === undefined) return null;
  const shown = series.find(({ interval }) => interval === head.interval);
  const from = shown?.candles[0]?.openTime ?? Number.NEGATIVE_INFINITY;
  return {
    index,
    trades: decodeTrades(own.trades),
    equity: thinned(sinceThen(decodeEquity(own.equity), from), MAX_EQUITY_POINTS),
    hold: sinceThen(decodeHoldEquity(own.equity), from),
    compared: compared.flatMap((i) => {
      const curve = curves.get(heads[i].id);
      return curve === undefined ? [] : [{ index: i, equity: thinned(sinceThen(decodeEquity(curve.equity), from), MAX_COMPARED_POINTS) }];
    }),
    indicators: shown === undefined || shown.candles.length === 0 ? [] : indicatorLines(head, shown.columns, from),
  };
}

const hasResult = (head: BacktestHead): boolean => decodeMetrics(head.metrics).failed === null;

const sharpeOf = (head: BacktestHead): number => rankedSharpe(decodeMetrics(head.metrics)) ?? Number.NEGATIVE_INFINITY;

/** Index of the wanted backtest with the highest Sharpe ratio, the first one if several are equal; -1 when none is wanted. */
const bestOf = (heads: readonly BacktestHead[], isWanted: (head: BacktestHead) => boolean): number =>
  heads.reduce((best, head, i) => (isWanted(head) && (best === -1 || sharpeOf(head) > sharpeOf(heads[best])) ? i : best), -1);

/** The points from a time on, preceded by the last one before it, which still holds at that time. */
const sinceThen = (points: readonly EquityPoint[], from: number): readonly EquityPoint[] => {
  const first = points.findIndex(({ time }) => time >= from);
  return first === -1 ? points.slice(-1) : points.slice(Math.max(0, first - 1));
};

/** Loads an instrument's walk-forwards, with the curves of one to draw: that of the given interval, else the first one with windows. */
export async function loadWalkForwards(
  queryable: Queryable,
  heads: readonly WalkForwardHead[],
  interval: Interval | undefined,
): Promise<readonly WalkForwardSection[]> {
  const all = heads.map((head) => ({ head, stored: decodeWalkForward(head.result) }));
  const withWindows = all.filter(({ stored }) => stored.windows.length > 0);
  const drawn = withWindows.find(({ head }) => head.interval === interval) ?? withWindows[0];
  const curves = drawn === undefined ? undefined : await walkForwardCurves(queryable, drawn.head.id);
  return all.map(({ head, stored }) => ({
    ...stored,
    interval: head.interval,
    curves: head === drawn?.head && curves !== undefined ? decodeWalkCurves(curves) : null,
  }));
}

/** Indicators of each shipped strategy that can be drawn over the price, because they have its unit, with their parameters. */
const LOOKS_AT: Readonly<Record<string, (params: Readonly<Record<string, Json>>) => readonly (readonly [IndicatorName, object])[]>> = {
  'sma-cross': ({ fast, slow }) => [
    ['sma', { period: fast }],
    ['sma', { period: slow }],
  ],
  'ema-cross': ({ fast, slow }) => [
    ['ema', { period: fast }],
    ['ema', { period: slow }],
  ],
  bollinger: ({ period, deviations }) => [['bollinger', { period, deviations }]],
  breakout: ({ period }) => [['donchian', { period }]],
};

/**
 * Lines of a strategy's own indicators, on its bars from `from` on. Strategies of plugins, and those on another scale (rsi, roc), have
 * none.
 *
 * @param candles also the bars before `from` that the indicators need
 * @param from UTC epoch milliseconds
 */
export function indicatorLines(
  { strategy, params }: { readonly strategy: string; readonly params: Readonly<Record<string, Json>> },
  candles: CandleSeries,
  from: number,
): readonly IndicatorLine[] {
  if (strategy === 'favourite' && typeof params['threshold'] === 'number')
    return [line(`threshold ${params['threshold']}`, new Float64Array(candles.length).fill(params['threshold']), candles, from)];
  const looks = Object.hasOwn(LOOKS_AT, strategy) ? LOOKS_AT[strategy](params) : [];
  return looks.flatMap(([name, given]) => {
    const numbers = Object.values(given) as unknown[];
    if (!numbers.every((value) => typeof value === 'number')) return [];
    const values = indicatorValues(name, candles, given as never);
    const label = `${name} ${numbers.join('/')}`;
    if (values instanceof Float64Array) return [line(label, values, candles, from)];
    return (['lower', 'middle', 'upper'] as const).map((band) => line(`${label} ${band}`, values[band], candles, from));
  });
}

const line = (name: string, values: Float64Array, { openTime }: CandleSeries, from: number): IndicatorLine => ({
  name,
  points: [...values].flatMap((price, i) => (openTime[i] >= from && Number.isFinite(price) ? [{ time: openTime[i], price }] : [])),
});
