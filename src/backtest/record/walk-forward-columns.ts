import { z } from 'zod';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Params } from '../strategies/registry.ts';
import type { StretchMetrics } from '../walk-forward/stretch.ts';
import type { FailedPick, WalkCurve, WalkForwardResult } from '../walk-forward/walk-forward.ts';
import type { WalkForwardParts } from '../walk-forward/windows.ts';
import { decodeEquity, type EquityPoint, grouped } from './curve-columns.ts';
import {
  certificateColumns,
  type Fields,
  listOf,
  numberOrNull,
  numbers,
  paramsAndOrder,
  storedCertificate,
  termsColumn,
  texts,
  wholeOrNull,
} from './fields.ts';
import { encodeOrder, orderedParams } from './passport-column.ts';

const stretchColumn = {
  totalReturn: numberOrNull,
  sharpe: numberOrNull,
  maxDrawdown: numberOrNull,
  trades: z.number().catch(0),
  undefined: texts,
  weak: texts,
  sharpeError: numberOrNull,
};
const timesColumn = { trainFrom: z.number(), trainTo: z.number(), testFrom: z.number(), testTo: z.number() };
const because = z.string().catch('');
const inOrder = <Row extends { strategy: string; params: Params; order: readonly string[] }>({ order, ...row }: Row) => ({
  ...row,
  params: orderedParams(row.strategy, row.params, order),
});

const walkForwardColumn = z.object({
  trainMs: z.number().catch(0),
  testMs: z.number().catch(0),
  /** Number of trials from which each window picked one. */
  trials: z.number().catch(0),
  windows: listOf(
    z
      .object({ ...timesColumn, ...paramsAndOrder, inSample: z.object(stretchColumn), outOfSample: z.object(stretchColumn) })
      .transform(inOrder),
  ),
  skipped: listOf(z.object({ ...timesColumn, because })),
  /** Trials that no window could pick, with the reason. */
  failed: listOf(z.object({ ...paramsAndOrder, because }).transform(inOrder)),
  /** Metrics of all test parts together; null if there is no window. */
  outOfSample: wholeOrNull({ ...stretchColumn, deflatedSharpe: numberOrNull, spreads: numbers }),
  terms: termsColumn,
  /** Probability of overfitting of the trials, in [0, 1]. */
  overfitting: numberOrNull,
  ...certificateColumns,
  passport: wholeOrNull({ id: z.string() }),
  /** The reasons why `windows` is empty or `overfitting` is null, by name. */
  undefined: texts,
  /** The reasons why `overfitting`, or the `picks` of the windows, rest on too little data, by name. */
  weak: texts,
});

/** A walk-forward of a series as it is stored. */
export type StoredWalkForward = Readonly<z.infer<typeof walkForwardColumn>>;
export type StoredWindow = StoredWalkForward['windows'][number];
export type StoredStretch = StoredWindow['inSample'];

/** Reads the `result` column of a walk-forward; entries that are not windows are left out. */
export const decodeWalkForward = (column: Fields): StoredWalkForward => walkForwardColumn.parse(column);

/** The stored curves of a walk-forward. Each training part's curve and the chained curve of all test parts start from 1. */
export interface StoredWalkCurves {
  readonly outOfSample: readonly EquityPoint[];
  readonly inSample: readonly (readonly EquityPoint[])[];
}

/** Maximum number of stored points of the curve of all test parts, and of the curves of all training parts together. */
const MAX_POINTS = 1500;
/** Maximum number of stored points of the curve of one training part. */
const MAX_POINTS_PER_PART = 60;

