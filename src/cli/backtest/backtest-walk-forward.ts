import { type WalkForwardWindow, walkForward } from '../../backtest/walk-forward/walk-forward.ts';
import type { WalkForwardParts, WindowTimes } from '../../backtest/walk-forward/windows.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import { type Table, tableOf } from '../../files/write/table.ts';
import { writeTable } from '../../files/write/write-table.ts';
import { note, printJson } from '../terminal/print.ts';
import type { TradedSeries, TriedSeries } from './backtest-series.ts';
import { WINDOW_COLUMNS, windowCells } from './backtest-tables.ts';
import { certificateFields, overfittingFields } from './result-fields.ts';

/**
 * Runs a walk-forward on each series and prints the results as JSON: a list for a symbol, with the reason for a series that is too short.
 * @throws PredictLabError BadInput when no series has a window
 */
export async function printWalkForward(
  series: readonly TriedSeries[],
  {
    parts,
    windows: file,
    stored,
    headOf,
  }: {
    readonly parts: WalkForwardParts;
    readonly windows: string | undefined;
    readonly stored: Record<string, unknown> | undefined;
    readonly headOf: (series: TradedSeries) => Record<string, unknown>;
  },
): Promise<void> {
  const walked: { readonly name: string; readonly windows: readonly WalkForwardWindow[] }[] = [];
  const printed: Record<string, unknown>[] = [];
  const one = new Set(series[0].trials.map(({ strategy }) => strategy)).size === 1;
  let short: unknown;
  for (const each of series) {
    const { trials } = each;
    const about = stored === undefined ? {} : { instrument: each.name };
    try {
      const {
        windows,
        skipped,
        failed,
        picksWeak,
        outOfSample,
        curves: _,
        lookAhead,
        provable,
        notProvable,
        passport,
        terms,
        ...judged
      } = walkForward(each.data, trials, each.options, parts);
      for (const { because } of failed) note(`left out: ${because}`);
      if (picksWeak !== undefined) note(`${each.name}: ${picksWeak}`);
      walked.push({ name: each.name, windows });
      printed.push({
        ...about,
        ...headOf(each),
        count: trials.length - failed.length,
        windows: windows.map(({ strategy, ...window }) => withTimes(one ? window : { ...window, strategy })),
        ...(failed.length > 0 && { failed }),
        ...(skipped.length > 0 && { skipped: skipped.map(withTimes) }),
        outOfSample,
        ...overfittingFields(judged, picksWeak),
        ...certificateFields({ lookAhead, provable, notProvable, passport }, `the walk-forward of ${each.name}`),
        terms,
      });
    } catch (error) {
      if (!(error instanceof PredictLabError) || stored === undefined) throw error;
      short = error;
      printed.push({ ...about, undefined: { windows: error.message } });
    }
  }
  if (walked.length === 0) throw short;
  if (file !== undefined) await writeTable(windowTable(walked), 'csv', file);
  printJson(stored === undefined ? printed[0] : { ...stored, instruments: printed });
}

/** A table with one row per window: the pick and its results in sample and out of sample. */
const windowTable = (walked: readonly { readonly name: string; readonly windows: readonly WalkForwardWindow[] }[]): Table =>
  tableOf(
    [{ name: 'series', type: 'text' }, ...WINDOW_COLUMNS],
    walked.flatMap(({ name, windows }) => windows.map((window) => [name, ...windowCells(window)])),
  );

function withTimes({ trainFrom, trainTo, testFrom, testTo, ...rest }: WindowTimes & { readonly strategy?: string }) {
  const iso = (time: number): string => new Date(time).toISOString();
  return { trainFrom: iso(trainFrom), trainTo: iso(trainTo), testFrom: iso(testFrom), testTo: iso(testTo), ...rest };
}
