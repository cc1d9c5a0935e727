import type { MetricName } from '../metrics/backtest-metrics.ts';
import { type ComparableResult, compareResults } from './compare-results.ts';

/** The comparison of the backtests of two builds on the same inputs. */
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
 * Compares the results of two builds: every metric must be within a tolerance, relative to the larger value. Results whose inputs have
 * changed are left out; a difference in code alone is ignored.
 *
 * @param hasChanged whether the inputs of a result have changed since
 * @param tolerance relative tolerance; 0 = all digits must be equal
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
