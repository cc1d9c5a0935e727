import { access } from 'node:fs/promises';
import path from 'node:path';
import { reportFolder, reportFolderName, runReportPath, symbolPageName } from '../../report/elements/report-path.ts';
import { renderHistoryPage } from '../../report/history/history-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { loadHistoryPage } from './load-history-page.ts';
import { writePage } from './write-page.ts';

/**
 * Writes `reports/index.html`, the page over the last runs, with links to the pages that are on this machine. Several workers may
 * write it: each writes the whole, the last one stays.
 *
 * @param now UTC epoch milliseconds
 */
export async function writeHistoryPage({ database, home, now }: { database: Database; home: string; now: number }): Promise<void> {
  const folderOf = (runId: string): string => encodeURIComponent(reportFolderName(runId));
  const data = await loadHistoryPage(database, {
    now,
    runHref: async (runId) => ((await exists(runReportPath(home, runId))) ? `${folderOf(runId)}/index.html` : null),
    symbolHref: async (symbol, runId) => {
      const name = symbolPageName(symbol);
      return (await exists(path.join(reportFolder(home, runId), name))) ? `${folderOf(runId)}/${encodeURIComponent(name)}` : null;
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
