import type { Log } from '../../contracts/log.ts';
import { windowOf } from '../../contracts/run/run-window.ts';
import { sentencesIn } from '../../contracts/task/task-output.ts';
import { stageTaskId } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { findEffect } from '../../storage/runs/ledger/ledger.ts';
import { type ImportCounts, NO_ROWS } from '../../storage/staging/import-progress.ts';
import { type Merged, mergeStaged } from '../../storage/staging/merge-staged.ts';
import { stagedDays } from '../../storage/staging/staged-rows.ts';
import { stagingBatches } from '../../storage/staging/staging.ts';
import { gapsOfInstruments, type InstrumentGaps } from '../../storage/ticks/coverage.ts';
import { ensurePartitions } from '../../storage/ticks/partitions.ts';
import { createClean } from './clean.ts';
import { type Probe, type StageFunction, workOutsideTemporal } from './stage-work.ts';

export interface StoreDependencies {
  readonly database: Database;
  readonly log: Log;
  readonly probe?: Probe;
  /** Called with the numbers of an instrument's valid rows by result. */
  readonly onInstrument?: (instrumentKey: number, merged: Merged) => void;
}

/** Share of the window, as far as an instrument was open in it, above which uncovered time makes a run count as degraded. */
const GAP_LIMIT = 0.01;
/** Maximum number of instruments that a reason names; the others are only counted. */
const NAMED_INSTRUMENTS = 3;

/** Creates the stage `store`, which moves cleaned rows and coverage from staging to the stored ticks in one transaction. */
export function createStore({ database, log, probe, onInstrument }: StoreDependencies): StageFunction {
  return async (input, work) => {
    const { symbol, settings } = input;
    const key = { executionId: input.executionId, symbol };
    const staged = await stagingBatches(database, key);
    const ids = staged.map(({ id }) => id);
    const days = await stagedDays(database, ids);
    await ensurePartitions(database, days);
    await probe?.('store 1: partitions');
    return await work.commit(async (transaction) => {
      await probe?.('store 2: claimed');
      const batches = await stagingBatches(transaction, key);
      const total = await mergeStaged(transaction, batches, {
        days,
        onChunk(rows) {
          work.heartbeat({ rows });
          work.signal.throwIfAborted();
        },
        async onMerged(instrumentKey, merged) {
          onInstrument?.(instrumentKey, merged);
          await probe?.('store 3: merged');
        },
      });
      if (total.corrected > 0) log.info(`${symbol}: ${total.corrected} ticks were corrected by their venue`);
      const window = windowOf(settings);
      const gaps = await gapsOfInstruments(transaction, {
        instrumentKeys: batches.map(({ instrumentKey }) => instrumentKey),
        sourceTypes: settings.sourceTypes,
        window,
      });
      await probe?.('store 4: gaps');
      const { inserted, duplicates } = total;
      const collected = await findEffect(transaction, { executionId: input.executionId, taskId: stageTaskId(symbol, 'collect') });
      const failed = Object.keys(sentencesIn(collected?.output, 'failedSources'));
      return {
        output: { inserted, duplicates, ticks: inserted + duplicates, gaps: gaps.reduce((sum, gap) => sum + gap.gaps, 0) },
        // gaps of a failed source are left out, because `collect` has already reported the failure
        ...degradedOf(gaps.filter(({ instrument }) => !failed.some((source) => instrument.startsWith(`${source}:`)))),
      };
    });
  };
}

function degradedOf(gaps: readonly InstrumentGaps[]): { degraded?: readonly string[] } {
  const large = gaps.filter(({ share }) => share > GAP_LIMIT);
  if (large.length === 0) return {};
  const named = large
    .slice(0, NAMED_INSTRUMENTS)
    .map(({ instrument, kind, share }) => `${instrument} lacks ${(100 * share).toFixed(1)} % of its ${kind} ticks’ time`);
  const more = large.length > NAMED_INSTRUMENTS ? [`and ${large.length - NAMED_INSTRUMENTS} more`] : [];
  return { degraded: [`gaps in coverage: ${[...named, ...more].join(', ')}; run again with refetch to fill what the venue still has`] };
}

/** Identifies rows that are staged outside of any run, by an import or by `heal`. */
export interface StagedAlone {
  readonly database: Database;
  readonly log: Log;
  readonly executionId: string;
  readonly symbol: string;
  readonly asOf: number;
}

/** Cleans and stores staged rows outside of any run: without ledger and retries. @returns numbers of rows by instrument and result */
export async function cleanAndStore({ database, log, executionId, symbol, asOf }: StagedAlone): Promise<ReadonlyMap<number, ImportCounts>> {
  const settings = { sourceTypes: [], intervals: [], daysBack: 0, strategies: [], refetch: false, asOf };
  const work = workOutsideTemporal({ log, commit: (write) => database.transaction(write), record: (effect) => Promise.resolve(effect) });
  const counts = new Map<number, ImportCounts>();
  const onInstrument = (instrumentKey: number, found: Partial<ImportCounts>): void => {
    const { rows, quarantined, reasons, inserted, duplicates } = { ...NO_ROWS, ...counts.get(instrumentKey), ...found };
    counts.set(instrumentKey, { rows, quarantined, reasons, inserted, duplicates });
  };
  const stages = { clean: createClean({ onInstrument }), store: createStore({ database, log, onInstrument }) };
  for (const stage of ['clean', 'store'] as const) await stages[stage]({ runId: executionId, executionId, symbol, stage, settings }, work);
  return counts;
}
