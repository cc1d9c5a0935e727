import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import { INTERVAL_MS, type Interval } from '../../contracts/words.ts';
import type { EquityChart, OtherCurve } from '../charts/equity-svg.ts';
import { shownRange } from '../charts/shown-range.ts';
import type { BacktestRow, EmbeddedCandles, InstrumentSection } from './symbol-data.ts';

/** The chosen strategy's equity beside buying and holding and the other strategies, all over the time that the price chart shows. */
export interface ChosenChart extends EquityChart {
  readonly interval: Interval;
  /** From where the curves beside it start with its equity. */
  readonly from: number;
}

/** Lines of other strategies have a tone each; more are told by the table. */
const MOST_OTHERS = 3;

/** `undefined` where there is nothing to draw. */
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
  const points = marked(chosen.equity, step, range);
  const [start] = points;
  if (start === undefined) return undefined;
  const others: OtherCurve[] = [];
  const held = series === undefined ? [] : buyAndHold(section, series, { from: start.time, to: range.to }, start.equity);
  if (held.length > 0) others.push({ name: 'buy and hold', tone: 'held', points: held });
  for (const [i, other] of (chosen.compared ?? []).slice(0, MOST_OTHERS).entries()) {
    const curve = rebased(marked(other.equity, step, range), start);
    const about = section.backtests[other.index];
    if (curve.length > 0 && about !== undefined) others.push({ name: strategyName(about), tone: `other-${i}`, points: curve });
  }
  return { points, others, range, gaps: section.gaps, interval, from: start.time };
};

/** `sma-cross 10/30` */
export const strategyName = ({ strategy, params }: BacktestRow): string => (params === '' ? strategy : `${strategy} ${params}`);

/** Points at the close of their bars, inside the range; what was held when it begins stands at its edge. */
const marked = (points: readonly EquityPoint[], step: number, range: TimeRange): readonly EquityPoint[] => {
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
