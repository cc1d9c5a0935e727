import { decodeEquity, decodeHoldEquity, decodeTrades, type EquityPoint, thinned } from '../../../backtest/record/curve-columns.ts';
import { decodeMetrics, rankedSharpe } from '../../../backtest/record/metrics-column.ts';
import type { CandleColumns } from '../../../market/candles/candle-columns.ts';
import type { ChosenBacktest, EmbeddedCandles } from '../../../report/symbol/symbol-data.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { type BacktestHead, backtestCurves } from '../../../storage/ticks/symbol-rows.ts';
import { indicatorLines } from './indicator-lines.ts';

/** Of the drawn equity curve: more than a chart has pixels for. */
const MAX_EQUITY_POINTS = 1000;
/** Curves beside it are thinner. */
const MAX_COMPARED_POINTS = 300;
const MAX_COMPARED = 3;

/** The candles of an interval: those on the page, and all that were read, with what indicators warm up on. */
export interface ReadSeries extends EmbeddedCandles {
  readonly columns: CandleColumns;
}

/**
 * The backtest whose trades and equity are drawn: the highest Sharpe ratio that may be ranked, the first one where none may. With it
 * the best trial of each other strategy on its interval, and what it looks at.
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
  const curves = await backtestCurves(
    queryable,
    [index, ...compared].map((i) => heads[i].id),
  );
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

/** The first of the best; -1 when none is wanted. */
const bestOf = (heads: readonly BacktestHead[], isWanted: (head: BacktestHead) => boolean): number =>
  heads.reduce((best, head, i) => (isWanted(head) && (best === -1 || sharpeOf(head) > sharpeOf(heads[best])) ? i : best), -1);

/** The points from a time on, with the last one before: what was held when it began. */
const sinceThen = (points: readonly EquityPoint[], from: number): readonly EquityPoint[] => {
  const first = points.findIndex(({ time }) => time >= from);
  return first === -1 ? points.slice(-1) : points.slice(Math.max(0, first - 1));
};
