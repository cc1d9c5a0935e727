import { stat } from 'node:fs/promises';
import type { Log } from '../../contracts/log.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import { renderRunPage } from '../../report/run/run-page.ts';
import type { Database } from '../../storage/database/database.ts';
import { ledgerTasks } from '../../storage/runs/run-rows.ts';
import { hasEnded, runOf } from '../../storage/runs/runs.ts';
import { listedSymbols, loadRunPage, runningOnPage } from './queries/run-query.ts';
import { linksBeside, writeRunReport } from './run-report.ts';
import { writePage } from './write-page.ts';

/** Another worker of the same home has just written it. */
const YOUNG_MS = 4_000;

export interface OpenReportOptions {
  readonly database: Database;
  /** `PREDICTLAB_HOME`: pages go to its `reports` folder. */
  readonly home: string;
  /** Where an open run stands, from the run itself. */
  readonly statusOf: (runId: string) => Promise<PipelineStatus>;
  /** The run in Temporal's Web UI. @default not known */
  readonly temporalUrlOf?: (run: { runId: string; executionId: string }) => string;
  readonly log: Log;
}

/** Writes the page of a run as it stands. @returns whether the run is still open */
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
  // its last page may have been written between the question and this: that one stays
  if (!(await hasEnded(database, executionId))) return true;
  await writeRunReport({ database, home, executionId, log, temporalUrl });
  return false;
}

const isYoung = (file: string): Promise<boolean> =>
  stat(file).then(
    ({ mtimeMs }) => Date.now() - mtimeMs < YOUNG_MS,
    () => false,
  );
