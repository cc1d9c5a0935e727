import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import type { EquityChart, OtherCurve } from '../charts/equity-svg.ts';
import { shownRange } from '../charts/shown-range.ts';
import type { BacktestRow, EmbeddedCandles, InstrumentSection } from './symbol-data.ts';

/** The equity of the chosen strategy, of buy-and-hold and of other strategies, over the range of the price chart. */
export interface ChosenChart extends EquityChart {
  readonly interval: Interval;
  /** Time from which on the curves are compared. */
  readonly from: number;
}

/** Maximum other strategies that are drawn; the table has all. */
const MAX_OTHERS = 3;

/** The chart of the chosen strategy; `undefined` where there is nothing to draw. */
export const chosenChart = (section: InstrumentSection, asOf: number): ChosenChart | undefined => {
  const { chosen } = section;
  const row = chosen === null ? undefined : section.backtests[chosen.index];
  if (chosen === null || row === undefined || chosen.equity.length === 0) return undefined;
  const { interval } = row;
  const step = INTERVAL_MS[interval];
  const series = section.series.find((one) => one.interval === interval && one.candles.length > 0);
  const first = chosen.equity[0]?.time ?? 0;
  const last = chosen.equity.at(-1)?.time ?? first;
  const range = series === undefined ? { from: first, to: Math.max(last + step, first + 1) } : shownRange(section, series, asOf);
  const points = atClose(chosen.equity, step, range);
  const [start] = points;
  if (start === undefined) return undefined;
  const others: OtherCurve[] = [];
  const held = series === undefined ? [] : buyAndHold(section, series, { from: start.time, to: range.to }, start.equity);
  if (held.length > 0) others.push({ name: 'buy and hold', tone: 'held', points: held });
  for (const [i, other] of (chosen.compared ?? []).slice(0, MAX_OTHERS).entries()) {
    const curve = rebased(atClose(other.equity, step, range), start);
    const about = section.backtests[other.index];
    if (curve.length > 0 && about !== undefined) others.push({ name: strategyName(about), tone: `other-${i}`, points: curve });
  }
  return { points, others, range, gaps: section.gaps, interval, from: start.time };
};

/** A strategy with its parameters: `sma-cross 10/30`. */
export const strategyName = ({ strategy, params }: BacktestRow): string => (params === '' ? strategy : `${strategy} ${params}`);

/** Points at the close of their bars, inside the range; the last equity before the range stands at its start. */
const atClose = (points: readonly EquityPoint[], step: number, range: TimeRange): readonly EquityPoint[] => {
  const closed = points.map(({ time, equity }) => ({ time: time + step, equity }));
  const inside = closed.filter(({ time }) => time >= range.from && time <= range.to);
  const before = closed.findLast(({ time }) => time < range.from);
  return before === undefined ? inside : [{ time: range.from, equity: before.equity }, ...inside];
};

/** The same curve, starting with another's equity. */
const rebased = (points: readonly EquityPoint[], start: EquityPoint): readonly EquityPoint[] => {
  const own = points.find(({ time }) => time >= start.time);
  if (own === undefined || own.equity <= 0) return [];
  const factor = start.equity / own.equity;
  return points.filter(({ time }) => time >= start.time).map(({ time, equity }) => ({ time, equity: equity * factor }));
};

/** What the same equity was worth, put into the first outcome at the first open and held, without fees; to the payout where there is one. */
const buyAndHold = (
  { resolution }: InstrumentSection,
  { candles, interval }: EmbeddedCandles,
  { from, to }: TimeRange,
  equity: number,
): readonly EquityPoint[] => {
  const step = INTERVAL_MS[interval];
  const held = candles.filter(({ openTime }) => openTime + step > from && openTime < to);
  const price = held[0]?.open ?? 0;
  if (price <= 0) return [];
  const points = held.map(({ openTime, close }) => ({ time: Math.min(openTime + step, to), equity: (equity * close) / price }));
  const paid =
    resolution.kind === 'settled' && resolution.at !== null && resolution.at <= to && resolution.at >= (points.at(-1)?.time ?? to)
      ? [{ time: resolution.at, equity: (equity * resolution.payout) / price }]
      : [];
  return [{ time: Math.max(from, held[0]?.openTime ?? from), equity }, ...points, ...paid];
};
