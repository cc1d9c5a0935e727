import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  type ChildWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  patched,
  startChild,
} from '@temporalio/workflow';
import type { CustomTaskConfig, RunConfig } from '../../contracts/run/run-config.ts';
import { LITTLE } from '../../contracts/task/little-to-do.ts';
import type {
  CustomTaskCall,
  SymbolPipelineInput,
  SymbolPipelineResult,
  TaskOutcome,
  TaskReport,
} from '../../contracts/task/stage-report.ts';
import { unlessDefault } from '../../contracts/task/task-policy.ts';
import { cutText } from '../../contracts/text/cut-text.ts';
import { queuePriority } from '../../scheduling/orders/orders.ts';
import { fitSummary } from '../../scheduling/payload/budget.ts';
import { type RunCommand, type RunEvent, STAGE_DETAIL_LIMIT } from '../../scheduling/run/run-events.ts';
import {
  activityOptions,
  HEARTBEAT_TIMEOUT_MS,
  runLocalBeside,
  runLocalFirst,
  runNormally,
  TIMEOUT_GRACE_MS,
} from '../activity-options.ts';
import { yieldSignal } from '../handlers.ts';
import { packReports, unpackReports } from '../symbol/packed-reports.ts';
import { runQuietStages } from '../symbol/quiet-stages.ts';
import { failureReport, successReport, taskErrorOf } from '../symbol/task-report.ts';
import type { symbolPipeline } from '../symbol-pipeline.ts';
import { earlierOf, policiesOf } from './lane-calls.ts';
import { aboutSymbols } from './search-attributes.ts';
import { runShortTasks } from './short-tasks.ts';

/** Maximum number of characters of a symbol in its workflow's summary, which also names its stages. */
const MAX_NAME_LENGTH = 50;

type StartSymbol = Extract<RunCommand, { type: 'startSymbol' }>;
type StartTask = Extract<RunCommand, { type: 'startTask' }>;
type LaneEnded = Extract<RunEvent, { type: 'laneEnded' }>;

interface OpenLane {
  child?: ChildWorkflowHandle<typeof symbolPipeline>;
  yieldRequested: boolean;
}

interface RunOfLanes {
  readonly runId: string;
  readonly executionId: string;
  readonly config: RunConfig;
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
  readonly searchable?: boolean;
  /** Whether the run has short tasks and started with the patch "shared-tasks". */
  readonly shared: boolean;
}

const USUAL_PRIORITY = 3;
/** Number of consecutive local activities after which a normal one sends the workflow's state to the server: two seconds at 100 ms each. */
const LOCAL_IN_A_ROW = 20;

/** Reports the end of a lane; called once. */
type End = (ended: Omit<LaneEnded, 'type' | 'lane' | 'at'>) => void;

/**
 * The lanes that hold a slot of this run: one child workflow per symbol, one activity per custom task. Executes the scheduler's commands
 * and reports each lane's end exactly once. Uses few promises: the SDK records a stack trace for each one, and eleven per lane made each
 * workflow task of a chain 14% longer.
 */
export class Lanes {
  readonly #open = new Map<string, OpenLane>();
  readonly #run: RunOfLanes;
  readonly #priorities: ReadonlyMap<string, number>;
  readonly #tasks: ReadonlyMap<string, CustomTaskConfig>;
  readonly #ended: (event: LaneEnded) => void;
  /** Tasks that run as local activities now. */
  readonly #local = new Set<string>();
  /** Number of short tasks since the last one that ran as a normal activity. */
  #inARow = 0;
  /** Whether reports leave out outputs, because a run of many symbols does not keep them. */
  readonly #brief: boolean;
  /** One cancellation scope for all lanes, because the scheduler cancels either every running lane or none. */
  readonly #scope = new CancellationScope({ cancellable: true });

  constructor(run: RunOfLanes, ended: (event: LaneEnded) => void) {
    this.#run = run;
    this.#priorities = new Map(run.config.symbols.map(({ symbol, priority }) => [symbol, priority]));
    this.#tasks = new Map(run.config.tasks.map((task) => [task.taskId, task]));
    this.#brief = run.config.symbols.length > STAGE_DETAIL_LIMIT;
    this.#ended = ended;
  }

  get size(): number {
    return this.#open.size;
  }

  startSymbol(command: StartSymbol): void {
    this.#start(command.symbol, (open, end) => this.#runSymbol(command, open, end));
  }

