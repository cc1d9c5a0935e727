import { type Dirent, existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeHistoryPage } from '../../activities/report/visualize.ts';
import { filedFolderName } from '../../report/elements/report-path.ts';
import type { Database } from '../../storage/database/database.ts';
import { type PagedRun, pagedRuns } from '../../storage/runs/run-history.ts';

/** The number and size of the files that were deleted, or that a dry run would delete. */
export interface PrunedFiles {
  readonly what: 'reports' | 'logs';
  /** Instant before which data counts as old; UTC epoch milliseconds. */
  readonly before: number;
  readonly rows: number;
  readonly bytes: number;
}

export interface PruneFilesRequest {
  readonly database: Database;
  /** The home folder (`PREDICTLAB_HOME`). */
  readonly home: string;
  /** Instant before which data counts as old; UTC epoch milliseconds. */
  readonly before: number;
  readonly dryRun?: boolean;
}

/**
 * Deletes the report pages of runs that ended before an instant, except those of the last runs of each symbol. If the database no longer
 * has a folder's run, the time of the files decides.
 * @param request.keep number of each symbol's last runs that keep their pages @default 1
 */
export async function pruneReports({
  database,
  home,
  before,
  dryRun = false,
  keep = 1,
}: PruneFilesRequest & { keep?: number }): Promise<PrunedFiles> {
  const root = path.join(home, 'reports');
  const runs = new Map((await pagedRuns(database)).map((run) => [filedFolderName(run), run]));
  const kept = new Set([...newestOfEachSymbol([...runs.values()], keep)].map(filedFolderName));
  let rows = 0;
  let bytes = 0;
  for (const folder of await foldersIn(root)) {
    const run = runs.get(folder);
    if (kept.has(folder) || (run !== undefined && run.finishedAt === null)) continue;
    const files = await filesIn(path.join(root, folder));
    const last = run?.finishedAt ?? files.reduce((latest, { at }) => Math.max(latest, at), 0);
    if (last >= before) continue;
    rows += files.length;
    bytes += files.reduce((sum, file) => sum + file.bytes, 0);
    if (!dryRun) await rm(path.join(root, folder), { recursive: true, force: true });
  }
  if (!dryRun && rows > 0) await writeHistoryPage({ database, home, now: Date.now() });
  return { what: 'reports', before, rows, bytes };
}

/** Deletes logs to which nothing was written since an instant: those of tasks, and those of workers and servers that `dev` started. */
export async function pruneLogs({ home, before, dryRun = false }: Omit<PruneFilesRequest, 'database'>): Promise<PrunedFiles> {
  const root = path.join(home, 'logs');
  let rows = 0;
  let bytes = 0;
  const remove = async (place: string): Promise<void> => {
    const files = await filesIn(place);
    if (files.length === 0 || files.some(({ at }) => at >= before)) return;
    rows += files.length;
    bytes += files.reduce((sum, file) => sum + file.bytes, 0);
    if (!dryRun) await rm(place, { recursive: true, force: true });
  };
  for (const folder of await foldersIn(path.join(root, 'runs'))) await remove(path.join(root, 'runs', folder));
  for (const entry of await entriesIn(root)) if (entry.isFile() && entry.name.endsWith('.log')) await remove(path.join(root, entry.name));
  return { what: 'logs', before, rows, bytes };
}

/** The last `keep` ended runs of each symbol. */
export function newestOfEachSymbol(runs: readonly PagedRun[], keep: number): ReadonlySet<PagedRun> {
  const counts = new Map<string, number>();
  const newest = new Set<PagedRun>();
  for (const run of [...runs].filter(({ finishedAt }) => finishedAt !== null).sort((a, b) => b.startedAt - a.startedAt)) {
    for (const symbol of run.symbols) {
      const count = counts.get(symbol) ?? 0;
      if (count >= keep) continue;
      counts.set(symbol, count + 1);
      newest.add(run);
    }
  }
  return newest;
}

const entriesIn = async (folder: string): Promise<readonly Dirent[]> =>
  existsSync(folder) ? await readdir(folder, { withFileTypes: true }) : [];

const foldersIn = async (folder: string): Promise<readonly string[]> =>
  (await entriesIn(folder)).filter((entry) => entry.isDirectory()).map(({ name }) => name);

interface FoundFile {
  readonly at: number;
  /** Bytes that are freed when the file is deleted; 0 if another hard link to it exists. */
  readonly bytes: number;
}

async function filesIn(place: string): Promise<readonly FoundFile[]> {
  const info = await stat(place).catch(() => undefined);
  if (info === undefined) return [];
  if (info.isFile()) return [{ at: info.mtimeMs, bytes: info.nlink > 1 ? 0 : info.size }];
  const nested = await Promise.all((await readdir(place)).map((name) => filesIn(path.join(place, name))));
  return nested.flat();
}
