import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  getExternalWorkflowHandle,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { StageActivities } from '../activities/registry.ts';
import { hasLittleToDo, outputIn } from '../contracts/task/little-to-do.ts';
import type { StageCall, SymbolPipelineInput, SymbolPipelineResult, TaskOutcome, TaskReport } from '../contracts/task/stage-report.ts';
import { defaultPolicy } from '../contracts/task/task-policy.ts';
import { type Stage, stageTaskId } from '../contracts/words.ts';
import { activityOptions, runLocalFirst } from './activity-options.ts';
import { symbolInputProblem } from './given.ts';
import { reportsSignal, stagesQuery, yieldSignal } from './handlers.ts';
import { packReports, unpackReports } from './symbol/packed-reports.ts';
import { failureReport, successReport } from './symbol/task-report.ts';

/**
 * Runs consecutive stages of one symbol, one activity each, as a child of `pipeline`. Ends early when a stage fails, when a stage must wait
 * long for its next attempt, or when the parent requests the slot.
 * @throws ApplicationFailure with the failed stage's error type and the reports as details; `BadInput` when `pipeline` did not start it
 */
export async function symbolPipeline(input: SymbolPipelineInput): Promise<SymbolPipelineResult> {
  const problem = symbolInputProblem(input);
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'BadInput');
  const { symbol, runId, executionId, stages, policies = {}, signalStages = [], little, brief, done = [], mayHaveRun } = input;
  const reports: TaskReport[] = unpackReports(symbol, done);
  let yieldRequested = false;
  const packed = () => packReports(stages, reports, { brief });
  /** Number of reports that were already sent to the parent. */
  let sent = 0;
  setHandler(yieldSignal, () => {
    yieldRequested = true;
  });
  setHandler(stagesQuery, () => reports);

  for (const [index, stage] of stages.entries()) {
    if (index < done.length) continue;
    if (yieldRequested) return { end: 'yielded', reports: packed() };
    const taskId = stageTaskId(symbol, stage);
    const { earlier, failedLocally } = index === done.length ? input : {};
    const begun = { taskId, startedAt: failedLocally?.startedAt ?? Date.now(), earlierAttempts: earlier?.attempts ?? 0 };
    setCurrentDetails(`${stage} (${index + 1} of ${stages.length})`);
    const started: TaskReport = { taskId, kind: 'started', at: begun.startedAt };
    reports.push(started);
    const last = index === stages.length - 1;
    let ended: TaskReport;
    try {
      const call = { runId, executionId, symbol, policy: policies[stage], earlier, failedLocally, ...(mayHaveRun && { mayHaveRun }) };
      // no local activity while reports to the parent wait: they leave at the end of the workflow task, which it would delay
      const local =
        little !== undefined &&
        failedLocally === undefined &&
        !signalStages.includes(stages[index - 1]) &&
        hasLittleToDo(stage, outputIn(reports), little);
      ended = successReport(begun, await runStage(stage, call, { local }));
    } catch (thrown) {
      ended = failureReport(begun, thrown);
    }
    reports[reports.length - 1] = ended;
    if (ended.kind === 'cancelled') {
      // reports are sent before the end, because a workflow that closes as Canceled returns nothing
      await CancellationScope.nonCancellable(() => reportToParent(symbol, reports));
      throw new CancelledFailure(`${taskId} was cancelled`);
    }
    if (ended.kind === 'failed') {
      setCurrentDetails(`${stage} failed: ${ended.error.message}`);
      throw ApplicationFailure.create({
        nonRetryable: true,
        type: ended.error.type,
        message: `${taskId}: ${ended.error.message}`,
        details: [{ reports: packed() }],
      });
    }
    if (ended.kind === 'retryLater') {
      setCurrentDetails(`${stage} waits for its next attempt: ${ended.error.message}`);
      return { end: 'completed', reports: packed() };
    }
    if (!last && signalStages.includes(stage)) {
      const next = stageTaskId(symbol, stages[index + 1]);
      const news = reports.slice(sent);
      sent = reports.length;
      void reportToParent(symbol, [...news, { taskId: next, kind: 'started', at: Date.now() }]);
    }
  }
  setCurrentDetails('done');
  return { end: 'completed', reports: packed() };
}

async function reportToParent(symbol: string, reports: readonly TaskReport[]): Promise<void> {
  const parent = workflowInfo().parent;
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(reportsSignal, symbol, reports);
  } catch {
    // the error is ignored: the parent is closed, and the ledger has the outcome
  }
}

/** Time limit of a stage as a local activity; after it the stage runs as a normal one, with heartbeats and visible in Temporal. */
const LOCAL_TIMEOUT_MS = 2_000;

/** Runs one stage, as a local activity first if `options.local`. @throws ActivityFailure as the activity does */
async function runStage(stage: Stage, call: StageCall, { local }: { local: boolean }): Promise<TaskOutcome> {
  const taskId = stageTaskId(call.symbol, stage);
  const options = activityOptions({ taskId, policy: call.policy ?? defaultPolicy(stage) });
  if (local) return await runLocalFirst(stage, { call, localTimeoutMs: LOCAL_TIMEOUT_MS, options });
  const { [stage]: run } = proxyActivities<StageActivities>(options);
  return await run(call);
}
