import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '../../storage/database/database.ts';
import type { Names } from './candidates.ts';

/** Maximum number of runs offered as completions. */
const MAX_RUNS = 50;
/** Maximum number of report folders that are searched for symbols. */
const MAX_FOLDERS = 5;

/**
 * Symbols and runs of a home: from its database when a server is running (none is started for this), otherwise from the report pages, the
 * log lines and the shipped catalogue.
 */
export function namesToComplete(home: string, env: NodeJS.ProcessEnv): Names {
  return {
    async symbols() {
      const stored = await queried(home, env, async (database) => {
        const { symbolNames } = await import('../../storage/markets/catalogue.ts');
        return (await symbolNames(database)).map(({ symbol }) => symbol);
      });
      if (stored !== undefined && stored.length > 0) return stored;
      const { DEFAULT_CATALOGUE } = await import('../../storage/markets/first-catalogue.ts');
      return [...new Set([...DEFAULT_CATALOGUE.map(({ symbol }) => symbol), ...(await symbolsOfPages(home))])].sort();
    },
    async runs() {
      const stored = await queried(home, env, async (database) => {
        const { listRuns } = await import('../../storage/runs/runs.ts');
        return (await listRuns(database, MAX_RUNS)).map(({ runId }) => runId);
      });
      return stored ?? (await runFolders(home)).map((name) => name.replaceAll('.', ':')).slice(0, MAX_RUNS);
    },
  };
}

/** The result of a query; undefined when no database is running or it does not answer. */
async function queried<T>(home: string, env: NodeJS.ProcessEnv, ask: (database: Database) => Promise<T>): Promise<T | undefined> {
  try {
    const isOurs = !env.DATABASE_URL?.trim();
    if (isOurs) {
      const { runningServer } = await import('../../storage/embedded/postgres-process.ts');
      if (runningServer({ data: path.join(home, 'postgres', 'data') }) === undefined) return undefined;
    }
    const { useDatabase } = await import('../terminal/session.ts');
    return await useDatabase(ask);
  } catch {
    return undefined;
  }
}

/** Folders of runs, newest first. A name that ends in a hash no longer contains the id, so it is left out. */
async function runFolders(home: string): Promise<readonly string[]> {
  const touched = new Map<string, number>();
  for (const parent of [path.join(home, 'reports'), path.join(home, 'logs', 'runs')]) {
    for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory() || entry.name.includes('@') || /\.[0-9a-f]{10}$/.test(entry.name)) continue;
      const { mtimeMs } = await stat(path.join(parent, entry.name)).catch(() => ({ mtimeMs: 0 }));
      touched.set(entry.name, Math.max(mtimeMs, touched.get(entry.name) ?? 0));
    }
  }
  return [...touched].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

async function symbolsOfPages(home: string): Promise<readonly string[]> {
  const folders = (await runFolders(home)).slice(0, MAX_FOLDERS);
  const pages = await Promise.all(folders.map((name) => readdir(path.join(home, 'reports', name)).catch(() => [])));
  return pages.flat().flatMap((name) => (name.endsWith('.html') && name !== 'index.html' ? [name.slice(0, -'.html'.length)] : []));
}
