import type { Log } from '../../contracts/log.ts';
import type { Database } from '../../storage/database/database.ts';
import { recordLostEffects } from '../../storage/runs/custom-effects.ts';
import { discardUnstored } from '../../storage/runs/ledger.ts';
import { endRun } from '../../storage/runs/runs.ts';
import type { FinishInput } from '../registry.ts';
import { writeRunReport } from '../report/run-report.ts';
import { announce } from './alert.ts';

export interface FinishDependencies {
  readonly database: Database;
  readonly home: string;
  /** Where trouble is told, and that it is over. */
  readonly alertWebhookUrl?: string;
  /** Temporal's Web UI, where it is known. */
  readonly temporalUiUrl?: string;
  readonly log: Log;
}

/** Records how a run ended and writes its page; for partial and failed runs too. */
export function createFinishPipeline({
  database,
  home,
  alertWebhookUrl,
  temporalUiUrl,
  log,
}: FinishDependencies): (finish: FinishInput) => Promise<void> {
  return async ({ runId, executionId, result, customTasks, discardStaging }) => {
    const lost = await recordLostEffects(database, { runId, executionId, result, customTasks });
    if (lost > 0) log.info('effects of custom tasks that the ledger did not have were recorded at the end of the run', { runId, lost });
    if (discardStaging) {
      const rows = await discardUnstored(database, { executionId });
      log.info('staged rows of the aborted run were discarded', { runId, rows });
    }
    await endRun(database, { executionId, result });
    const temporalUrl = temporalUiUrl === undefined ? undefined : `${temporalUiUrl}/${encodeURIComponent(runId)}/${executionId}/history`;
    await writeRunReport({ database, home, executionId, log, temporalUrl });
    if (alertWebhookUrl) await announce({ database, executionId, result, webhookUrl: alertWebhookUrl, log });
  };
}
