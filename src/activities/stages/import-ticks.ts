import { emptyEntry } from '../../contracts/catalogue.ts';
import { PredictLabError, unusable } from '../../contracts/errors.ts';
import { importSymbols, symbolsByName } from '../../storage/markets/catalogue.ts';
import { dropAbandonedImports, endImport, type ImportCounts, NO_ROWS, newImportId, sumOf } from '../../storage/staging/import-progress.ts';
import { clearStaging } from '../../storage/staging/staging.ts';
import type { ImportedInstrument, TicksImport } from './import-request.ts';
import { TickImport } from './tick-import.ts';

export interface ImportResult extends ImportCounts {
  readonly instruments: readonly ImportedInstrument[];
  readonly isPartial: boolean;
}

/**
 * Imports tick files with the stages of a run, chunk by chunk; a chunk may hold rows of many markets. Stored chunks stay if a later one
 * fails; another import of the same files continues behind them. Coverage is claimed at the end of a market's rows in each file. Adds the
 * symbol to the catalogue if it is missing.
 */
export async function importTicks(request: TicksImport): Promise<ImportResult> {
  const { database, symbol } = request;
  const executionId = newImportId();
  await dropAbandonedImports(database, Date.now());
  const run = new TickImport(request, executionId);
  try {
    await run.resume();
    const isPartial = !(await run.store());
    if (!(await symbolsByName(database, [symbol])).has(symbol)) await importSymbols(database, [emptyEntry(symbol)]);
    const instruments = [...run.results.values()];
    if (!isPartial) await endImport(request, [...run.results.keys()]);
    return { ...instruments.reduce<ImportCounts>(sumOf, NO_ROWS), instruments, isPartial };
  } catch (error) {
    // an error here is ignored: the first one is reported, and the next import clears the staging
    await clearStaging(database, { executionId }).catch(() => undefined);
    if (error instanceof PredictLabError && error.type === 'StorageUnavailable')
      throw unusable(`${error.message}; what was imported so far is stored: start the same command again to import the rest`, {
        cause: error,
      });
    throw error;
  }
}
