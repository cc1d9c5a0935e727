import type { BacktestData } from '../../backtest/engine/backtest-data.ts';
import type { BacktestOptions } from '../../backtest/engine/options.ts';
import type { Trial } from '../../backtest/run-backtest.ts';
import { type SkippedWindow, walkForward } from '../../backtest/walk-forward.ts';
import { durationMs } from '../../input/field-schemas.ts';
import { usageError } from '../terminal/exit.ts';
import { printJson } from '../terminal/print.ts';

/** The flags of a walk-forward. */
export interface WalkForwardFlags {
  readonly walkForward?: boolean;
  readonly train?: string;
  readonly test?: string;
}

/**
 * The lengths of a window's parts; undefined when no walk-forward is asked for.
 *
 * @throws ExitError 2 that names the option
 */
export function walkForwardParts({ walkForward: wanted, train, test }: WalkForwardFlags): { trainMs: number; testMs: number } | undefined {
  if (wanted !== true) {
    if (train !== undefined || test !== undefined) throw usageError('--train and --test are for --walk-forward; add it, or leave them out');
    return undefined;
  }
  return { trainMs: lengthOf('--train', train), testMs: lengthOf('--test', test) };
}

function lengthOf(option: string, text: string | undefined): number {
  if (text === undefined) throw usageError(`--walk-forward needs ${option}, a duration such as 60d`);
  const value = /[a-z]/i.test(text) ? durationMs(text) : Number.NaN;
  if (!(value > 0)) throw usageError(`${option} ${text}: write a duration such as 60d`);
  return value;
}

/** Prints a walk-forward as JSON. */
export function printWalkForward(
  data: BacktestData,
  {
    trials,
    options,
    parts,
    head,
  }: {
    readonly trials: readonly Trial[];
    readonly options: BacktestOptions;
    readonly parts: { readonly trainMs: number; readonly testMs: number };
    readonly head: Record<string, unknown>;
  },
): void {
  const { windows, skipped, outOfSample, overfitting, overfittingUndefined } = walkForward(data, trials, options, parts);
  printJson({
    ...head,
    count: trials.length,
    windows: windows.map(withTimes),
    ...(skipped.length > 0 && { skipped: skipped.map(withTimes) }),
    outOfSample,
    overfitting,
    ...(overfittingUndefined !== undefined && { undefined: { overfitting: overfittingUndefined } }),
  });
}

function withTimes({ trainFrom, trainTo, testFrom, testTo, ...rest }: Omit<SkippedWindow, 'because'>): Record<string, unknown> {
  const iso = (time: number): string => new Date(time).toISOString();
  return { trainFrom: iso(trainFrom), trainTo: iso(trainTo), testFrom: iso(testFrom), testTo: iso(testTo), ...rest };
}
