import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { type RunStage, runStages } from '../../src/activities/create-activities.ts';
import { createTaskRunner, type Task } from '../../src/activities/runner/task-runner.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { AttemptDetails, StageCall, StageOutcome } from '../../src/contracts/task/stage-report.ts';
import { type Stage, stageTaskId } from '../../src/contracts/words.ts';
import { secretsOf } from '../../src/secrets/secrets.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

const call: StageCall = { runId: 'run', executionId: 'run-1', symbol: 'AAA', following: { stages: ['clean', 'store'] } };
const metrics = { begin: () => ({ end: () => undefined }) };

/** A worker of one activity: the stages that ran, and the activity by attempt. */
function workerOf(database: Database, work: (stage: Stage) => void = () => undefined) {
  const ran: Stage[] = [];
  const runTask = createTaskRunner({ database, log: silent, metrics, secrets: secretsOf({}) });
  const runStage: RunStage = (stage, { following: _, ...given }, following) =>
    runTask({
      call: { ...given, taskId: stageTaskId(given.symbol, stage) },
      symbol: given.symbol,
      stage,
      following,
      work: (async ({ record }) => {
        ran.push(stage);
        work(stage);
        return await record({ output: { ticks: 1 } });
      }) satisfies Task['work'],
    });
  const attempt = async (number: number, stage: Stage, given: StageCall, heartbeatDetails?: unknown): Promise<StageOutcome> => {
    const info = { attempt: number, currentAttemptScheduledTimestampMs: Date.now(), heartbeatDetails };
    return (await new MockActivityEnvironment(info).run(() => runStages({ database, runStage }, stage, given))) as StageOutcome;
  };
  return { ran, attempt };
}

const failureOf = async (attempt: Promise<unknown>): Promise<ApplicationFailure> => {
  const thrown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof ApplicationFailure)) throw thrown;
  return thrown;
};

describe('an activity that several stages share, after its worker was lost', () => {
  it('waits for an unavailable database as every task does', async () => {
    const away = (): never => {
      throw new PredictLabError('StorageUnavailable', 'Postgres is away');
    };
    const worker = workerOf({ query: async () => away(), transaction: async () => away() } as unknown as Database);
    const { details, nextRetryDelay } = await failureOf(worker.attempt(2, 'collect', call));
    const [{ spent, failures }] = details as [AttemptDetails];
    expect({ failures, outages: spent?.storage?.count, nextRetryDelay }).toEqual({ failures: 0, outages: 1, nextRetryDelay: 250 });
  });

  it('counts no attempt of a stage that had not started, and one lost attempt of a stage that had', async () => {
    const { database, close } = await testDatabase();
    const worker = workerOf(database);
    await worker.attempt(1, 'collect', { ...call, following: { stages: [] } });
    expect(await worker.attempt(2, 'collect', { ...call, following: { stages: [] } })).toMatchObject({ known: true, attempts: 1 });
    const attempts = async () =>
      (await database.query('select task_id as task, attempt, error_type as error from task_attempts order by 1, 2')).rows;
    expect(await attempts()).toEqual([]);

    const progress = [{ taskId: 'AAA/collect' }, { taskId: 'AAA/clean', kind: 'started', at: Date.now() }];
    const after = await worker.attempt(2, 'collect', call, { failures: 0, progress });
    expect(await attempts()).toEqual([{ task: 'AAA/clean', attempt: 1, error: 'WorkerLost' }]);
    // it continues as an activity
    expect(after.followed).toMatchObject([{ stage: 'clean', kind: 'failed', final: false, details: { attempts: 1, failures: 0 } }]);
    const next: StageCall = { ...call, mayHaveRun: true, following: { stages: ['store'] } };
    expect((await failureOf(worker.attempt(1, 'clean', next))).type).toBe('WorkerLost');
    const { followed, ...clean } = await worker.attempt(2, 'clean', next, { failures: 0, cutOff: 1 });
    expect(clean).toMatchObject({ attempts: 2 });
    expect(followed).toMatchObject([{ stage: 'store', kind: 'succeeded', attempts: 1 }]);
    expect(worker.ran).toEqual(['collect', 'clean', 'store']);
    await close();
  });

  it('still knows the failure of a later stage whose report was lost', async () => {
    const { database, close } = await testDatabase();
    let error = new PredictLabError('BadInput', 'the file is empty');
    const worker = workerOf(database, (stage) => {
      if (stage === 'clean') throw error;
    });
    const first = await worker.attempt(1, 'collect', call);
    expect(first.followed).toMatchObject([{ stage: 'clean', kind: 'failed', final: true }]);
    // the completion is lost with the worker
    const lost = await worker.attempt(2, 'collect', call);
    expect(lost).toMatchObject({ known: true, followed: [{ stage: 'clean', kind: 'failed', final: true }] });
    const again = await failureOf(worker.attempt(1, 'clean', { ...call, mayHaveRun: true, following: { stages: ['store'] } }));
    expect(again).toMatchObject({ type: 'BadInput', nonRetryable: true });
    expect(worker.ran).toEqual(['collect', 'clean']);

    const other: StageCall = { ...call, symbol: 'BBB' };
    error = new PredictLabError('SourceUnavailable', 'the venue answered 503');
    await worker.attempt(1, 'collect', other);
    await worker.attempt(2, 'collect', other);
    const retried = await failureOf(worker.attempt(1, 'clean', { ...other, mayHaveRun: true }));
    expect(retried).toMatchObject({ type: 'SourceUnavailable', nonRetryable: false, details: [{ attempts: 1, failures: 1 }] });
    await close();
  });
});
