import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { messageOf } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { PipelineResult } from '../../contracts/pipeline-status.ts';
import type { Database } from '../../storage/database/database.ts';
import { type EarlierVerdict, earlierVerdict } from '../../storage/runs/runs.ts';

/** What is posted to `ALERT_WEBHOOK_URL`; `text` is what chat tools show. */
export interface Alert {
  readonly text: string;
  readonly kind: 'trouble' | 'recovered';
  readonly runId: string;
  readonly result: PipelineResult['result'];
  readonly previousResult: PipelineResult['result'] | null;
  readonly reasons: readonly string[];
  readonly finishedAt: string | null;
}

/** What an alert needs to know of how a run ended. */
export type Ending = Pick<PipelineResult, 'runId' | 'result' | 'reasons' | 'finishedAt'>;

const ATTEMPTS = 3;
const TIMEOUT_MS = 5_000;
const REASONS_TOLD = 5;

/**
 * Whether a run's end is news: trouble that the last run of the same input did not have, or the first success after trouble.
 * The same trouble again is not told again, and a cancelled run was somebody's wish.
 */
export function alertOf(result: Ending, earlier: EarlierVerdict | undefined): Alert | undefined {
  const { runId, reasons, finishedAt } = result;
  if (result.result === 'cancelled') return undefined;
  const common = { runId, result: result.result, previousResult: earlier?.result ?? null, reasons, finishedAt };
  if (result.result === 'success') {
    if (earlier === undefined || earlier.result === 'success') return undefined;
    return { text: `PredictLab: ${runId} succeeded again (the run before was ${earlier.result})`, kind: 'recovered', ...common };
  }
  const sameAgain = earlier?.result === result.result && JSON.stringify(earlier.reasons) === JSON.stringify(reasons);
  if (sameAgain) return undefined;
  const told = reasons.slice(0, REASONS_TOLD).map((reason) => `\n- ${reason}`);
  return { text: `PredictLab: ${runId} is ${result.result}${told.join('')}`, kind: 'trouble', ...common };
}

/** Posts the alert, if the run's end is one. A webhook that cannot be reached is logged: the run is over either way. */
export async function announce({
  database,
  executionId,
  result,
  webhookUrl,
  log,
}: {
  database: Database;
  executionId: string;
  result: Ending;
  webhookUrl: string;
  log: Log;
}): Promise<void> {
  const alert = alertOf(result, await earlierVerdict(database, executionId));
  if (alert === undefined) return;
  for (let attempt = 1; ; attempt++) {
    try {
      const { statusCode, body } = await request(webhookUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alert),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      await body.dump();
      if (statusCode < 300) return;
      throw new Error(`it answered ${statusCode}`);
    } catch (error) {
      if (attempt === ATTEMPTS) {
        log.error('ALERT_WEBHOOK_URL cannot be reached, the alert is lost', { runId: result.runId, reason: messageOf(error) });
        return;
      }
      await wait(200 * attempt);
    }
  }
}
