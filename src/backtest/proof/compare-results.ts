import { type BacktestMetrics, METRIC_NAMES, type MetricName } from '../metrics/measured.ts';
import type { Passport } from './passport.ts';

/** The parts of a stored result by which the results of two runs are compared. */
export interface ComparableResult {
  /** Symbol, instrument, price type and interval of the series. */
  readonly series: string;
  readonly strategy: string;
  /** Parameters as text that is equal for equal parameters. */
  readonly params: string;
  readonly metrics: Partial<BacktestMetrics>;
  readonly passport: Pick<Passport, 'data' | 'code' | 'settings' | 'seed'>;
}

/**
 * Causes of a difference between two results. `settings` = the options; `trials` = the run's other trials, on which the deflated Sharpe
 * ratio depends; `unexplained` = different metrics with the same passport.
 */
export type ChangeCause = 'data' | 'code' | 'params' | 'settings' | 'trials' | 'seed' | 'unexplained';

export interface ChangedResult<Result extends ComparableResult> {
  readonly before: Result;
  readonly after: Result;
  /** The causes, at least one; `unexplained` for equal passports (the strategy is not deterministic, or the stored row was edited). */
  readonly because: readonly ChangeCause[];
  /** The values of each differing metric in the earlier and the later run. */
  readonly metrics: Readonly<Partial<Record<MetricName, readonly [before: number | null, after: number | null]>>>;
}

export interface Comparison<Result extends ComparableResult> {
  readonly same: number;
  readonly changed: readonly ChangedResult<Result>[];
  readonly onlyBefore: readonly Result[];
  readonly onlyAfter: readonly Result[];
}

/** Compares two runs: pairs results of equal series, strategy and parameters, then each series' and strategy's other results in order. */
export function compareResults<Result extends ComparableResult>(before: readonly Result[], after: readonly Result[]): Comparison<Result> {
  const exact = pairUp(before, after, ({ series, strategy, params }) => [series, strategy, params].join('\n'));
  const loose = pairUp(exact.onlyBefore, exact.onlyAfter, ({ series, strategy }) => [series, strategy].join('\n'));
  const pairs = [...exact.pairs, ...loose.pairs].map(([one, other]) => {
    const metrics = differences(one, other);
    const causes = causesOf(one, other);
    const because: ChangeCause[] = causes.length === 0 && Object.keys(metrics).length > 0 ? ['unexplained'] : causes;
    return { before: one, after: other, because, metrics };
  });
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
  causes.push(...settingsCauses(before, after));
  if (before.passport.seed !== after.passport.seed) causes.push('seed');
  return causes;
}

/** Causes of a difference in the settings, apart from the parameters: the options, the other trials, or both. */
function settingsCauses(before: ComparableResult, after: ComparableResult): ChangeCause[] {
  if (before.passport.settings === after.passport.settings) return [];
  const [one, other] = [settingsParts(before.passport.settings), settingsParts(after.passport.settings)];
  if (one === undefined || other === undefined) return before.params === after.params ? ['settings'] : [];
  const causes: ChangeCause[] = [];
  if (one.options !== other.options) causes.push('settings');
  if (one.trials !== other.trials) causes.push('trials');
  return causes;
}

function settingsParts(settings: string): { readonly options: string; readonly trials: string } | undefined {
  try {
    const { options, proofCuts, trials } = JSON.parse(settings) as Record<string, unknown>;
    return { options: JSON.stringify([options, proofCuts]), trials: JSON.stringify(trials) };
  } catch {
    // the settings were not written by this engine, so only the text can be compared
    return undefined;
  }
}

function differences(before: ComparableResult, after: ComparableResult): ChangedResult<ComparableResult>['metrics'] {
  const entries = METRIC_NAMES.map((name) => [name, [before.metrics[name] ?? null, after.metrics[name] ?? null]] as const);
  return Object.fromEntries(entries.filter(([, [one, other]]) => one !== other));
}

export interface JudgedResults {
  readonly compared: number;
  readonly different: number;
  /** Number of results that were left out because their inputs have changed. */
  readonly leftOut: number;
  /** The first differing results, one line each. */
  readonly examples: readonly string[];
}

const MAX_EXAMPLES = 3;

/**
 * Compares the results of two builds: every metric must be within a tolerance. A difference in code alone is ignored.
 *
 * @param hasChanged whether the inputs of a result have changed since; such results are left out
 * @param tolerance tolerance relative to the larger value; 0 = all digits must be equal
 */
export function judgeResults<Result extends ComparableResult>(
  before: readonly Result[],
  after: readonly Result[],
  { hasChanged, tolerance }: { readonly hasChanged: (result: Result) => boolean; readonly tolerance: number },
): JudgedResults {
  const kept = (results: readonly Result[]) => results.filter((result) => !hasChanged(result));
  const [ones, others] = [kept(before), kept(after)];
  const { same, changed, onlyBefore, onlyAfter } = compareResults(ones, others);
  const lines: string[] = [];
  let alike = 0;
  for (const { before: one, because, metrics } of changed) {
    const apart = Object.entries(metrics).filter(([, [a, b]]) => !isWithin(a, b, tolerance)) as [
      MetricName,
      readonly [number | null, number | null],
    ][];
    const inputs = because.filter((cause) => cause !== 'code' && cause !== 'unexplained');
    if (apart.length === 0 && inputs.length === 0) {
      alike++;
      continue;
    }
    const numbers = apart.slice(0, 2).map(([name, [a, b]]) => `${name} ${a} → ${b}`);
    lines.push(`${one.series} ${one.strategy}: ${[...numbers, ...(inputs.length === 0 ? [] : [`other ${inputs.join(', ')}`])].join(', ')}`);
  }
  for (const { series, strategy } of onlyBefore) lines.push(`${series} ${strategy}: is missing`);
  for (const { series, strategy } of onlyAfter) lines.push(`${series} ${strategy}: is new`);
  return {
    compared: same + alike + lines.length,
    different: lines.length,
    leftOut: before.length - ones.length,
    examples: lines.slice(0, MAX_EXAMPLES),
  };
}

function isWithin(one: number | null, other: number | null, tolerance: number): boolean {
  if (one === null || other === null) return one === other;
  return Math.abs(one - other) <= tolerance * Math.max(Math.abs(one), Math.abs(other));
}
