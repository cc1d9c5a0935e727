import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { AttemptDetails, FollowedStage, StageCall, StageOutcome, TaskOutcome } from '../../contracts/task/stage-report.ts';
import { type Stage, stageTaskId } from '../../contracts/words.ts';
import type { Database } from '../../storage/database/database.ts';
import { findEffect, recordAttempt } from '../../storage/runs/ledger/ledger.ts';
import { recordStart } from '../../storage/runs/ledger/started-attempts.ts';

/** Runs one attempt of a stage inside the current activity. @param following set for a stage that runs after the activity's own */
export type RunStage = (stage: Stage, call: StageCall, following?: { readonly progress: Json }) => Promise<TaskOutcome>;

/**
 * Age of an activity up to which it starts another stage, whatever that finds to do: a symbol with so much work that its workflow tasks do
 * not count soon has an activity per stage. A pause, or a symbol that is more urgent, waits for one stage at most. Milliseconds.
 */
const STARTS_WITHIN_MS = 1_000;

interface Following {
  readonly database: Database;
  readonly runStage: RunStage;
}

/**
 * Runs a stage as its activity, then the stages of `call.following` that start within a second. Each has its own ledger row, timeout,
 * metrics and log lines. A following stage has one attempt here: after a failure a normal activity continues. When the worker is lost, the
 * next attempt of the activity returns what the ledger has.
 */
export async function runWithFollowing({ database, runStage }: Following, stage: Stage, call: StageCall): Promise<StageOutcome> {
  const { following } = call;
  if (following === undefined) return await runStage(stage, call);
  const activity = Context.current();
  const startedAt = Date.now();
  const started = performance.now();
  const before = activity.info.attempt === 1 ? undefined : await afterLostWorker(database, stage, call);
  if (before !== undefined) return before;

  const own = await runStage(stage, call);
  const followed: FollowedStage[] = [];
  const reports: Json[] = [reportOf(call, { stage, startedAt, at: Date.now(), kind: 'succeeded', ...own })];
  for (const next of following.stages) {
    const from = Date.now();
    if (performance.now() - started > STARTS_WITHIN_MS) break;
    const { runId, executionId, symbol } = call;
    const progress = [...reports, { taskId: stageTaskId(symbol, next), kind: 'started', at: from }];
    const attempt = { stage: next, startedAt: from };
    try {
      const outcome = await runStage(next, { runId, executionId, symbol, policy: following.policies?.[next] }, { progress });
      followed.push({ ...attempt, at: Date.now(), kind: 'succeeded', ...outcome });
    } catch (thrown) {
      followed.push({ ...attempt, at: Date.now(), ...endOf(thrown) });
      break;
    }
    reports.push(reportOf(call, followed[followed.length - 1]));
  }
  return brief({ ...own, followed }, following.stages.length);
}

const reportOf = ({ symbol }: StageCall, { stage, ...end }: FollowedStage): Json =>
  ({ taskId: stageTaskId(symbol, stage), ...end }) as unknown as Json;

/** How a following stage ended that threw. @throws what must end the activity itself: a worker that shuts down */
function endOf(thrown: unknown): { kind: 'cancelled' } | { kind: 'failed'; details: AttemptDetails; final: boolean } {
  if (thrown instanceof CancelledFailure && Context.current().cancellationDetails?.cancelRequested) return { kind: 'cancelled' };
  if (!(thrown instanceof ApplicationFailure)) throw thrown;
  const [details] = thrown.details as [AttemptDetails];
  return { kind: 'failed', details, final: thrown.nonRetryable === true };
}

/** Leaves out the outputs once every stage has succeeded: the workflow reads them only to choose how the next stage runs. */
function brief(outcome: StageOutcome, stages: number): StageOutcome {
  const { followed = [] } = outcome;
  if (followed.length < stages || followed.some(({ kind }) => kind !== 'succeeded')) return outcome;
  return { ...outcome, output: null, followed: followed.map((each) => ({ ...each, output: null })) };
}

/**
 * What the stages achieved before the worker was lost: those with a ledger row, and the lost first attempt of the next one. Undefined when
 * the activity's own stage has no row, since that one continues as any activity does.
 */
async function afterLostWorker(database: Database, stage: Stage, call: StageCall): Promise<StageOutcome | undefined> {
  const { executionId, symbol, following } = call;
  const { info } = Context.current();
  const keyOf = (each: Stage) => ({ executionId, taskId: stageTaskId(symbol, each) });
  const own = await findEffect(database, keyOf(stage));
  if (own === undefined) return undefined;
  const followed: FollowedStage[] = [];
  for (const next of following?.stages ?? []) {
    const effect = await findEffect(database, keyOf(next));
    if (effect === undefined) {
      const at = info.currentAttemptScheduledTimestampMs;
      const { sign } = (info.heartbeatDetails ?? {}) as { readonly sign?: { readonly worker: string; readonly from: number } };
      const startedAt = followed[followed.length - 1]?.at ?? own.finishedAt;
      const message = `the worker was lost while ${stageTaskId(symbol, next)} ran after ${stage}; it continues as an activity`;
      const details: AttemptDetails = { attempts: 1, failures: 0, retryDelayMs: 1, error: { type: 'WorkerLost', message } };
      const lost = { attempt: 1, from: startedAt, to: at, next: at, error: 'WorkerLost', lostWith: sign?.worker ?? null };
      await recordAttempt(database, keyOf(next), lost);
      await recordStart(database, keyOf(next), { number: 1, worker: sign?.worker ?? '' });
      followed.push({ stage: next, startedAt, at, kind: 'failed', details, final: false });
      break;
    }
    const { output, degraded, attempts, startedAt, finishedAt } = effect;
    followed.push({ stage: next, startedAt, at: finishedAt, kind: 'succeeded', output, degraded, attempts });
  }
  return brief({ output: own.output, degraded: own.degraded, attempts: own.attempts, followed }, following?.stages.length ?? 0);
}