/** Encodes the `result` and `curves` columns of a walk-forward. @param about.trials number of requested trials, failed ones included */
export const encodeWalkForward = (
  result: WalkForwardResult,
  about: WalkForwardParts & { readonly trials: number },
): { readonly result: Fields; readonly curves: Json } => ({
  result: {
    ...about,
    trials: about.trials - result.failed.length,
    ...storedCertificate(result),
    ...failedFields(result.failed),
    windows: result.windows.map(({ inSample, outOfSample, params, ...window }) => ({
      ...window,
      params: { ...params },
      order: encodeOrder(params),
      inSample: stretchFields(inSample),
      outOfSample: stretchFields(outOfSample),
    })),
    skipped: result.skipped.map((window) => ({ ...window })),
    outOfSample: {
      ...stretchFields(result.outOfSample, ['deflatedSharpe']),
      deflatedSharpe: result.outOfSample.deflatedSharpe,
      spreads: { ...result.outOfSample.spreads },
    },
    terms: result.terms as unknown as Fields,
    overfitting: result.overfitting,
    undefined: result.overfittingUndefined === undefined ? {} : { overfitting: result.overfittingUndefined },
    weak: {
      ...(result.overfittingWeak !== undefined && { overfitting: result.overfittingWeak }),
      ...(result.picksWeak !== undefined && { picks: result.picksWeak }),
    },
  },
  curves: {
    outOfSample: curveFields(chained(result.curves.map(({ outOfSample }) => outOfSample)), MAX_POINTS),
    inSample: result.curves.map(({ inSample }) =>
      curveFields(inSample, Math.max(2, Math.min(MAX_POINTS_PER_PART, Math.floor(MAX_POINTS / result.curves.length)))),
    ),
  },
});

/** Encodes the columns of a series without a walk-forward. @param because the reason @param failed the first failed trial if all failed */
export const encodeNoWalkForward = (
  because: string,
  about: WalkForwardParts & { readonly trials: number },
  failed: readonly FailedPick[] = [],
): { readonly result: Fields; readonly curves: Json } => ({
  result: {
    ...about,
    ...failedFields(failed),
    windows: [],
    skipped: [],
    outOfSample: null,
    overfitting: null,
    undefined: { windows: because },
    weak: {},
  },
  curves: { outOfSample: { time: [], equity: [] }, inSample: [] },
});

const failedFields = (failed: readonly FailedPick[]): Fields =>
  failed.length === 0
    ? {}
    : { failed: failed.map(({ params, ...one }) => ({ ...one, params: { ...params }, order: encodeOrder(params) })) };

const KEPT = ['totalReturn', 'sharpe', 'maxDrawdown', 'trades'];

function stretchFields(stretch: StretchMetrics, more: readonly string[] = []): Fields {
  const { totalReturn, sharpe, maxDrawdown, trades, standardErrors } = stretch;
  const kept = (reasons: Readonly<Record<string, string | undefined>>): Fields =>
    Object.fromEntries([...KEPT, ...more].flatMap((name) => (reasons[name] === undefined ? [] : [[name, reasons[name]]])));
  return {
    totalReturn,
    sharpe,
    maxDrawdown,
    trades,
    undefined: kept(stretch.undefined),
    weak: kept(stretch.weak),
    sharpeError: standardErrors.sharpe,
  };
}

/** Chains curves: each part continues from the growth of the previous one. */
function chained(parts: readonly WalkCurve[]): WalkCurve {
  const openTime: number[] = [];
  const growth: number[] = [];
  let base = 1;
  for (const part of parts) {
    openTime.push(...part.openTime);
    growth.push(...part.growth.map((value) => base * value));
    base *= part.growth[part.growth.length - 1];
  }
  return { openTime: Float64Array.from(openTime), growth: Float64Array.from(growth) };
}

/** Encodes a curve for drawing: the last value of each of at most `most` equal groups of bars, rounded to 7 digits. */
function curveFields({ openTime, growth }: WalkCurve, most: number): Json {
  const { time, equity } = grouped(openTime, growth, most);
  return { time, equity: equity.map((value) => Number(value.toPrecision(7))) };
}

const curvesColumn = z.object({ outOfSample: z.unknown(), inSample: z.array(z.unknown()) }).catch({ outOfSample: null, inSample: [] });

/** Reads the `curves` column of a walk-forward. */
export function decodeWalkCurves(column: Json): StoredWalkCurves {
  const { outOfSample, inSample } = curvesColumn.parse(column);
  return { outOfSample: decodeEquity(outOfSample), inSample: inSample.map(decodeEquity) };
}
