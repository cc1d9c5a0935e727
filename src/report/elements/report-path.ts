import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * A run id as a folder name: `pipeline-2026-11-24T08:00Z` → `pipeline-2026-11-24T08.00Z`. Two ids never share a name: one that holds
 * anything else that a file system minds, or a dot of its own, gets a hash at its end.
 */
export const reportFolderName = (runId: string): string => {
  const plain = /^[A-Za-z0-9][A-Za-z0-9:_-]{0,119}$/.test(runId);
  if (plain) return runId.replaceAll(':', '.');
  const readable = runId
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 80);
  return `${readable || 'run'}.${createHash('sha256').update(runId).digest('hex').slice(0, 10)}`;
};

/** A run as its pages are filed: by its id, and where an earlier run had the same id, by its execution too. */
export interface FiledRun {
  readonly runId: string;
  readonly executionId: string;
  readonly idUsedBefore: boolean;
}

/** The last characters differ most: ids of executions begin with the time. No other folder has an @ in its name. */
export const filedFolderName = ({ runId, executionId, idUsedBefore }: FiledRun): string =>
  idUsedBefore ? `${reportFolderName(runId)}@${executionId.slice(-8)}` : reportFolderName(runId);

/** Where a run's pages lie; with an id alone, those of the first run that had it. */
export const reportFolder = (home: string, run: string | FiledRun): string =>
  join(home, 'reports', typeof run === 'string' ? reportFolderName(run) : filedFolderName(run));

/** Where a run's page is; with an id alone, that of the first run that had it. */
export const runReportPath = (home: string, run: string | FiledRun): string => join(reportFolder(home, run), 'index.html');

/** Where workers keep what a run's tasks log. */
export const taskLogFolder = (home: string, runId: string): string => join(home, 'logs', 'runs', reportFolderName(runId));

/** The file name of a symbol's page: its name, kept apart from the run's own page. */
export const symbolPageName = (symbol: string): string => (symbol.toLowerCase() === 'index' ? `${symbol}_.html` : `${symbol}.html`);
