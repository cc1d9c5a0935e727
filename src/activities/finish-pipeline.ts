import type { Database } from '../storage/database.ts';
import { discardUnstored } from '../storage/ledger.ts';
import { endRun } from '../storage/runs.ts';
import type { FinishInput } from './registry.ts';
import { writeRunReport } from './run-report.ts';
import type { Log } from './stage-work.ts';

export interface FinishDependencies {
  readonly database: Database;
  readonly home: string;
  readonly log: Log;
}

/** Records how a run ended and writes its page; for partial and failed runs too. */
export function createFinishPipeline({ database, home, log }: FinishDependencies): (finish: FinishInput) => Promise<void> {
  return async ({ runId, executionId, result, discardStaging }) => {
    if (discardStaging) {
      const rows = await discardUnstored(database, { executionId });
      log.info('staged rows of the aborted run were discarded', { runId, rows });
    }
    await endRun(database, { executionId, result });
    await writeRunReport({ database, home, executionId });
  };
}
