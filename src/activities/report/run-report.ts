import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { badInput, messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import { numberIn } from '../../contracts/task/task-output.ts';
import { filedFolderName, reportFolder, runReportPath, symbolPageName } from '../../report/elements/report-path.ts';
import { renderRunPage } from '../../report/run/run-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { type LedgerTask, ledgerTasks } from '../../storage/runs/run-rows.ts';
import { hasEnded, runOf } from '../../storage/runs/runs.ts';
import { writePage } from './chart-library.ts';
import { listedSymbols, loadRunPage, type RunPageLinks, runningOnPage, type ShownRun } from './queries/run-query.ts';
import { type VisualizeDependencies, writeHistoryPage, writeSymbolPage } from './visualize.ts';

export interface RunReportRequest {
  readonly database: Database;
  /** `PREDICTLAB_HOME`: pages are written to its `reports` folder. */
  readonly home: string;
  /** The run's workflow id or its execution's Temporal run id; it has ended. */
  readonly executionId: string;
  readonly log?: Log;
  readonly temporalUrl?: string;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Writes a run's page, `index.html`, from the database, also for partial and failed runs. Also writes the run's symbol pages that this
 * folder lacks (because another machine wrote them, or a retry reused them).
 */
export async function writeRunReport({
  database,
  home,
  executionId,
  log = silent,
  temporalUrl,
}: RunReportRequest): Promise<{ path: string }> {
  const run = await endedRun(database, executionId);
  const folder = reportFolder(home, run);
  const tasks = await ledgerTasks(database, { executionId: run.executionId, symbols: listedSymbols(run) });
  const pages = await symbolPages({ database, home, log }, run, tasks, folder);
  const data = await loadRunPage(database, run, tasks, { ...linksBeside(home, pages), temporalUrl: temporalUrl ?? null });
  const file = runReportPath(home, run);
  await writePage(file, renderRunPage(data));
  // only the run's own page matters here; the page over all runs may fail
  await writeHistoryPage({ database, home, now: Date.now() }).catch((error: unknown) =>
    log.warn('reports/index.html was not written', { error: messageOf(error) }),
  );
  return { path: file };
}

/** Links from a run's page to its symbols' pages and to other runs' pages, where these files exist. */
export const linksBeside = (home: string, pages: ReadonlySet<string>): Pick<RunPageLinks, 'symbolHref' | 'runHref'> => ({
  symbolHref: (symbol) => (pages.has(symbol) ? encodeURIComponent(symbolPageName(symbol)) : null),
  runHref: async (other) => (existsSync(runReportPath(home, other)) ? `../${encodeURIComponent(filedFolderName(other))}/index.html` : null),
});

/** Finds a run by its id or its execution's id. @throws PredictLabError BadInput when there is none, or it has not ended */
export const endedRun = async (database: Database, id: string): Promise<ShownRun> => {
  const run = await runOf(database, id);
  if (run === undefined) {
    throw badInput(`there is no run ${id} in the database; \`predictlab runs\` lists the runs`);
  }
  if (run.status === null) {
    throw badInput(
      `run ${run.runId} has not ended yet, and its report is written at its end; \`predictlab status ${run.runId}\` shows its state, or that it was terminated from outside`,
    );
  }
  return { ...run, status: run.status };
};

/** Symbols of the run whose stage `visualize` took effect. Pages that are missing in this folder are written again. */
const symbolPages = async (
  dependencies: { database: Database; home: string; log: Log },
  run: ShownRun,
  tasks: readonly LedgerTask[],
  folder: string,
): Promise<ReadonlySet<string>> => {
  const { runId, executionId, config } = run;
  const made = tasks.filter((task) => task.stage === 'visualize' && (numberIn(task.output, 'pages') ?? 0) > 0);
  const symbols = made.flatMap(({ symbol }) => symbol ?? []);
  for (const symbol of symbols) {
    if (existsSync(path.join(folder, symbolPageName(symbol)))) continue;
    await writeSymbolPage(dependencies, { runId, executionId, symbol, settings: config });
  }
  return new Set(symbols);
};

/** Age below which a page is not written again, because another worker with the same home has just written it. Milliseconds. */
const YOUNG_MS = 4_000;

export interface OpenReportOptions extends VisualizeDependencies {
  readonly statusOf: (runId: string) => Promise<PipelineStatus>;
  readonly temporalUrlOf?: (run: { runId: string; executionId: string }) => string;
}

/** Writes the page of a run in its current state. @returns whether the run is still open */
export async function writeOpenReport(
  executionId: string,
  { database, home, statusOf, temporalUrlOf, log }: OpenReportOptions,
): Promise<boolean> {
  const run = await runOf(database, executionId);
  if (run === undefined || run.status !== null) return false;
  const file = runReportPath(home, run);
  if (await isYoung(file)) return true;
  const shown = { ...run, status: runningOnPage(await statusOf(run.runId), Date.now()) };
  const tasks = await ledgerTasks(database, { executionId, symbols: listedSymbols(shown) });
  const symbols = tasks.flatMap((task) => (task.stage === 'visualize' && task.symbol !== null ? [task.symbol] : []));
  const temporalUrl = temporalUrlOf?.(run);
  const data = await loadRunPage(database, shown, tasks, { ...linksBeside(home, new Set(symbols)), temporalUrl: temporalUrl ?? null });
  if (await hasEnded(database, executionId)) return false;
  await writePage(file, renderRunPage({ ...data, readAt: Date.now() }));
  // if the run has ended meanwhile, its final page may already be written and must stay
  if (!(await hasEnded(database, executionId))) return true;
  await writeRunReport({ database, home, executionId, log, temporalUrl });
  return false;
}

const isYoung = (file: string): Promise<boolean> =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < YOUNG_MS,
    () => false,
  );
