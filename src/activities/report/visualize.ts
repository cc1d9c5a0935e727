import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../../contracts/log.ts';
import { type FiledRun, filedFolderName, reportFolder, runReportPath, symbolPageName } from '../../report/elements/report-path.ts';
import { renderHistoryPage } from '../../report/history/history-page.ts';
import { renderSymbolPage } from '../../report/symbol/symbol-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { idUsedBefore } from '../../storage/runs/runs.ts';
import type { StageFunction } from '../stages/stage-work.ts';
import { placeChartLibrary, writePage } from './chart-library.ts';
import { loadHistoryPage } from './queries/history-query.ts';
import { loadSymbolPage, type SymbolPageRequest } from './queries/symbol-query.ts';

export interface VisualizeDependencies {
  readonly database: Database;
  /** `PREDICTLAB_HOME`: pages go to its `reports` folder. */
  readonly home: string;
  readonly log: Log;
}

/**
 * Creates the stage `visualize`, which writes the symbol's page from the database. The page is written before its ledger
 * row: if the row is lost, another attempt writes the same page again.
 */
export function createVisualize({ database, home, log }: VisualizeDependencies): StageFunction {
  return async (input, work) => {
    const bytes = await writeSymbolPage({ database, home, log }, input);
    work.signal.throwIfAborted();
    return await work.record({ output: { pages: 1, bytes } });
  };
}

/** Writes the page of one symbol of a run. @returns its size in bytes */
export async function writeSymbolPage({ database, home, log }: VisualizeDependencies, request: SymbolPageRequest): Promise<number> {
  const data = await loadSymbolPage(database, request);
  const folder = reportFolder(home, { ...request, idUsedBefore: await idUsedBefore(database, request.executionId) });
  const text = renderSymbolPage(data, await placeChartLibrary(path.join(home, 'reports'), folder, log));
  return await writePage(path.join(folder, symbolPageName(request.symbol)), text);
}

/** Writes `reports/index.html`, the page over the last runs; the last of several writers wins. @param now UTC epoch milliseconds */
export async function writeHistoryPage({ database, home, now }: { database: Database; home: string; now: number }): Promise<void> {
  const folderOf = (run: FiledRun): string => encodeURIComponent(filedFolderName(run));
  const data = await loadHistoryPage(database, {
    now,
    runHref: async (run) => (existsSync(runReportPath(home, run)) ? `${folderOf(run)}/index.html` : null),
    symbolHref: async (symbol, run) => {
      const name = symbolPageName(symbol);
      return existsSync(path.join(reportFolder(home, run), name)) ? `${folderOf(run)}/${encodeURIComponent(name)}` : null;
    },
    // left out, because a file does not update and would still show the time of the next run after that time has passed
    next: null,
  });
  await writePage(path.join(home, 'reports', 'index.html'), renderHistoryPage(data));
}
