import { type BacktestMetrics, METRIC_NAMES, type MetricName } from '../metrics/backtest-metrics.ts';
import type { Passport } from './passport.ts';

/** A result as two runs can share it. */
export interface ComparableResult {
  /** What it is of: symbol, instrument, price type, interval. */
  readonly series: string;
  readonly strategy: string;
  /** As text that is equal for equal parameters. */
  readonly params: string;
  readonly metrics: Partial<BacktestMetrics>;
  readonly passport: Pick<Passport, 'data' | 'code' | 'settings' | 'seed'>;
}

/** What can make two results differ. `settings` are options and, in grids, the other trials. */
export type ChangeCause = 'data' | 'code' | 'params' | 'settings' | 'seed';

/** The same series and strategy in two runs, with other numbers. */
export interface ChangedResult<Result extends ComparableResult> {
  readonly before: Result;
  readonly after: Result;
  /** Never empty: without a cause the same passport would give the same numbers. */
  readonly because: readonly ChangeCause[];
  /** The metrics that differ, before and after. */
  readonly metrics: Readonly<Partial<Record<MetricName, readonly [before: number | null, after: number | null]>>>;
}

export interface Comparison<Result extends ComparableResult> {
  readonly same: number;
  readonly changed: readonly ChangedResult<Result>[];
  readonly onlyBefore: readonly Result[];
  readonly onlyAfter: readonly Result[];
}

/**
 * Compares two runs' results: those of the same series, strategy and parameters with each other, then what is left of a
 * series and strategy in order (its parameters were changed).
 */
export function compareResults<Result extends ComparableResult>(before: readonly Result[], after: readonly Result[]): Comparison<Result> {
  const exact = pairUp(before, after, ({ series, strategy, params }) => [series, strategy, params].join('\n'));
  const loose = pairUp(exact.onlyBefore, exact.onlyAfter, ({ series, strategy }) => [series, strategy].join('\n'));
  const pairs = [...exact.pairs, ...loose.pairs].map(([one, other]) => ({
    before: one,
    after: other,
    because: causesOf(one, other),
    metrics: differences(one, other),
  }));
  const changed = pairs.filter(({ because }) => because.length > 0);
  return { same: pairs.length - changed.length, changed, onlyBefore: loose.onlyBefore, onlyAfter: loose.onlyAfter };
}

function pairUp<Result>(before: readonly Result[], after: readonly Result[], keyOf: (result: Result) => string) {
  const waiting = new Map<string, Result[]>();
  for (const result of after) waiting.set(keyOf(result), [...(waiting.get(keyOf(result)) ?? []), result]);
  const pairs: (readonly [Result, Result])[] = [];
  const onlyBefore: Result[] = [];
  for (const result of before) {
    const other = waiting.get(keyOf(result))?.shift();
    if (other === undefined) onlyBefore.push(result);
    else pairs.push([result, other]);
  }
  const left = new Set([...waiting.values()].flat());
  return { pairs, onlyBefore, onlyAfter: after.filter((result) => left.has(result)) };
}

function causesOf(before: ComparableResult, after: ComparableResult): ChangeCause[] {
  const causes: ChangeCause[] = [];
  if (before.passport.data !== after.passport.data) causes.push('data');
  if (before.passport.code !== after.passport.code) causes.push('code');
  if (before.params !== after.params) causes.push('params');
  else if (before.passport.settings !== after.passport.settings) causes.push('settings');
  if (before.passport.seed !== after.passport.seed) causes.push('seed');
  return causes;
}

function differences(before: ComparableResult, after: ComparableResult): ChangedResult<ComparableResult>['metrics'] {
  const entries = METRIC_NAMES.map((name) => [name, [before.metrics[name] ?? null, after.metrics[name] ?? null]] as const);
  return Object.fromEntries(entries.filter(([, [one, other]]) => one !== other));
}
