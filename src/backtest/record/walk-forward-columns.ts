import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Params } from '../strategies/registry.ts';
import type { StretchMetrics } from '../walk-forward/stretch.ts';
import type { FailedPick, WalkCurve, WalkForwardResult } from '../walk-forward/walk-forward.ts';
import type { SkippedWindow, WalkForwardParts, WindowTimes } from '../walk-forward/windows.ts';
import { decodeEquity, type EquityPoint } from './curve-columns.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf } from './fields.ts';
import { encodeOrder, orderedParams } from './passport-column.ts';

/** The stored metrics of a stretch. */
export interface StoredStretch extends Pick<StretchMetrics, 'totalReturn' | 'sharpe' | 'maxDrawdown' | 'trades'> {
  readonly undefined: Readonly<Record<string, string>>;
  readonly weak: Readonly<Partial<Record<string, string>>>;
  readonly sharpeError: number | null;
}

/** A window of a walk-forward as it is stored. */
export interface StoredWindow extends WindowTimes {
  readonly strategy: string;
  readonly params: Params;
  readonly inSample: StoredStretch;
  readonly outOfSample: StoredStretch;
}

/** A walk-forward of a series as it is stored. */
export interface StoredWalkForward extends WalkForwardParts {
  /** Number of trials that each window picked from. */
  readonly trials: number;
  readonly windows: readonly StoredWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** Trials that no window could pick, with the reason. */
  readonly failed: readonly FailedPick[];
  /** Metrics of all test parts together; null if there is no window. */
  readonly outOfSample: (StoredStretch & { readonly deflatedSharpe: number | null }) | null;
  /** Probability of overfitting of the trials, in [0, 1]. */
  readonly overfitting: number | null;
  /** The reasons why `windows` is empty or `overfitting` is null, by name. */
  readonly undefined: Readonly<Record<string, string>>;
  /** The reasons why `overfitting`, or the `picks` of the windows, rest on too little data, by name. */
  readonly weak: Readonly<Record<string, string>>;
}

/** The stored curves of a walk-forward. The curve of all tests, and that of each training part, starts from 1. */
export interface StoredWalkCurves {
  readonly outOfSample: readonly EquityPoint[];
  /** Curve of each window's training part. */
  readonly inSample: readonly (readonly EquityPoint[])[];
}

/** Largest number of stored points of the curve of all tests, and of the curves of all training parts together. */
const MAX_POINTS = 1500;
/** Largest number of stored points of the curve of one training part. */
const MAX_POINTS_PER_PART = 60;

/** Encodes the `result` and `curves` columns of a walk-forward. @param about.trials number of requested trials, failed ones included */
export const encodeWalkForward = (
  result: WalkForwardResult,
  about: WalkForwardParts & { readonly trials: number },
): { readonly result: Fields; readonly curves: Json } => ({
  result: {
    ...about,
    trials: about.trials - result.failed.length,
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
    },
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

/** Encodes the columns of a series without a walk-forward. @param because the reason, one sentence @param failed the first failed trial if all failed */
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
  const group = Math.ceil(growth.length / most);
  const time: number[] = [];
  const equity: number[] = [];
  for (let from = 0; from < growth.length; from += group) {
    const last = Math.min(from + group, growth.length) - 1;
    time.push(openTime[last]);
    equity.push(Number(growth[last].toPrecision(7)));
  }
  return { time, equity };
}

/** Reads the `result` column of a walk-forward; entries that are not windows are left out. */
export function decodeWalkForward(column: Fields): StoredWalkForward {
  const total = column['outOfSample'] ?? null;
  return {
    trainMs: numberOf(column['trainMs']) ?? 0,
    testMs: numberOf(column['testMs']) ?? 0,
    trials: numberOf(column['trials']) ?? 0,
    windows: listOf(column['windows']).flatMap((entry): StoredWindow[] => {
      const fields = fieldsOf(entry);
      const times = timesIn(fields);
      const strategy = textOf(fields['strategy']);
      if (times === null || strategy === null) return [];
      const params = orderedParams(strategy, fieldsOf(fields['params']), fields['order']);
      return [{ ...times, strategy, params, inSample: stretchIn(fields['inSample']), outOfSample: stretchIn(fields['outOfSample']) }];
    }),
    skipped: listOf(column['skipped']).flatMap((entry): SkippedWindow[] => {
      const fields = fieldsOf(entry);
      const times = timesIn(fields);
      return times === null ? [] : [{ ...times, because: textOf(fields['because']) ?? '' }];
    }),
    failed: listOf(column['failed']).map((entry): FailedPick => {
      const fields = fieldsOf(entry);
      const strategy = textOf(fields['strategy']) ?? '';
      return {
        strategy,
        params: orderedParams(strategy, fieldsOf(fields['params']), fields['order']),
        because: textOf(fields['because']) ?? '',
      };
    }),
    outOfSample: total === null ? null : { ...stretchIn(total), deflatedSharpe: numberOf(fieldsOf(total)['deflatedSharpe']) },
    overfitting: numberOf(column['overfitting']),
    undefined: textsOf(column['undefined']),
    weak: textsOf(column['weak']),
  };
}

function timesIn(fields: Fields): WindowTimes | null {
  const [trainFrom, trainTo, testFrom, testTo] = (['trainFrom', 'trainTo', 'testFrom', 'testTo'] as const).map((name) =>
    numberOf(fields[name]),
  );
  if (trainFrom === null || trainTo === null || testFrom === null || testTo === null) return null;
  return { trainFrom, trainTo, testFrom, testTo };
}

function stretchIn(value: Json | undefined): StoredStretch {
  const fields = fieldsOf(value);
  return {
    totalReturn: numberOf(fields['totalReturn']),
    sharpe: numberOf(fields['sharpe']),
    maxDrawdown: numberOf(fields['maxDrawdown']),
    trades: numberOf(fields['trades']) ?? 0,
    undefined: textsOf(fields['undefined']),
    weak: textsOf(fields['weak']),
    sharpeError: numberOf(fields['sharpeError']),
  };
}

/** Reads the `curves` column of a walk-forward. */
export const decodeWalkCurves = (column: Json): StoredWalkCurves => {
  const { outOfSample = null, inSample } = fieldsOf(column);
  return { outOfSample: decodeEquity(outOfSample), inSample: listOf(inSample).map(decodeEquity) };
};
