import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  log,
  patched,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunActivities } from '../activities/registry.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { PipelineResult, PipelineStatus } from '../contracts/pipeline-status.ts';
import type { PreparedRun, RunOrigin } from '../contracts/run-config.ts';
import { buildGraph } from '../scheduling/graph/graph.ts';
import { dehydrate, rehydrate } from '../scheduling/run/dehydrate.ts';
import { lanesToCome } from '../scheduling/run/lanes.ts';
import { reduce } from '../scheduling/run/reducer.ts';
import { type RunCommand, type RunEvent, STAGE_DETAIL_LIMIT } from '../scheduling/run/run-events.ts';
import { createRun, type RunState } from '../scheduling/run/run-state.ts';
import { emptyStatus, graphOf, resultOf, statusOf } from '../scheduling/run/status.ts';
import { whyOf } from '../scheduling/run/why.ts';
import { BOOKKEEPING } from './activity-options.ts';
import {
  graphQuery,
  pauseUpdate,
  reportsSignal,
  resumeUpdate,
  retryFailedUpdate,
  setMaxConcurrentUpdate,
  statusQuery,
  whyQuery,
} from './handlers.ts';
import { Lanes } from './open-lanes.ts';
import { queue } from './sinks.ts';

/** History is handed to a new execution past this many events, or where the server suggests it; both long before its limits. */
const HISTORY_LIMIT = 4_000;
/** A run that ends within so many events, and is not large in bytes, goes on: a hand-over lets the slots run empty. */
const LAST_EVENTS = 5_000;
const LAST_BYTES = 8_000_000;
/** A lane's start and end, with its part of the workflow tasks. */
const EVENTS_PER_LANE = 5;

type Finish = Extract<RunCommand, { type: 'finish' }>;

/**
 * One run: checks the input, sorts the task graph and drives every symbol and custom task to its end.
 * Feeds what happens into the scheduling reducer and carries out its commands; decides nothing itself.
 *
 * @param input every field has a default, so `{}` runs every enabled symbol
 * @throws ApplicationFailure `InvalidPipeline` (every problem listed), `CriticalTaskFailed` or `NothingSucceeded` (the result in
 *   their details), all non-retryable
 */
