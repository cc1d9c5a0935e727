import type { TwinInput } from '../../../backtest/engine/backtest-data.ts';
import type { CandleSeries } from '../../../backtest/engine/candle-series.ts';
import type { Trial } from '../../../backtest/run-backtest.ts';
import { shippedStrategies } from '../../../backtest/strategies/registry.ts';
import { INTERVAL_MS, type Interval } from '../../../contracts/words.ts';
import { mirrorPrice } from '../../../market/mirror-price.ts';
import { areReversed } from '../../../market/twin-basis.ts';
import { backtestSeries, type StandingSeries } from '../../../storage/backtests/backtest-series.ts';
import { readCandles } from '../../../storage/candles/candles.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import type { StoredInstrument } from '../../../storage/markets/instruments.ts';
import { twinsOf } from '../../../storage/markets/twins.ts';

export interface StandingTwin {
  readonly id: string;
  readonly series: StandingSeries;
  /** Whether the twin's first outcome is the second outcome of the series. */
  readonly mirrored: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whether a strategy among the trials may read a twin; the shipped ones never do. */
export const mayLookAtTwins = (trials: readonly Pick<Trial, 'strategy'>[]): boolean =>
  trials.some(({ strategy }) => !shippedStrategies.includes(strategy));

/** Finds the twins of instruments. Returns a function that returns an instrument's first twin with candles in an interval, or null. */
export async function standingTwins(
  queryable: Queryable,
  instruments: readonly StoredInstrument[],
  span: Span & { readonly intervals: readonly Interval[] },
): Promise<(instrument: StoredInstrument, interval: Interval) => StandingTwin | null> {
  const twins = await twinsOf(queryable, instruments);
  const keys = [...new Set([...twins.values()].flatMap((found) => found.map(({ key }) => key)))];
  const standing = keys.length === 0 ? [] : await backtestSeries(queryable, { ...span, open: keys, closed: [], closedSince: 0 });
  return (instrument, interval) => {
    for (const twin of twins.get(instrument.key) ?? []) {
      const series = standing.find((one) => one.instrumentKey === twin.key && one.interval === interval);
      if (series !== undefined) return { id: twin.id, series, mirrored: areReversed(instrument.outcomes, twin.outcomes) };
    }
    return null;
  };
}

/** A twin's bars, with the prices converted to the first outcome of the instrument whose twin it is. */
export async function readTwin(queryable: Queryable, { id, series, mirrored }: StandingTwin, { from, to }: Span): Promise<TwinInput> {
  const { instrumentKey, priceType, interval } = series;
  const barMs = INTERVAL_MS[interval];
  const stored = await readCandles(queryable, {
    instrumentKey,
    priceType,
    interval,
    ...(Number.isFinite(from) && { from }),
    to: to - barMs + 1,
    completeOnly: true,
  });
  const candles = mirrored ? mirroredCandles(stored) : stored;
  const whereOf = (bar: number): string => `the twin ${id} ${interval}, ${new Date(candles.openTime[bar]).toISOString()}`;
  return { id, candles, barMs, names: { series: `the twin ${id} ${interval}`, whereOf } };
}

const mirroredCandles = ({ length, openTime, open, high, low, close, volume }: CandleSeries): CandleSeries => ({
  length,
  openTime,
  open: open.map(mirrorPrice),
  high: low.map(mirrorPrice),
  low: high.map(mirrorPrice),
  close: close.map(mirrorPrice),
  volume,
});
