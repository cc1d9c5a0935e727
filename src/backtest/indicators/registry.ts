import { z } from 'zod';
import type { CandleSeries } from '../engine/candle-series.ts';
import { atr } from './atr.ts';
import type { Bands } from './bands.ts';
import { bollinger } from './bollinger.ts';
import { donchian } from './donchian.ts';
import { ema } from './ema.ts';
import type { Reading } from './reading.ts';
import { roc } from './roc.ts';
import { rsi } from './rsi.ts';
import { sma } from './sma.ts';
import { stddev } from './stddev.ts';

const period = (usual: number): z.ZodDefault<z.ZodInt> => z.int().min(1).max(1_000_000).default(usual);

/** The shipped indicators: their parameters with defaults, and the values of bar i from bars up to i. */
export const INDICATORS = {
  sma: { params: z.strictObject({ period: period(20) }), values: (bars: CandleSeries, p: { period: number }) => sma(bars.close, p.period) },
  ema: { params: z.strictObject({ period: period(20) }), values: (bars: CandleSeries, p: { period: number }) => ema(bars.close, p.period) },
  rsi: { params: z.strictObject({ period: period(14) }), values: (bars: CandleSeries, p: { period: number }) => rsi(bars.close, p.period) },
  bollinger: {
    params: z.strictObject({ period: period(20), deviations: z.number().positive().default(2) }),
    values: (bars: CandleSeries, p: { period: number; deviations: number }) => bollinger(bars.close, p.period, p.deviations),
  },
  atr: { params: z.strictObject({ period: period(14) }), values: (bars: CandleSeries, p: { period: number }) => atr(bars, p.period) },
  donchian: {
    params: z.strictObject({ period: period(20) }),
    values: (bars: CandleSeries, p: { period: number }) => donchian(bars, p.period),
  },
  roc: { params: z.strictObject({ period: period(10) }), values: (bars: CandleSeries, p: { period: number }) => roc(bars.close, p.period) },
  stddev: {
    params: z.strictObject({ period: period(20) }),
    values: (bars: CandleSeries, p: { period: number }) => stddev(bars.close, p.period),
  },
} as const;

export type IndicatorName = keyof typeof INDICATORS;
export type IndicatorParams<Name extends IndicatorName> = z.infer<(typeof INDICATORS)[Name]['params']>;

/** One reading, or the three of a channel. */
export type IndicatorReadings<Name extends IndicatorName> =
  ReturnType<(typeof INDICATORS)[Name]['values']> extends Bands ? { readonly [band in keyof Bands]: Reading } : Reading;

/** The names of the indicators, as users write them. */
export const INDICATOR_NAMES = Object.keys(INDICATORS) as readonly IndicatorName[];

/** Computes a shipped indicator over a whole series. */
export function indicatorValues<Name extends IndicatorName>(
  name: Name,
  candles: CandleSeries,
  params: IndicatorParams<Name>,
): Float64Array | Bands {
  const compute = INDICATORS[name].values as (bars: CandleSeries, params: IndicatorParams<Name>) => Float64Array | Bands;
  return compute(candles, params);
}
