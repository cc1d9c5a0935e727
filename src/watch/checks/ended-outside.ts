import type { PredictLab } from '../../client.ts';
import type { Log } from '../../contracts/log.ts';
import { DAY_MS } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { discardUnstored } from '../../storage/runs/ledger/ledger.ts';
import { leftStaging, openRuns } from '../../storage/runs/open-runs.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { dropAbandonedImports } from '../../storage/staging/import-progress.ts';
import { recordedEnd } from '../records/record-end.ts';
import type { Check } from '../watch.ts';

/** Age in milliseconds up to which a run is not checked, because it may be about to record its own end. */
const YOUNG_MS = 120_000;
/** Milliseconds for which the rows that an ended run collected but did not store are kept for a retry. */
const STAGING_KEPT_MS = DAY_MS;

/**
 * Records the end of runs that were terminated, timed out, or ended while the database was unavailable. After a day, it deletes rows that
 * ended runs collected and never stored, and rows that killed imports left.
 */
export function unrecordedEndsCheck({
  database,
  lab,
  onNews,
  log,
}: {
  database: Database;
  lab: () => Promise<PredictLab>;
  onNews: () => void;
  log: Log;
}): Check {
  return {
    name: 'runs that were ended from outside',
    everyMs: 60_000,
    async look(now) {
      for (const executionId of await openRuns(database, now - YOUNG_MS)) {
        const stored = await runOf(database, executionId);
        if (stored === undefined || (await recordedEnd(await lab(), database, stored)) === undefined) continue;
        log.info('a run that was ended from outside was recorded', { runId: stored.runId });
        onNews();
      }
      for (const { executionId, runId } of await leftStaging(database, now - STAGING_KEPT_MS)) {
        const rows = await discardUnstored(database, { executionId });
        log.info('dropped what an ended run had collected and never stored', { runId, rows });
      }
      const imports = await dropAbandonedImports(database, now);
      if (imports > 0) log.info('dropped what killed imports had staged', { imports });
      return undefined;
    },
  };
}
