import type { StageInput } from '../../contracts/task/stage-report.ts';
import { stageTaskId } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { commitEffect, recordEffect } from '../../storage/runs/ledger/ledger.ts';
import type { StageWork } from './stage-work.ts';

/** A stage's work outside of Temporal (an import, a test, a benchmark): one attempt by default, and heartbeats go nowhere. */
export function workAlone(work: Pick<StageWork, 'log' | 'commit' | 'record'> & Partial<StageWork>): StageWork {
  return {
    signal: new AbortController().signal,
    resume: undefined,
    attempt: 1,
    timeoutMs: Number.POSITIVE_INFINITY,
    mayRetry: () => false,
    heartbeat: () => undefined,
    ...work,
  };
}

/** The same with a ledger, so that the stage takes effect once. */
export function recordedWork(
  database: Database,
  { runId, executionId, symbol, stage }: Omit<StageInput, 'settings'>,
  work: Pick<StageWork, 'log'> & Partial<StageWork>,
): StageWork {
  const key = { runId, executionId, symbol, stage, taskId: stageTaskId(symbol, stage), startedAt: Date.now(), attempts: 1 };
  return workAlone({
    commit: (write) => commitEffect(database, key, write),
    record: (effect) => recordEffect(database, key, effect),
    ...work,
  });
}
