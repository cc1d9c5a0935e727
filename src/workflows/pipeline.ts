import {
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
import { InvalidPipelineError } from '../contracts/errors.ts';
import type { PipelineInput } from '../contracts/run/pipeline-input.ts';
import type { PipelineResult, PipelineStatus } from '../contracts/run/pipeline-status.ts';
import type { PreparedRun, RunOrigin } from '../contracts/run/run-config.ts';
import { undecodableReason } from '../contracts/run/undecodable.ts';
import { buildGraph } from '../scheduling/graph/graph.ts';
import { fitList } from '../scheduling/payload/budget.ts';
import { fitGraph, fitStatus } from '../scheduling/payload/fit-status.ts';
import { type PackedPrepared, readPrepared } from '../scheduling/payload/pack-prepared.ts';
import { reduce } from '../scheduling/run/reducer.ts';
import { type RunCommand, type RunEvent, STAGE_DETAIL_LIMIT, type StatusDetail } from '../scheduling/run/run-events.ts';
import { createRun, FAILED, type RunState, SKIPPED } from '../scheduling/run/run-state.ts';
import { emptyStatus, graphOf, resultOf, statusOf } from '../scheduling/run/status/status.ts';
import { StatusRevisions } from '../scheduling/run/status/status-changes.ts';
import { whyOf } from '../scheduling/run/status/why.ts';
import { BOOKKEEPING } from './activity-options.ts';
import { areReports, originProblem } from './given.ts';
import {
  graphQuery,
  pauseUpdate,
  reportsSignal,
  resumeUpdate,
  retryFailedUpdate,
  setMaxConcurrentUpdate,
  statusQuery,
  statusSinceQuery,
  whyQuery,
} from './handlers.ts';
import { Lanes } from './run/open-lanes.ts';
import {
  carriedOn,
  carriedState,
  invalid,
  isHistoryFull,
  MAX_QUERY_LENGTH,
  prepareRun,
  refuseWhileEnding,
  requestedSlots,
  timeOf,
  validateMaxConcurrent,
} from './run/prepare-run.ts';
import { publishSymbols, publishVerdict } from './run/search-attributes.ts';
import { queue } from './run/sinks.ts';

type Finish = Extract<RunCommand, { type: 'finish' }>;

/**
 * One run: checks the input, sorts the task graph and runs every symbol and custom task to its end. All decisions are those of the
 * scheduling reducer, whose commands it executes.
 *
 * @param input every field has a default, so `{}` runs every enabled symbol
 * @throws ApplicationFailure `InvalidPipeline` (every problem listed), `CriticalTaskFailed` or `NothingSucceeded` (the result in their
 *   details), all non-retryable
 */
export async function pipeline(input: PipelineInput = {}, options: RunOrigin = {}): Promise<PipelineResult> {
  const undecodable = undecodableReason(input) ?? undecodableReason(options);
  if (undecodable !== undefined)
    throw invalid(new InvalidPipelineError([{ where: 'input', message: `cannot be decoded: ${undecodable}` }]));
  const problem = originProblem(options);
  if (problem !== undefined) throw ApplicationFailure.nonRetryable(problem, 'InvalidPipeline');
  const info = workflowInfo();
  const run = { runId: info.workflowId, executionId: info.firstExecutionRunId };
  const startedAt = options.continued?.startedAt ?? info.startTime.getTime();
  let state: RunState | undefined;
  let lanes: Lanes | undefined;
  let finish: Finish | undefined;
  let draining = false;
  let revisions: StatusRevisions | undefined;
  /** When and why the run ended while its input was still being checked. */
  let notStarted: { readonly at: number; readonly why: string } | undefined;
  /** The cancellation scope of the run from its first task on; lanes have a scope of their own. */
  let runScope: CancellationScope | undefined;
  let wakeScope: CancellationScope | undefined;
  let reported = { ready: 0, running: 0 };
  const yields: Promise<void>[] = [];

  const detail = (): StatusDetail => (prepared !== undefined && prepared.config.symbols.length > STAGE_DETAIL_LIMIT ? 'symbol' : 'stage');
  let prepared: PreparedRun | undefined;

  const dispatch = (event: RunEvent): void => {
    if (state === undefined) return;
    for (const command of reduce(state, event)) execute(command);
    reportQueue(state.ready.size, state.lanes.size);
    if (!draining && finish === undefined && isHistoryFull(state)) {
      draining = true;
      dispatch({ type: 'drain', at: Date.now() });
    }
  };
  const reportQueue = (ready: number, running: number): void => {
    if (ready === reported.ready && running === reported.running) return;
    reported = { ready, running };
    queue.length(reported);
  };
  const execute = (command: RunCommand): void => {
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
      .catch(() => undefined /* a later wakeAt replaced it, or the run ended */);
  };
  const ready = async (): Promise<RunState> => {
    await condition(() => state !== undefined);
    return state as RunState;
  };

  const statusNow = (now?: number): PipelineStatus =>
    state === undefined
      ? emptyStatus({
          ...run,
          startedAt,
          now: notStarted?.at ?? timeOf(now),
          ended: notStarted !== undefined,
          maxConcurrent: requestedSlots(input),
        })
      : fitStatus(statusOf(state, { runId: run.runId, now: timeOf(now), detail: detail() }));
  setHandler(statusQuery, statusNow);
  setHandler(statusSinceQuery, (revision, now) => {
    const question = { runId: run.runId, now: timeOf(now), detail: detail() };
    if (state === undefined) return statusNow(now);
    // the client's clock is part of the id, so that it differs from the ids of revisions on another worker that had the run
    if (revisions === undefined && typeof now === 'number') revisions = new StatusRevisions(state, `${info.runId}.${now}`, detail());
    return revisions?.since(revision, question) ?? fitStatus(statusOf(state, question));
  });
  setHandler(graphQuery, () => (state === undefined || prepared === undefined ? { tasks: [] } : fitGraph(graphOf(state), prepared.config)));
  setHandler(whyQuery, (taskId, now) => {
    if (typeof taskId !== 'string' || taskId.length > MAX_QUERY_LENGTH)
      return 'why needs a task id, such as "BTC_PRICE/clean"; the graph query lists them';
    if (state !== undefined) return whyOf(state, taskId, timeOf(now));
    return (
      notStarted?.why ??
      'the run checks its input and lists its universes before its first task; it waits for a worker, the database and the venues'
    );
  });
  setHandler(reportsSignal, (lane, reports) => {
    if (areReports(lane, reports)) dispatch({ type: 'reports', lane, reports, at: Date.now() });
    else log.warn('a "reports" signal did not come from a symbol of this run and is ignored');
  });
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
    // so that the update returns only when every open symbol has received its signal
    await Promise.all(yields.splice(0));
  });
  setHandler(resumeUpdate, async () => {
    await ready();
    dispatch({ type: 'resume', at: Date.now() });
  });
  setHandler(
    retryFailedUpdate,
    async () => {
      const current = await ready();
      // checked again, because a cancellation that arrived together with the update is delivered only now
      refuseWhileEnding(current, run.runId);
      const statuses = current.status.slice();
      dispatch({ type: 'retryFailed', at: Date.now() });
      return fitList(current.graph.ids.filter((_, task) => isToRetry(statuses[task]) && !isToRetry(current.status[task])));
    },
    { validator: () => refuseWhileEnding(state, run.runId) },
  );

  // a cancellation while the input is checked ends the run here, since no task has started
  let settled: PreparedRun;
  try {
    const { retryOf, exclusive, continued } = options;
    const carried = continued?.prepared as PackedPrepared | undefined;
    settled = readPrepared(
      carried ?? (await prepareRun(input, { ...run, startedAt, retryOf, exclusive, continued: continued !== undefined })),
    );
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replaceAll(/\s*\n\s*/g, ' ') : 'no reason given';
    notStarted = { at: Date.now(), why: `the run ended before any task started: ${reason}` };
    throw thrown;
  }
  prepared = settled;

  // from here on the scheduler handles a cancellation as an event, so that the run ends in order
  void CancellationScope.current().cancelRequested.catch(() => dispatch({ type: 'cancel', at: Date.now() }));
  return await CancellationScope.nonCancellable(async () => {
    runScope = CancellationScope.current();
    if (settled.searchable) publishSymbols(settled.config);
    const shared = settled.config.tasks.some(({ short }) => short) && patched('shared-tasks');
    const built = buildGraph(settled.config, { shared });
    if ('problems' in built) throw invalid(new InvalidPipelineError(built.problems));
    lanes = new Lanes({ ...run, config: settled.config, startedAt, searchable: settled.searchable, shared }, dispatch);
    if (options.continued === undefined) {
      state = createRun({ graph: built.graph, config: settled.config, durations: settled.durations, reused: settled.reused });
      dispatch({ type: 'start', at: startedAt });
    } else {
      state = carriedState(built.graph, options.continued, settled);
      dispatch({ type: 'wake', at: Date.now() });
    }

    await condition(() => finish !== undefined || (draining && lanes?.size === 0));
    wakeScope?.cancel();
    await condition(allHandlersFinished);
    if (finish === undefined) {
      await continueAsNew<typeof pipeline>({}, { retryOf: options.retryOf, continued: carriedOn(settled, startedAt, state) });
    }
    return await conclude(state, finish as unknown as Finish);
  });

  async function conclude(final: RunState, { result: verdict, failure }: Finish): Promise<PipelineResult> {
    const result = { ...resultOf(final, { runId: run.runId, now: Date.now(), detail: detail() }), result: verdict };
    const details = `${verdict}: ${result.completedTasks} of ${result.totalTasks} tasks ended${result.reasons.map((reason) => `\n- ${reason}`).join('')}`;
    setCurrentDetails(details);
    if (prepared?.searchable) publishVerdict(verdict);
    const { finishPipeline } = proxyLocalActivities<RunActivities>(BOOKKEEPING);
    try {
      const customTasks = prepared?.config.tasks.map(({ taskId }) => taskId) ?? [];
      const finished = await finishPipeline({ ...run, result, customTasks, discardStaging: failure?.type === 'CriticalTaskFailed' });
      setCurrentDetails(`${details}\n\nreport: \`${finished.report}\``);
    } catch (error) {
      // the run's data is stored, by the stages' own transactions; only its report page and list entry are missing
      log.error('the run ended, but its record could not be written', { error });
    }
    if (failure !== undefined)
      throw ApplicationFailure.create({ nonRetryable: true, type: failure.type, message: failure.message, details: [fitStatus(result)] });
    if (verdict === 'cancelled') throw new CancelledFailure(`run ${run.runId} was cancelled`);
    return fitStatus(result);
  }
}

const isToRetry = (status: number): boolean => status === FAILED || status === SKIPPED;