  startTask(command: StartTask): void {
    if (command.following === undefined) this.#start(command.taskId, (_, end) => this.#runTask(command, end));
    else this.#start(command.taskId, (_, end) => this.#runShortTasks(command, end));
  }

  /** Requests that a symbol returns its slot at its next stage boundary. */
  async yield(lane: string): Promise<void> {
    const open = this.#open.get(lane);
    if (open === undefined) return;
    open.yieldRequested = true;
    if (open.child !== undefined) await sendYield(open.child);
  }

  /** Cancels every running lane; each still reports its end. */
  cancel(): void {
    this.#scope.cancel();
  }

  #start(lane: string, work: (open: OpenLane, end: End) => void): void {
    const open: OpenLane = { yieldRequested: false };
    this.#open.set(lane, open);
    const start = (): void =>
      work(open, (ended) => {
        this.#open.delete(lane);
        this.#ended({ type: 'laneEnded', lane, at: Date.now(), ...ended });
      });
    // a lane that starts because another one ended is already inside the scope
    if (CancellationScope.current() === this.#scope) start();
    else void this.#scope.run(async () => start());
  }

  #runSymbol(command: StartSymbol, open: OpenLane, end: End): void {
    const { symbol, stages, signalStages } = command;
    // a child workflow is needed if other tasks wait for its signals, and in runs of few symbols, which show each stage
    if (!this.#brief || signalStages.length > 0 || !patched('quiet-stages')) return this.#startChild(command, open, end);
    const { runId, executionId, config } = this.#run;
    void runQuietStages({
      call: { runId, executionId, symbol },
      stages,
      policies: policiesOf(config, stages),
      earlier: earlierOf(command),
      priority: this.#priorityOf(this.#priorities.get(symbol) ?? USUAL_PRIORITY),
      isYieldRequested: () => open.yieldRequested,
    }).then(({ reports, failedLocally, mayHaveRun }) => {
      const { kind } = reports[reports.length - 1];
      const isOver = reports.length === stages.length || kind !== 'succeeded';
      if (isOver) return end({ end: kind === 'cancelled' ? 'cancelled' : 'completed', reports });
      if (open.yieldRequested && failedLocally === undefined) return end({ end: 'yielded', reports });
      this.#startChild(command, open, end, { done: reports, failedLocally, mayHaveRun });
    });
  }

