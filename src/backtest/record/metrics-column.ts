import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Unfilled } from '../engine/trading/trade.ts';
import type { CalibrationBin, MarketForecasts } from '../metrics/calibration.ts';
import { type BacktestMetrics, METRIC_NAMES, type MetricName } from '../metrics/measured.ts';
import { type Sample, weakOutcomes } from '../metrics/sample.ts';
import type { BacktestResult } from '../run-backtest.ts';
import { type Fields, fieldsOf, listOf, numberOf, numbersOf, textOf, textsOf } from './fields.ts';

/** The stored part of a result in addition to its trades, its curve and its passport; null = not stored. */
export interface StoredMetrics {
  /** The reason why the trial has no result, one sentence, which is also the reason of every metric; null if it has a result. */
  readonly failed: string | null;
  readonly metrics: BacktestMetrics;
  /** The reason for each metric that is null, by its name. */
  readonly undefined: Readonly<Record<string, string>>;
  readonly sample: Sample | null;
  /** The reason for each metric that rests on too little data, by its name. */
  readonly weak: Readonly<Partial<Record<MetricName, string>>>;
  readonly sharpeError: number | null;
  /** The return of buying and holding on the same terms, and the strategy's skill compared with the market's price; null if not stored or undefined. */
  readonly benchmark: {
    readonly holdReturn: number | null;
    readonly skill: number | null;
    readonly undefined: Readonly<Record<string, string>>;
    readonly weak: Readonly<Record<string, string>>;
  };
  /** Number of entries that the volume cap reduced. */
  readonly cut: number | null;
  /** Numbers of orders that did not fill, by reason. */
  readonly unfilled: Readonly<Unfilled>;
  readonly lookAhead: { readonly changed: number; readonly of: number; readonly deterministic: boolean } | null;
  /** Probability of overfitting of all trials on the series, in [0, 1]. */
  readonly overfitting: number | null;
  /** The closes of the market as forecasts; null unless the market paid 0 or 1. */
  readonly forecasts: MarketForecasts | null;
  /** Calibration table of the symbol's resolved markets in the result's interval. */
  readonly calibration: readonly CalibrationBin[];
}

const WEAK_SKILL = weakOutcomes(1) ?? '';

/** Encodes the `metrics` column of a result. @param extra values to store that are not part of the result */
export const encodeMetrics = (
  result: BacktestResult,
  extra: { readonly overfitting: number | null; readonly forecasts?: MarketForecasts | undefined },
): Fields => ({
  ...result.metrics,
  undefined: result.undefined,
  sample: { ...result.sample },
  weak: { ...result.weak },
  standardErrors: { ...result.standardErrors },
  benchmark: {
    ...result.benchmark,
    buyAndHold: { ...result.benchmark.buyAndHold },
    undefined: { ...result.benchmark.undefined },
    weak: { ...result.benchmark.weak },
  },
  cut: result.cut,
  unfilled: { ...result.unfilled },
  lookAhead: result.lookAhead as Json,
  provable: result.provable,
  notProvable: [...result.notProvable],
  overfitting: extra.overfitting,
  ...(extra.forecasts !== undefined && { forecasts: { ...extra.forecasts } }),
});

/** Encodes the `metrics` column of a trial whose strategy failed. @param because the reason, one sentence */
export const encodeFailure = (because: string, forecasts: MarketForecasts | undefined): Fields => ({
  ...Object.fromEntries(METRIC_NAMES.map((name) => [name, null])),
  failed: because,
  ...(forecasts !== undefined && { forecasts: { ...forecasts } }),
  undefined: Object.fromEntries(METRIC_NAMES.map((name) => [name, because])),
  weak: {},
});

/** Reads a `metrics` column; fields that are missing are null. */
export function decodeMetrics(column: Fields): StoredMetrics {
  const sample = fieldsOf(column['sample']);
  const [dailyReturns, trades, days] = [numberOf(sample['dailyReturns']), numberOf(sample['trades']), numberOf(sample['days'])];
  const benchmark = fieldsOf(column['benchmark']);
  const proof = fieldsOf(column['lookAhead']);
  const [changed, of] = [numberOf(proof['changed']), numberOf(proof['of'])];
  return {
    failed: textOf(column['failed']),
    metrics: Object.fromEntries(METRIC_NAMES.map((name) => [name, numberOf(column[name])])) as BacktestMetrics,
    undefined: textsOf(column['undefined']),
    sample:
      dailyReturns === null || trades === null || days === null
        ? null
        : { dailyReturns, trades, events: numberOf(sample['events']) ?? trades, days },
    weak: textsOf(column['weak']),
    sharpeError: numberOf(fieldsOf(column['standardErrors'])['sharpe']),
    benchmark: {
      holdReturn: numberOf(fieldsOf(benchmark['buyAndHold'])['totalReturn']),
      skill: numberOf(benchmark['skill']),
      undefined: textsOf(benchmark['undefined']),
      // without a stored reason: the skill rests on the one outcome of the market
      weak: benchmark['weak'] === undefined ? { skill: WEAK_SKILL } : textsOf(benchmark['weak']),
    },
    cut: numberOf(column['cut']),
    unfilled: numbersOf(column['unfilled']),
    lookAhead: changed === null || of === null ? null : { changed, of, deterministic: proof['deterministic'] !== false },
    overfitting: numberOf(column['overfitting']),
    forecasts: decodeForecasts(column['forecasts']),
    calibration: decodeCalibration(column['calibration']),
  };
}

function decodeForecasts(column: Json | undefined): MarketForecasts | null {
  const fields = fieldsOf(column);
  const outcome = numberOf(fields['outcome']);
  const [count, sum] = [listOf(fields['count']).map(numberOf), listOf(fields['sum']).map(numberOf)];
  if (outcome === null || count.length !== sum.length || count.includes(null) || sum.includes(null)) return null;
  const event = textOf(fields['event']);
  return { outcome, ...(event !== null && { event }), count: count as number[], sum: sum as number[] };
}

/** The Sharpe ratio by which a result may be ranked; null if it is undefined or weak. */
export const rankedSharpe = ({ metrics, weak }: Pick<StoredMetrics, 'metrics' | 'weak'>): number | null =>
  weak.sharpe === undefined ? metrics.sharpe : null;

/** Encodes a calibration table for the `metrics` column. */
export const encodeCalibration = (bins: readonly CalibrationBin[]): Json => bins.map((bin) => ({ ...bin }));

const decodeCalibration = (column: Json | undefined): readonly CalibrationBin[] =>
  listOf(column).flatMap((entry): CalibrationBin[] => {
    const fields = fieldsOf(entry);
    const value = (name: keyof CalibrationBin): number => numberOf(fields[name]) ?? Number.NaN;
    const bin = {
      from: value('from'),
      to: value('to'),
      count: value('count'),
      meanForecast: value('meanForecast'),
      hitRate: value('hitRate'),
      wilsonLow: value('wilsonLow'),
      wilsonHigh: value('wilsonHigh'),
    };
    const [markets, events] = [numberOf(fields['markets']), numberOf(fields['events'])];
    return Object.values(bin).some(Number.isNaN)
      ? []
      : [{ ...bin, ...(markets !== null && { markets }), ...(events !== null && { events }) }];
  });
