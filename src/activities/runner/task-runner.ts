import { hostname } from 'node:os';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { messageOf, type PastError, pastError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { afterFailure, type Failures, failedAttempts } from '../../contracts/task/after-failure.ts';
import type {
  AttemptDetails,
  CustomTaskCall,
  PastAttempt,
  StageEffect,
  TaskMetrics,
  TaskOutcome,
} from '../../contracts/task/stage-report.ts';
import { defaultPolicy } from '../../contracts/task/task-policy.ts';
import type { Stage } from '../../contracts/words.ts';
import type { Secrets } from '../../secrets/secrets.ts';
import type { Database } from '../../storage/database/database.ts';
import { recordCustomEffect } from '../../storage/runs/ledger/custom-effects.ts';
import {
  commitEffect,
  failedFirstAttempt,
  findEffect,
  recordAttempt,
  recordEffect,
  requireStageBefore,
} from '../../storage/runs/ledger/ledger.ts';
import { forgetStarts, recordStart, startsWithoutEnd } from '../../storage/runs/ledger/started-attempts.ts';
import type { StageWork } from '../stages/stage-work.ts';
import { type AttemptSign, LostAttempt, lostSince, lostWorkersOf } from './attempt-sign.ts';
import { failureAgain, failureOf, lostAttempt, lostWorker, timedOut, tooManyLostWorkers } from './failure.ts';
import type { SharedAttempt } from './shared-activity.ts';

/** Interval of heartbeats, far below the heartbeat timeout, so that only a dead process misses it. Most tasks end before the first one. */
const HEARTBEAT_INTERVAL_MS = 2_000;

/** Name of this worker, as in Temporal's Web UI. */
const WORKER = `${process.pid}@${hostname()}`;

interface Heartbeat extends Failures {
  readonly error?: PastError;
  readonly resume?: Json;
  readonly sign?: AttemptSign;
  /** Number of attempts that were cut off with the thread of their plugin, while their worker kept running. */
  readonly cutOff?: number;
}

export interface TaskRunnerDependencies {
  readonly database: Database;
  readonly log: Log;
  readonly metrics: TaskMetrics;
  /** Values that are neither recorded nor sent to Temporal. */
  readonly secrets: Secrets;
  /** Longest wait before a retry that keeps the slot. @default 30 s */
  readonly longestWaitInSlotMs?: number;
}

/** The work of one attempt, and the name under which its effect is recorded. */
export interface Task {
  readonly call: CustomTaskCall;
  readonly symbol?: string;
  readonly stage?: Stage;
  /** The plugin's code that the task runs, for messages: `activity "crash" of plugin ./crash.mjs`. @default none */
  readonly foreign?: string;
  /** Set for a task that runs in the activity of an earlier task; it is then always the task's first attempt. @default none */
  readonly following?: Pick<SharedAttempt, 'progress'>;
  readonly work: (work: StageWork) => Promise<StageEffect>;
}

/**
 * Runs one attempt of a task inside a Temporal activity: checks the ledger first, sends heartbeats, applies the timeout, and turns every
 * error into a failure whose type names its effect.
 */
export function createTaskRunner({
  database,
  log: baseLog,
  metrics,
  secrets,
  longestWaitInSlotMs,
}: TaskRunnerDependencies): (task: Task) => Promise<TaskOutcome> {
  return async ({ call, symbol, stage, foreign, following, work }) => {
    const activity = Context.current();
    const { runId, executionId, taskId, policy = defaultPolicy(stage), earlier, failedLocally } = call;
    const { attempt, heartbeatDetails } = following === undefined ? activity.info : { attempt: 1, heartbeatDetails: undefined };
    const attempts = (earlier?.attempts ?? 0) + attempt;
    const past = failedLocally === undefined ? earlier : { ...failedLocally, error: pastError(failedLocally.error) };
    const begun: Heartbeat = { failures: past?.failures ?? 0, spent: past?.spent, error: past?.error };
    const before = (heartbeatDetails as Heartbeat | undefined) ?? begun;
    // attempts without a recorded failure were lost; a first attempt as a local activity, if there was one, is known to have failed
    const lost = attempt - 1 - (failedAttempts(before) - failedAttempts(begun)) - (failedLocally === undefined ? 0 : 1);
    const sign = { attempt: attempts, worker: WORKER, from: Date.now(), lostBefore: lost };
    // the server does not receive heartbeats of a local activity
    const sendHeartbeat = (beat: Heartbeat): void => {
      if (!activity.info.isLocal) activity.heartbeat({ ...beat, progress: following?.progress(), sign: { ...sign, seen: Date.now() } });
    };
    if (failedLocally !== undefined && attempt === 1) {
      sendHeartbeat(before);
      throw failureAgain(failedLocally);
    }
    const key = { runId, executionId, taskId, symbol, stage, startedAt: Date.now(), attempts, lastError: before.error };
    const fields = { runId, taskId, attempt: attempts };
    const log = withFields(baseLog, fields);
    const meter = metrics.begin(stage ?? 'custom');
    log.debug('the attempt started');
    /** Records an attempt for the pages. An error is ignored, so that no task fails because of it. */
    const note = (attempt: PastAttempt): Promise<void> => recordAttempt(database, { executionId, taskId }, attempt).catch(() => undefined);

    /** Whether the task had taken effect before (a lost completion, or a repeated workflow task), so that it is not counted again. */
    let repeated = false;
    let beat: Heartbeat = before;
    let hasStarts = false;
    /** Whether the Temporal server does not count the task's attempts, because the task has no activity of its own. */
    const isExtra = activity.info.isLocal || following !== undefined;
    const isShared = following !== undefined || call.following !== undefined;
    const beating = setInterval(() => sendHeartbeat(beat), HEARTBEAT_INTERVAL_MS);
    const stop = new AbortController();
    const { signal } = stop;
    const timer = setTimeout(() => stop.abort(timedOut(taskId, policy.timeoutMs)), policy.timeoutMs);
    const cancelled = activity.cancellationSignal;
    const onCancelled = (): void => stop.abort(cancelled.reason);
    if (cancelled.aborted) onCancelled();
    else cancelled.addEventListener('abort', onCancelled, { once: true });
    try {
      // a first attempt usually has no ledger row to look up. But when a worker dies, every local activity of its workflow task is executed
      // again as a first attempt, so custom tasks among them must look up their row
      const isShortTask = activity.info.isLocal && stage === undefined;
      // the server does not count attempts of a local activity: without a count here, one that ends its worker would be repeated for ever
      const isUncounted = isExtra && foreign !== undefined && (activity.info.isLocal || stage === undefined);
      const isKnown = attempts > 1 || isShortTask || call.mayHaveRun === true;
      const start = isUncounted ? recordStart(database, key, { number: 1, worker: WORKER }) : Promise.resolve(true);
      // a following task does not wait for this statement, which is already sent: only a later attempt of the activity reads its row
      const isSent = !activity.info.isLocal && !isKnown;
      if (isSent) void start.catch(() => undefined);
      const [known, isFirstStart] = await Promise.all([isKnown ? findEffect(database, key) : undefined, isSent ? true : start]);
      if (known !== undefined) {
        log.info('the task had already taken effect; its first outcome is returned');
        return { output: known.output, degraded: known.degraded, attempts: known.attempts, known: true };
      }
      const missedAt = activity.info.currentAttemptScheduledTimestampMs;
      if (!activity.info.isLocal) for (const gone of lostSince({ attempt: attempts, lost, missedAt }, before.sign)) void note(gone);
      if (attempts === 1 && call.mayHaveRun) throwAgain(taskId, await failedFirstAttempt(database, key));
      hasStarts = isUncounted;
      if (!isFirstStart) throw new LostAttempt(`${taskId} was started before, on a worker that was lost; it continues as an activity`);
      if (call.onLostWorker === 'fail' && lost > 0) throw lostWorker(taskId);
      const lostLocally = past?.error?.type === 'WorkerLost';
      if (lost > 0 || lostLocally) {
        hasStarts = true;
        const started = await startsWithoutEnd(database, key);
        const lostWorkers = lostWorkersOf({ lost, cutOff: before.cutOff ?? 0, started, lostLocally });
        const maxLostWorkers = call.maxLostWorkers ?? (stage === undefined ? MAX_LOST_WORKERS : MAX_LOST_WORKERS_OF_STAGE);
        if (lostWorkers >= maxLostWorkers) throw tooManyLostWorkers(foreign === undefined ? taskId : `${taskId} (${foreign})`, lostWorkers);
        await recordStart(database, key, { number: started + 1, worker: WORKER });
      }
      const effect = await untilAborted(
        signal,
        work({
          signal,
          resume: before.resume,
          attempt: attempts,
          timeoutMs: policy.timeoutMs,
          mayRetry: ({ type }) => afterFailure(policy, before, { type, at: Date.now() }).next !== 'none',
          log,
          heartbeat: (resume) => {
            beat = { ...before, resume: secrets.json(resume) };
            sendHeartbeat(beat);
          },
          commit: async (write) => {
            signal.throwIfAborted();
            repeated = true;
            return await commitEffect(database, key, async (transaction) => {
              repeated = false;
              if (symbol !== undefined && stage !== undefined) await requireStageBefore(transaction, { executionId, symbol, stage });
              return secrets.json(await write(transaction));
            });
          },
          record: async (made) => {
            signal.throwIfAborted();
            const effect = secrets.json(made);
            if (stage !== undefined) {
              const first = await recordEffect(database, key, effect);
              repeated = first !== effect;
              return first;
            }
            // a custom task has already acted outside the database, so a ledger that is unavailable must not make it run again
            const recorded = recordCustomEffect(database, key, effect).catch((error: unknown) => {
              log.warn(`${taskId}: its ledger row will be written at the end of the run`, { error: messageOf(error) });
              return effect;
            });
            // does not wait for a row that nothing reads before the run's end: a first attempt has no earlier effect, and no task follows
            return attempts === 1 && !isShortTask && !isShared ? effect : await recorded;
          },
        }),
      );
      if (!repeated) meter.end('success', effect);
      log.debug('the attempt succeeded', { seconds: (Date.now() - key.startedAt) / 1000 });
      return { output: effect.output, degraded: effect.degraded, attempts };
    } catch (thrown) {
      if (cancelled.aborted) {
        // an attempt that server or workflow timed out is not counted as cancelled, since another attempt continues
        if (activity.cancellationDetails?.timedOut !== true) meter.end('cancelled');
        // this error shows whether the cancellation was requested or the worker is shutting down
        await activity.cancelled.catch((cancellation: unknown) => {
          throw cancellation;
        });
      }
      const isOver = !(isExtra && thrown instanceof LostAttempt);
      // an error is ignored: if the start stays recorded, a task that loses workers only fails one lost worker earlier
      if (hasStarts && isOver) await forgetStarts(database, key).catch(() => undefined);
      if (thrown instanceof LostAttempt) {
        meter.end('retried', undefined, 'WorkerLost');
        sendHeartbeat({ ...beat, cutOff: (before.cutOff ?? 0) + 1 });
        void note({ attempt: attempts, from: key.startedAt, to: Date.now(), next: null, error: 'WorkerLost' });
        log.warn(`${taskId}: ${thrown.message}`, { type: 'WorkerLost' });
        throw lostAttempt(thrown, { attempts, earlier: before });
      }
      const failure = failureOf(thrown, { secrets, policy, attempts, earlier: before, longestWaitInSlotMs });
      meter.end(failure.nonRetryable ? 'failed' : 'retried', undefined, failure.type ?? 'Error');
      if (thrown instanceof CancelledFailure) throw thrown;
      // the server stores this heartbeat with the failed attempt; the next attempt, on any worker, continues its counts
      const [{ failures, spent }] = failure.details as [AttemptDetails];
      sendHeartbeat({ ...beat, failures, spent, error: pastError(failure) });
      const wait = waitOf(failure);
      const to = Date.now();
      const attempt = {
        attempt: attempts,
        from: key.startedAt,
        to,
        next: wait === undefined ? null : to + wait,
        error: failure.type ?? 'Error',
      };
      const noted = note(attempt);
      // recorded before the activity completes: the failure of a following task is part of the activity's result, which may be lost
      if (following !== undefined) await noted;
      log.warn(`${taskId}: ${failure.message}`, { type: failure.type, retryInMs: failure.nextRetryDelay, final: failure.nonRetryable });
      throw failure;
    } finally {
      clearInterval(beating);
      clearTimeout(timer);
      cancelled.removeEventListener('abort', onCancelled);
    }
  };
}

/** Throws the recorded failure of a first attempt whose worker was lost before it reported the failure. */
function throwAgain(taskId: string, failed: Pick<PastAttempt, 'next' | 'error'> | undefined): void {
  if (failed === undefined) return;
  if (failed.error === 'WorkerLost') throw new LostAttempt(`${taskId} ran on a worker that was lost`);
  const message = 'the attempt failed on a worker that was lost before it reported the failure; the log of that worker has the error';
  throw ApplicationFailure.create({ type: failed.error, message, nonRetryable: failed.next === null });
}

/** Milliseconds until the next attempt; undefined when there is none. */
function waitOf({ details }: ApplicationFailure): number | undefined {
  const [{ retryDelayMs, retryAfterMs }] = details as [AttemptDetails];
  return retryDelayMs ?? retryAfterMs;
}

/** Waits for work, but only until the signal aborts, so that work that ignores its signal cannot exceed the attempt's timeout. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
    // after an abort no caller handles the error of the work, which must not count as unhandled
    void work.catch(() => undefined);
  }
}

/** Maximum number of workers that a custom task may lose before it fails; few, because it runs foreign code. */
const MAX_LOST_WORKERS = 2;
/** Maximum number of workers that a stage may lose before it fails; more, because restarts are likelier than a fault of the stage. */
const MAX_LOST_WORKERS_OF_STAGE = 10;

function withFields(log: Log, fields: Record<string, unknown>): Log {
  return {
    debug: (message, more) => log.debug(message, { ...fields, ...more }),
    info: (message, more) => log.info(message, { ...fields, ...more }),
    warn: (message, more) => log.warn(message, { ...fields, ...more }),
    error: (message, more) => log.error(message, { ...fields, ...more }),
  };
}
