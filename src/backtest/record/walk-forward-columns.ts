import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { Params } from '../strategies/registry.ts';
import type { StretchMetrics } from '../walk-forward/stretch.ts';
import type { FailedPick, WalkCurve, WalkForwardResult } from '../walk-forward/walk-forward.ts';
import type { SkippedWindow, WalkForwardParts, WindowTimes } from '../walk-forward/windows.ts';
import { decodeEquity, type EquityPoint } from './curve-columns.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf } from './fields.ts';
import { encodeOrder, orderedParams } from './params-order.ts';

/** What is kept of a stretch. */
export interface StoredStretch extends Pick<StretchMetrics, 'totalReturn' | 'sharpe' | 'maxDrawdown' | 'trades'> {
  readonly undefined: Readonly<Record<string, string>>;
  readonly weak: Readonly<Partial<Record<string, string>>>;
  readonly sharpeError: number | null;
}

/** A window as it is stored. */
export interface StoredWindow extends WindowTimes {
  readonly strategy: string;
  readonly params: Params;
  readonly inSample: StoredStretch;
  readonly outOfSample: StoredStretch;
}

/** A series' walk-forward as it is stored. */
export interface StoredWalkForward extends WalkForwardParts {
  /** Combinations that each window picked from. */
  readonly trials: number;
  readonly windows: readonly StoredWindow[];
  readonly skipped: readonly SkippedWindow[];
  /** Combinations that no window could pick, and why. */
  readonly failed: readonly FailedPick[];
  /** All tests as one; null where there is no window. */
  readonly outOfSample: (StoredStretch & { readonly deflatedSharpe: number | null }) | null;
  /** Probability of overfitting of the trials, in [0, 1]. */
  readonly overfitting: number | null;
  /** Why there is no `windows`, no `overfitting`. */
  readonly undefined: Readonly<Record<string, string>>;
  /** Why its `overfitting`, or the `picks` of its windows, should not be relied on. */
  readonly weak: Readonly<Record<string, string>>;
}

/** Its curves; of 1 that the first test begins with, and that each training part begins with. */
export interface StoredWalkCurves {
  readonly outOfSample: readonly EquityPoint[];
  /** By window. */
  readonly inSample: readonly (readonly EquityPoint[])[];
}

/** Points that are stored of the curve of all tests, and of those of all training parts together. */
const MOST_POINTS = 1500;
const MOST_OF_A_PART = 60;

/** The `result` and `curves` columns of a walk-forward. @param about.trials that it was asked for; those that failed are not counted */
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
    outOfSample: curveFields(chained(result.curves.map(({ outOfSample }) => outOfSample)), MOST_POINTS),
    inSample: result.curves.map(({ inSample }) =>
      curveFields(inSample, Math.max(2, Math.min(MOST_OF_A_PART, Math.floor(MOST_POINTS / result.curves.length)))),
    ),
  },
});

/** The same of a series that has none. @param because one sentence @param failed where every trial failed: the first of them */
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

/** Parts one after the other, each on what the one before left. */
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

/** The last value of each of at most so many equal groups of bars; no finer than it can be drawn. */
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

/** Reads a `result` column; what is no window is left out. */
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

/** Reads a `curves` column. */
export const decodeWalkCurves = (column: Json): StoredWalkCurves => {
  const { outOfSample = null, inSample } = fieldsOf(column);
  return { outOfSample: decodeEquity(outOfSample), inSample: listOf(inSample).map(decodeEquity) };
};