export async function pipeline(input: PipelineInput = {}, options: RunOrigin = {}): Promise<PipelineResult> {
  const info = workflowInfo();
  const run = { runId: info.workflowId, executionId: info.firstExecutionRunId };
  const startedAt = options.continued?.startedAt ?? info.startTime.getTime();
  let state: RunState | undefined;
  let lanes: Lanes | undefined;
  let finish: Finish | undefined;
  let draining = false;
  /** The run ended while its input was checked. */
  let unbegun: { readonly at: number; readonly why: string } | undefined;
  /** Of the run from its first task on; the lanes have one of their own. */
  let runScope: CancellationScope | undefined;
  let wakeScope: CancellationScope | undefined;
  /** What the worker's metrics know of the queue. */
  let told = { ready: 0, running: 0 };
  /** Yields on their way to the children. */
  const yields: Promise<void>[] = [];

  const detail = () => (prepared !== undefined && prepared.config.symbols.length > STAGE_DETAIL_LIMIT ? 'symbol' : 'stage');
  let prepared: PreparedRun | undefined;

  const dispatch = (event: RunEvent): void => {
    if (state === undefined) return;
    for (const command of reduce(state, event)) carryOut(command);
    tellQueue(state.ready.size, state.lanes.size);
    if (!draining && finish === undefined && isHistoryFull(state)) {
      draining = true;
      dispatch({ type: 'drain', at: Date.now() });
    }
  };
  const tellQueue = (ready: number, running: number): void => {
    if (ready === told.ready && running === told.running) return;
    told = { ready, running };
    queue.length(told);
  };
  const carryOut = (command: RunCommand): void => {
    switch (command.type) {
      case 'startSymbol':
        lanes?.startSymbol(command);
        break;
      case 'startTask':
        lanes?.startTask(command);
        break;
      case 'yieldLane':
        if (lanes !== undefined) yields.push(lanes.yield(command.lane));
        break;
      case 'cancelLane':
        lanes?.cancel();
        break;
      case 'wakeAt':
        wakeAt(command.at);
        break;
      case 'finish':
        finish = command;
    }
  };
  const wakeAt = (at: number): void => {
    wakeScope?.cancel();
    wakeScope = new CancellationScope({ cancellable: true, parent: runScope });
    void wakeScope
      .run(() => sleep(Math.max(1, at - Date.now())))
      .then(() => dispatch({ type: 'wake', at: Date.now() }))
      .catch(() => undefined /* replaced by a later wakeAt, or the run ended */);
  };
  const ready = async (): Promise<RunState> => {
    await condition(() => state !== undefined);
    return state as RunState;
  };

  setHandler(
    statusQuery,
    (): PipelineStatus =>
      state === undefined
        ? emptyStatus({ runId: run.runId, startedAt, now: unbegun?.at ?? Date.now(), ended: unbegun !== undefined })
        : statusOf(state, { runId: run.runId, now: Date.now(), detail: detail() }),
  );
  setHandler(graphQuery, () => (state === undefined ? [] : graphOf(state)));
  setHandler(whyQuery, (taskId) => {
    if (typeof taskId !== 'string') return 'why wants a task id, like "BTC_PRICE/clean"; the graph query lists them';
    if (state !== undefined) return whyOf(state, taskId, Date.now());
    return unbegun?.why ?? 'the run is still checking its input; waiting for a worker and the database';
  });
  setHandler(reportsSignal, (lane, reports) => dispatch({ type: 'reports', lane, reports, at: Date.now() }));
  setHandler(
    setMaxConcurrentUpdate,
    async (value) => {
      await ready();
      dispatch({ type: 'setMaxConcurrent', value, at: Date.now() });
      return value;
    },
    { validator: validateMaxConcurrent },
  );
  setHandler(pauseUpdate, async () => {
    await ready();
    dispatch({ type: 'pause', at: Date.now() });
    // Paused means paused: the update returns once every open symbol has been told.
    await Promise.all(yields.splice(0));
  });
  setHandler(resumeUpdate, async () => {
    await ready();
    dispatch({ type: 'resume', at: Date.now() });
  });
  setHandler(retryFailedUpdate, async () => {
    const current = await ready();
    const before = statusOf(current, { runId: run.runId, now: Date.now(), detail: 'stage' }).taskResults;
    dispatch({ type: 'retryFailed', at: Date.now() });
    return Object.keys(before).filter((taskId) => before[taskId].status === 'failed' || before[taskId].status === 'skipped');
  });

  // A cancellation while the input is checked ends the run here: no task has begun.
  let settled: PreparedRun;
  try {
    settled = options.continued?.prepared ?? (await prepare(input, { ...run, startedAt, retryOf: options.retryOf }));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replaceAll(/\s*\n\s*/g, ' ') : 'no reason given';
    unbegun = { at: Date.now(), why: `the run ended before any task began: ${reason}` };
    throw thrown;
  }
  prepared = settled;

  // From here on a cancellation is one more event for the scheduler: the run winds down instead of being torn apart.
  void CancellationScope.current().cancelRequested.catch(() => dispatch({ type: 'cancel', at: Date.now() }));
  return await CancellationScope.nonCancellable(async () => {
    runScope = CancellationScope.current();
    const built = buildGraph(settled.config);
    if ('problems' in built) {
      throw ApplicationFailure.nonRetryable(
        built.problems.map((p) => `${p.where}: ${p.message}`).join('\n'),
        'InvalidPipeline',
        built.problems,
      );
    }
    lanes = new Lanes({ ...run, config: settled.config }, dispatch);
    if (options.continued === undefined) {
      state = createRun({ graph: built.graph, config: settled.config, durations: settled.durations, reused: settled.reused });
      dispatch({ type: 'start', at: startedAt });
    } else {
      state = rehydrate(built.graph, options.continued.state, { durations: settled.durations });
      dispatch({ type: 'wake', at: Date.now() });
    }

    await condition(() => finish !== undefined || (draining && lanes?.size === 0));
    wakeScope?.cancel();
    await condition(allHandlersFinished);
    if (finish === undefined) {
      await continueAsNew<typeof pipeline>(input, {
        ...options,
        continued: { prepared: settled, startedAt, state: dehydrate(state) },
      });
    }
    return await conclude(state, endAsRecorded(finish as unknown as Finish));
  });

  async function conclude(final: RunState, { result: verdict, failure }: Finish): Promise<PipelineResult> {
    const result = { ...resultOf(final, { runId: run.runId, now: Date.now(), detail: detail() }), result: verdict };
    setCurrentDetails(
      `${verdict}: ${result.completedTasks} of ${result.totalTasks} tasks ended${result.reasons.map((reason) => `\n- ${reason}`).join('')}`,
    );
    const { finishPipeline } = proxyLocalActivities<RunActivities>(BOOKKEEPING);
    try {
      const customTasks = prepared?.config.tasks.map(({ taskId }) => taskId) ?? [];
      await finishPipeline({ ...run, result, customTasks, discardStaging: failure?.type === 'CriticalTaskFailed' });
    } catch (error) {
      // The run's data is safe in its stages' transactions; only its report page and list entry are missing.
      log.error('the run is over, but its record could not be written', { error });
    }
    if (failure !== undefined)
      throw ApplicationFailure.create({ nonRetryable: true, type: failure.type, message: failure.message, details: [result] });
    if (verdict === 'cancelled') throw new CancelledFailure(`run ${run.runId} was cancelled`);
    return result;
  }
}

/** A history in which a run closed as Completed although nothing had succeeded in it must end so again. */
function endAsRecorded(finish: Finish): Finish {
  if (finish.failure?.type !== 'NothingSucceeded' || patched('nothing-succeeded-fails')) return finish;
  return { type: 'finish', result: 'degraded' };
}

async function prepare(
  input: unknown,
  { retryOf, startedAt, ...run }: { runId: string; executionId: string; startedAt: number; retryOf?: string },
): Promise<PreparedRun> {
  const scheduled = workflowInfo().searchAttributes.TemporalScheduledStartTime?.[0];
  const defaultAsOf = scheduled instanceof Date ? scheduled.getTime() : startedAt;
  const { preparePipeline } = proxyLocalActivities<RunActivities>(BOOKKEEPING);
  try {
    return await preparePipeline({ input, ...run, startedAt, defaultAsOf, retryOf });
  } catch (thrown) {
    // The user's run failed for the reason inside, not because "an activity failed".
    if (thrown instanceof ActivityFailure && thrown.cause instanceof ApplicationFailure) throw thrown.cause;
    throw thrown;
  }
}

function isHistoryFull(state: RunState): boolean {
  const { continueAsNewSuggested, historyLength, historySize } = workflowInfo();
  if (historyLength <= HISTORY_LIMIT) return continueAsNewSuggested;
  return historySize > LAST_BYTES || historyLength + EVENTS_PER_LANE * (state.lanes.size + lanesToCome(state)) > LAST_EVENTS;
}

function validateMaxConcurrent(value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 10_000) {
    throw ApplicationFailure.nonRetryable(`setMaxConcurrent: ${JSON.stringify(value)} is not a whole number from 1 to 10000`, 'BadInput');
  }
}
