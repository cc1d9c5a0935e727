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

export const reportFolder = (home: string, runId: string): string => join(home, 'reports', reportFolderName(runId));

/** Where workers keep what a run's tasks log. */
export const taskLogFolder = (home: string, runId: string): string => join(home, 'logs', 'runs', reportFolderName(runId));

/** Where a run's page is. */
export const runReportPath = (home: string, runId: string): string => join(reportFolder(home, runId), 'index.html');

/** The file name of a symbol's page: its name, kept apart from the run's own page. */
export const symbolPageName = (symbol: string): string => (symbol.toLowerCase() === 'index' ? `${symbol}_.html` : `${symbol}.html`);
