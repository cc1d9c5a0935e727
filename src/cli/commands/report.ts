import { access } from 'node:fs/promises';
import type { Command } from 'commander';
import { writeRunReport } from '../../activities/report/run-report.ts';
import { RunEnded } from '../../client/run-ended.ts';
import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineResult } from '../../contracts/pipeline-status.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import { homeFolder } from '../../set-up/home.ts';
import type { Database } from '../../storage/database/database.ts';
import { endRun, runOf, type StoredRun } from '../../storage/runs/runs.ts';
import { openInBrowser } from '../terminal/open-in-browser.ts';
import { note, printJson, printLine } from '../terminal/print.ts';
import { useDatabase, withPredictLab } from '../terminal/session.ts';

export function registerReport(program: Command): void {
  program
    .command('report <run>')
    .summary('where the report of a run is')
    .description(
      'Prints the path of a run’s report, a page that needs no server and no network. When the report is not on this machine (another worker wrote it), it is made again from the database; that of a run which was terminated from outside is made now.',
    )
    .option('--open', 'open it in the browser')
    .option('--json', 'print { path } as JSON')
    .action(async (run: string, { open, json }: { open?: boolean; json?: boolean }) => {
      const path = await reportOf(run, homeFolder(process.env));
      if (json) printJson({ path });
      else printLine(path);
      if (open && !(await openInBrowser(path))) note(`no browser could be started; open ${path} by hand`);
    });
}

/** The path of a run's page; the page is made when it is not there. The database is asked only then. */
async function reportOf(run: string, home: string): Promise<string> {
  const path = runReportPath(home, run);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  return await useDatabase(async (database) => {
    const stored = await runOf(database, run);
    // Where Temporal cannot say, the run counts as open: the report's own error names `status`, which says what is in the way.
    if (stored?.status === null) await recordEnd(database, stored).catch(ignoreUnavailable);
    return (await writeRunReport({ database, home, executionId: run })).path;
  });
}

/** Records the end of a run that is over and could not do so itself: it was ended from outside, or its database was away. */
async function recordEnd(database: Database, { runId, executionId, startedAt }: StoredRun): Promise<void> {
  const result = await withPredictLab(async (lab): Promise<PipelineResult | undefined> => {
    const status = await lab.status(runId);
    // Still open, or a later run with the same id.
    if (status.finishedAt === null || status.startedAt !== startedAt) return undefined;
    try {
      return await lab.result(runId);
    } catch (error) {
      if (!(error instanceof RunEnded)) throw error;
      return error.partial ?? { ...status, result: error.how === 'cancelled' ? 'cancelled' : 'failed', reasons: [error.message] };
    }
  });
  if (result !== undefined) await endRun(database, { executionId, result });
}

function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof PredictLabError)) throw error;
}