  /** Starts a symbol's workflow. @param started.done reports of the first stages, which ran before it without a workflow */
  #startChild(
    command: StartSymbol,
    open: OpenLane,
    end: End,
    {
      done = [],
      failedLocally,
      mayHaveRun,
    }: { readonly done?: readonly TaskReport[] } & Pick<SymbolPipelineInput, 'failedLocally' | 'mayHaveRun'> = {},
  ): void {
    const { runId, executionId, config, searchable } = this.#run;
    const { symbol, stages, signalStages } = command;
    startChild<typeof symbolPipeline>('symbolPipeline', {
      workflowId: `${runId}/${symbol}`,
      args: [
        {
          runId,
          executionId,
          symbol,
          stages,
          policies: policiesOf(config, stages),
          ...(done.length === 0 ? { earlier: earlierOf(command) } : { done: packReports(stages, done), failedLocally, mayHaveRun }),
          signalStages: signalStages.length === 0 ? undefined : signalStages,
          brief: this.#brief || undefined,
          // only large runs combine stages; in a small run each stage is an activity that can be inspected by itself
          little: this.#brief ? LITTLE : undefined,
        },
      ],
      cancellationType: 'WAIT_CANCELLATION_COMPLETED',
      parentClosePolicy: ParentClosePolicy.TERMINATE,
      // local activities run within workflow tasks, so a dead worker's workflow tasks time out as fast as its activities
      workflowTaskTimeout: HEARTBEAT_TIMEOUT_MS,
      // the child's activities inherit this priority
      priority: this.#priorityOf(this.#priorities.get(symbol) ?? USUAL_PRIORITY),
      ...(searchable && { typedSearchAttributes: [aboutSymbols([symbol])] }),
      staticSummary: fitSummary(
        `${cutText(symbol, MAX_NAME_LENGTH)}: ${stages.length === 1 ? stages[0] : `${stages[0]} → ${stages[stages.length - 1]}`}`,
      ),
    }).then(
      (child) => {
        open.child = child;
        if (open.yieldRequested) void sendYield(child);
        child.result().then(
          (result) => end({ end: result.end, reports: unpackReports(symbol, result.reports) }),
          (thrown: unknown) => {
            if (isCancellation(thrown)) return end({ end: 'cancelled', reports: done });
            const reports = reportsOf(symbol, thrown);
            if (reports === undefined) end({ end: 'terminated', reports: done, error: taskErrorOf(thrown) });
            else end({ end: 'completed', reports });
          },
        );
      },
      (thrown: unknown) => end({ end: isCancellation(thrown) ? 'cancelled' : 'not-started', reports: done, error: taskErrorOf(thrown) }),
    );
  }

  #priorityOf(priority: number): { priorityKey: number } {
    const { config, startedAt } = this.#run;
    return { priorityKey: queuePriority({ asOf: config.asOf, startedAt, priority }) };
  }

  /**
   * Whether a task may run as a local activity, which delays everything else that the workflow does: only short tasks, only while no other
   * kind of task runs, and every `LOCAL_IN_A_ROW`th as a normal activity, since Temporal does not count the lost attempts of a local one.
   */
  #mayRunLocally({ short, onLostWorker, maxLostWorkers }: CustomTaskConfig, earlierAttempts: number): boolean {
    if (!short || onLostWorker === 'fail' || maxLostWorkers !== undefined || earlierAttempts > 0) return false;
    if (this.#open.size - 1 > this.#local.size) return false;
    this.#inARow = (this.#inARow + 1) % LOCAL_IN_A_ROW;
    return this.#inARow !== 0;
  }

  #runShortTasks({ taskId, following = [] }: StartTask, end: End): void {
    const tasks = [taskId, ...following].map((id) => this.#tasks.get(id) as CustomTaskConfig);
    void runShortTasks(tasks, this.#run, this.#priorityOf(tasks[0].priority)).then(end);
  }

  #runTask(command: StartTask, end: End): void {
    const { taskId, earlierAttempts } = command;
    const { runId, executionId } = this.#run;
    const task = this.#tasks.get(taskId) as CustomTaskConfig;
    const started = { taskId, startedAt: Date.now(), earlierAttempts };
    const { onLostWorker, maxLostWorkers } = task;
    const call: CustomTaskCall = {
      runId,
      executionId,
      taskId,
      ...unlessDefault(task.policy),
      ...(onLostWorker === undefined ? {} : { onLostWorker }),
      ...(maxLostWorkers === undefined ? {} : { maxLostWorkers }),
      earlier: earlierOf(command),
    };
    const options = { ...activityOptions(task), priority: this.#priorityOf(task.priority) };
    const args = (passed: CustomTaskCall): readonly unknown[] => [task.args[0] ?? null, passed];
    const local = this.#mayRunLocally(task, earlierAttempts);
    if (local) this.#local.add(taskId);
    // removed together with the lane's end, because a replay may resolve several local activities before the first one is handled
    const ended: End = (how) => {
      this.#local.delete(taskId);
      end(how);
    };
    const succeeded = (outcome: TaskOutcome): void => ended({ end: 'completed', reports: [successReport(started, outcome)] });
    const failed = (thrown: unknown): void => {
      const report = failureReport(started, thrown);
      ended({ end: report.kind === 'cancelled' ? 'cancelled' : 'completed', reports: [report] });
    };
    const how = { call, args, localTimeoutMs: task.policy.timeoutMs + TIMEOUT_GRACE_MS, options };
    if (!local) runNormally(task.activity, how).then(succeeded, failed);
    else if (this.#run.shared) runLocalBeside(task.activity, how, { succeeded, failed });
    // keeps the order of commands of runs that started before the patch "shared-tasks"
    else
      runLocalFirst(task.activity, how)
        .finally(() => this.#local.delete(taskId))
        .then(succeeded, failed);
  }
}

/** The reports in the failure of a child workflow; undefined when the child was terminated or timed out. */
function reportsOf(symbol: string, thrown: unknown): readonly TaskReport[] | undefined {
  const cause = thrown instanceof ChildWorkflowFailure ? thrown.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const details = cause.details?.[0] as Pick<SymbolPipelineResult, 'reports'> | undefined;
  return details === undefined ? undefined : unpackReports(symbol, details.reports);
}

async function sendYield(child: ChildWorkflowHandle<typeof symbolPipeline>): Promise<void> {
  try {
    await child.signal(yieldSignal);
  } catch {
    // ignored: the child has ended in the meantime, which also returns its slot
  }
}
