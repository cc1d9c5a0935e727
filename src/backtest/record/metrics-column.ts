import { z } from 'zod';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { termsOf } from '../engine/options.ts';
import type { CalibrationBin, MarketForecasts } from '../metrics/calibration.ts';
import { type BacktestMetrics, METRIC_NAMES } from '../metrics/measured.ts';
import type { BacktestResult } from '../run-backtest.ts';
import { certificateColumns, type Fields, listOf, numberOrNull, numbers, termsColumn, textOrNull, texts, wholeOrNull } from './fields.ts';

/** Encodes the `metrics` column of a result. @param extra values to store that are not part of the result */
export const encodeMetrics = (
  result: BacktestResult,
  extra: {
    readonly overfitting: number | null;
    readonly forecasts?: MarketForecasts | undefined;
    readonly terms: ReturnType<typeof termsOf>;
  },
): Fields => {
  const { undefined: reasons, sample, weak, standardErrors, benchmark, cut, unfilled, spreads, lookAhead, provable, notProvable } = result;
  const stored = { undefined: reasons, sample, weak, standardErrors, benchmark, cut, unfilled, spreads, lookAhead, provable, notProvable };
  return { ...result.metrics, ...(stored as unknown as Fields), ...(extra as unknown as Fields) };
};

/** Encodes the `metrics` column of a trial whose strategy failed. @param because the reason, one sentence */
export const encodeFailure = (because: string, forecasts: MarketForecasts | undefined): Fields => ({
  ...Object.fromEntries(METRIC_NAMES.map((name) => [name, null])),
  failed: because,
  ...(forecasts !== undefined && { forecasts: { ...forecasts } }),
  undefined: Object.fromEntries(METRIC_NAMES.map((name) => [name, because])),
  weak: {},
});

const calibrationBin = z.object({
  from: z.number(),
  to: z.number(),
  count: z.number(),
  markets: z.number().optional(),
  events: z.number().optional(),
  meanForecast: z.number(),
  hitRate: z.number(),
  wilsonLow: z.number(),
  wilsonHigh: z.number(),
}) as z.ZodType<CalibrationBin>;

const metricsColumn = z.object({
  /** The reason why the trial has no result, one sentence, which is also the reason of every metric; null if it has a result. */
  failed: textOrNull,
  /** The reason why a metric is null, by the metric's name. */
  undefined: texts,
  sample: wholeOrNull({ dailyReturns: z.number(), trades: z.number(), events: z.number(), days: z.number() }),
  /** The reason why a metric rests on too little data, by the metric's name. */
  weak: texts,
  cut: numberOrNull,
  /** Number of orders that did not fill, by reason. */
  unfilled: numbers,
  ...certificateColumns,
  terms: termsColumn,
  /** Number of fills at the market by the source of their half-spread. */
  spreads: numbers,
  overfitting: numberOrNull,
  /** The market's closing prices as forecasts of its outcome; null unless the market paid 0 or 1. */
  forecasts: wholeOrNull({
    outcome: z.number(),
    event: z.string().optional(),
    count: z.array(z.number()),
    sum: z.array(z.number()),
  }),
  /** Calibration table of the symbol's resolved markets in the result's interval. */
  calibration: listOf(calibrationBin),
});
const metricValues = z.object(Object.fromEntries(METRIC_NAMES.map((name) => [name, numberOrNull])));
const otherFigures = z.object({
  standardErrors: z.object({ sharpe: numberOrNull }).catch({ sharpe: null }),
  benchmark: z
    .object({ buyAndHold: z.object({ totalReturn: numberOrNull }), skill: numberOrNull, undefined: texts, weak: texts })
    .catch({ buyAndHold: { totalReturn: null }, skill: null, undefined: {}, weak: {} }),
});

/** The stored part of a result in addition to its trades, its curve and its passport; null = not stored. */
export interface StoredMetrics extends Readonly<z.infer<typeof metricsColumn>> {
  readonly metrics: BacktestMetrics;
  readonly sharpeError: number | null;
  /** The return of buying and holding on the same terms, and the strategy's skill compared with the market's price. */
  readonly benchmark: {
    readonly holdReturn: number | null;
    readonly skill: number | null;
    readonly undefined: Readonly<Record<string, string>>;
    readonly weak: Readonly<Record<string, string>>;
  };
}

/** Reads a `metrics` column; fields that are missing are null. */
export function decodeMetrics(column: Fields): StoredMetrics {
  const { standardErrors, benchmark } = otherFigures.parse(column);
  const { buyAndHold, ...skill } = benchmark;
  return {
    ...metricsColumn.parse(column),
    metrics: metricValues.parse(column) as BacktestMetrics,
    sharpeError: standardErrors.sharpe,
    benchmark: { ...skill, holdReturn: buyAndHold.totalReturn },
  };
}

/** The Sharpe ratio by which a result may be ranked; null if it is undefined or weak. */
export const rankedSharpe = ({ metrics, weak }: Pick<StoredMetrics, 'metrics' | 'weak'>): number | null =>
  weak.sharpe === undefined ? metrics.sharpe : null;

/** Encodes a calibration table for the `metrics` column. */
export const encodeCalibration = (bins: readonly CalibrationBin[]): Json => bins.map((bin) => ({ ...bin }));
