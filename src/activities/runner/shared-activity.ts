import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { AttemptDetails, SharedEnd, TaskOutcome, TaskReport } from '../../contracts/task/stage-report.ts';
import type { Database } from '../../storage/database/database.ts';
import { findEffect, recordAttempt } from '../../storage/runs/ledger/ledger.ts';
import type { AttemptSign } from './attempt-sign.ts';

/**
 * Age in milliseconds up to which an activity starts another task. For longer tasks, an activity of their own costs little compared with
 * their work. A pause or a more urgent task waits at most for this time and one task.
 */
const STARTS_WITHIN_MS = 1_000;
/** Total size of outputs, in characters, above which an activity starts no other task, because its result is one payload. */
const MAX_OUTPUTS = 250_000;

/** How a task runs inside the activity of an earlier one. */
export interface SharedAttempt {
  /** Reports about the activity's earlier tasks and this task's start, which are sent with the heartbeats. */
  readonly progress: () => readonly TaskReport[];
  /** Whether the task may have run before, in a lost attempt of the activity. */
  readonly mayHaveRun: boolean;
}

/**
 * Runs the activity's own task, then those of `following` that start within a second, one after another up to the first that does not
 * succeed. Each has its own ledger row, timeout, metrics and log lines, and one attempt; its retry is an activity of its own.
 * If the worker is lost after the activity's own task, the next attempt finds in the ledger which other tasks have run.
 * @param activity.run runs one attempt of a following task
 */
export async function runWithFollowing<Next extends { readonly taskId: string }>(activity: {
  readonly database: Database;
  readonly executionId: string;
  readonly taskId: string;
  readonly own: () => Promise<TaskOutcome>;
  readonly following: readonly Next[];
  readonly run: (task: Next, how: SharedAttempt) => Promise<TaskOutcome>;
}): Promise<TaskOutcome & { readonly followed: readonly SharedEnd[] }> {
  const { database, executionId, taskId, following } = activity;
  const startedAt = Date.now();
  const since = performance.now();
  const own = await activity.own();
  const mayHaveRun = own.known === true && Context.current().info.attempt > 1;
  if (mayHaveRun) await recordLostFollower(database, executionId);
  const reports: TaskReport[] = [{ taskId, startedAt, at: Date.now(), kind: 'succeeded', ...own }];
  const followed: SharedEnd[] = [];
  let size = 0;
  for (const task of following) {
    if (performance.now() - since > STARTS_WITHIN_MS || size > MAX_OUTPUTS) break;
    const started = { taskId: task.taskId, kind: 'started', at: Date.now() } as const;
    try {
      const outcome = await activity.run(task, { progress: () => [...reports, started], mayHaveRun });
      const end = { startedAt: started.at, at: Date.now(), kind: 'succeeded', ...outcome } as const;
      followed.push(end);
      reports.push({ taskId: task.taskId, ...end });
      size += JSON.stringify(outcome.output).length;
    } catch (thrown) {
      followed.push({ startedAt: started.at, at: Date.now(), ...endOf(thrown) });
      break;
    }
  }
  return { ...own, followed };
}

/** The end of a following task that threw. @throws errors that must end the activity itself, such as the worker's shutdown */
function endOf(thrown: unknown): { kind: 'cancelled' } | { kind: 'failed'; details: AttemptDetails; final: boolean } {
  if (thrown instanceof CancelledFailure && Context.current().cancellationDetails?.cancelRequested) return { kind: 'cancelled' };
  if (!(thrown instanceof ApplicationFailure)) throw thrown;
  const [details] = thrown.details as [AttemptDetails];
  return { kind: 'failed', details, final: thrown.nonRetryable === true };
}

/** Records the lost attempt of the following task that had started according to the last heartbeat, unless it took effect after that. */
async function recordLostFollower(database: Database, executionId: string): Promise<void> {
  const { heartbeatDetails, currentAttemptScheduledTimestampMs: missedAt } = Context.current().info;
  const { progress = [], sign } = (heartbeatDetails ?? {}) as { readonly progress?: readonly TaskReport[]; readonly sign?: AttemptSign };
  const last = progress[progress.length - 1];
  if (last?.kind !== 'started') return;
  const key = { executionId, taskId: last.taskId };
  const lost = {
    attempt: 1,
    from: last.at,
    to: sign?.seen ?? missedAt,
    next: missedAt,
    error: 'WorkerLost',
    lostWith: sign?.worker ?? null,
  };
  try {
    if ((await findEffect(database, key)) === undefined) await recordAttempt(database, key, lost);
  } catch {
    // ignored: only the pages will lack this attempt, and the task checks the ledger itself when it runs
  }
}
