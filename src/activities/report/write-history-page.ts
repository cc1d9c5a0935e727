import { access } from 'node:fs/promises';
import path from 'node:path';
import { type FiledRun, filedFolderName, reportFolder, runReportPath, symbolPageName } from '../../report/elements/report-path.ts';
import { renderHistoryPage } from '../../report/history/history-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { loadHistoryPage } from './queries/history-query.ts';
import { writePage } from './write-page.ts';

/**
 * Writes `reports/index.html`, the page over the last runs, with links to the pages that are on this machine. Several workers may
 * write it: each writes the whole, the last one stays.
 *
 * @param now UTC epoch milliseconds
 */
export async function writeHistoryPage({ database, home, now }: { database: Database; home: string; now: number }): Promise<void> {
  const folderOf = (run: FiledRun): string => encodeURIComponent(filedFolderName(run));
  const data = await loadHistoryPage(database, {
    now,
    runHref: async (run) => ((await exists(runReportPath(home, run))) ? `${folderOf(run)}/index.html` : null),
    symbolHref: async (symbol, run) => {
      const name = symbolPageName(symbol);
      return (await exists(path.join(reportFolder(home, run), name))) ? `${folderOf(run)}/${encodeURIComponent(name)}` : null;
    },
    // a file outlives what a schedule says when it is written
    next: null,
  });
  await writePage(path.join(home, 'reports', 'index.html'), renderHistoryPage(data));
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
