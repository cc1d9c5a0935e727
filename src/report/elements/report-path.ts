import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * A run id as a folder name: `pipeline-2026-11-24T08:00Z` → `pipeline-2026-11-24T08.00Z`. Names are unique: an id with a dot or with
 * characters that a file system may refuse gets a hash at its end.
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

/** The parts of a run that name its folder: its id, and its execution id if an earlier run had the same run id. */
export interface FiledRun {
  readonly runId: string;
  readonly executionId: string;
  readonly idUsedBefore: boolean;
}

/**
 * The name of a run's folder: the run id; if an earlier run had the same id, then also `@` and the end of the execution id. Execution ids
 * begin with the time, so their last characters differ most.
 */
export const filedFolderName = ({ runId, executionId, idUsedBefore }: FiledRun): string =>
  idUsedBefore ? `${reportFolderName(runId)}@${executionId.slice(-8)}` : reportFolderName(runId);

/** The folder of a run's pages; for an id alone, the folder of the first run with that id. */
export const reportFolder = (home: string, run: string | FiledRun): string =>
  join(home, 'reports', typeof run === 'string' ? reportFolderName(run) : filedFolderName(run));

/** The path of a run's page; for an id alone, the page of the first run with that id. */
export const runReportPath = (home: string, run: string | FiledRun): string => join(reportFolder(home, run), 'index.html');

/** The folder of the logs of a run's tasks. */
export const taskLogFolder = (home: string, runId: string): string => join(home, 'logs', 'runs', reportFolderName(runId));

/** The file name of a symbol's page, which never equals that of the run's page. */
export const symbolPageName = (symbol: string): string => (symbol.toLowerCase() === 'index' ? `${symbol}_.html` : `${symbol}.html`);
