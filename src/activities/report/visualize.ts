import path from 'node:path';
import type { Log } from '../../contracts/log.ts';
import { reportFolder, symbolPageName } from '../../report/elements/report-path.ts';
import { renderSymbolPage } from '../../report/symbol/symbol-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { idUsedBefore } from '../../storage/runs/runs.ts';
import type { StageFunction } from '../stages/stage-work.ts';
import { placeChartLibrary } from './chart-library.ts';
import { loadSymbolPage, type SymbolPageRequest } from './queries/symbol-query.ts';
import { writePage } from './write-page.ts';

export interface VisualizeDependencies {
  readonly database: Database;
  /** `PREDICTLAB_HOME`: pages go to its `reports` folder. */
  readonly home: string;
  readonly log: Log;
}

/**
 * `visualize`: the symbol's page, from what the database has. The file is written before the ledger says so: written twice it
 * is the same file, and a page without its ledger row is only early.
 */
export function createVisualize({ database, home, log }: VisualizeDependencies): StageFunction {
  return async (input, work) => {
    const bytes = await writeSymbolPage({ database, home, log }, input);
    work.signal.throwIfAborted();
    return await work.record({ output: { pages: 1, bytes } });
  };
}

/** Makes one symbol's page of a run. @returns its size in bytes */
export async function writeSymbolPage({ database, home, log }: VisualizeDependencies, request: SymbolPageRequest): Promise<number> {
  const data = await loadSymbolPage(database, request);
  const folder = reportFolder(home, { ...request, idUsedBefore: await idUsedBefore(database, request.executionId) });
  const text = renderSymbolPage(data, await placeChartLibrary(path.join(home, 'reports'), folder, log));
  return await writePage(path.join(folder, symbolPageName(request.symbol)), text);
}
