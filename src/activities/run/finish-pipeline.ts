import type { Log } from '../../contracts/log.ts';
import { observeRun } from '../../incidents/rows/observe-run.ts';
import type { Database } from '../../storage/database/database.ts';
import { recordLostEffects } from '../../storage/runs/ledger/custom-effects.ts';
import { discardUnstored } from '../../storage/runs/ledger/ledger.ts';
import { endRun } from '../../storage/runs/runs.ts';
import type { FinishInput } from '../registry.ts';
import { writeRunReport } from '../report/run-report.ts';

export interface FinishDependencies {
  readonly database: Database;
  readonly home: string;
  /** Called when notifications are waiting in the outbox. */
  readonly onNews: () => void;
  readonly temporalUiUrl?: string;
  readonly log: Log;
}

/** Records how a run ended and writes its page, also for partial and failed runs. */
export function createFinishPipeline({
  database,
  home,
  onNews,
  temporalUiUrl,
  log,
}: FinishDependencies): (finish: FinishInput) => Promise<{ readonly report: string }> {
  return async ({ runId, executionId, result, customTasks, discardStaging }) => {
    const lost = await recordLostEffects(database, { runId, executionId, result, customTasks });
    if (lost > 0) log.info('effects of custom tasks that the ledger did not have were recorded at the end of the run', { runId, lost });
    if (discardStaging) {
      const rows = await discardUnstored(database, { executionId });
      log.info('staged rows of the aborted run were discarded', { runId, rows });
    }
    const news = await database.transaction(async (transaction) => {
      await endRun(transaction, { executionId, result });
      return await observeRun(transaction, { executionId, result });
    });
    if (news) onNews();
    const temporalUrl = temporalUiUrl === undefined ? undefined : `${temporalUiUrl}/${encodeURIComponent(runId)}/${executionId}/history`;
    const { path: report } = await writeRunReport({ database, home, executionId, log, temporalUrl });
    return { report };
  };
}
