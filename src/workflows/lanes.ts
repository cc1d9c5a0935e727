import {
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { CustomTaskConfig, RunConfig } from '../contracts/run-config.ts';
import type { CustomTaskCall, EarlierAttempts, SymbolPipelineInput, SymbolPipelineResult, TaskReport } from '../contracts/stage-report.ts';
import { unlessDefault } from '../contracts/task-policy.ts';
import type { Stage } from '../contracts/words.ts';
import type { RunCommand, RunEvent } from '../scheduling/run-events.ts';
import { activityOptions } from './activity-options.ts';
import { yieldSignal } from './handlers.ts';
import { unpackReports } from './packed-reports.ts';
import type { symbolPipeline } from './symbol-pipeline.ts';
import { failureReport, successReport, taskErrorOf } from './task-report.ts';

type StartSymbol = Extract<RunCommand, { type: 'startSymbol' }>;
type StartTask = Extract<RunCommand, { type: 'startTask' }>;
type LaneEnded = Extract<RunEvent, { type: 'laneEnded' }>;

interface OpenLane {
  readonly scope: CancellationScope;
  child?: ChildWorkflowHandle<typeof symbolPipeline>;
  yieldRequested: boolean;
}

/**
 * The lanes that hold a slot of this run: one child workflow per symbol, one activity per custom task. Carries out the
 * scheduler's commands and reports each lane's end exactly once.
 */
export class Lanes {
  readonly #open = new Map<string, OpenLane>();
  readonly #run: { readonly runId: string; readonly executionId: string; readonly config: RunConfig };
  readonly #tasks: ReadonlyMap<string, CustomTaskConfig>;
  readonly #ended: (event: LaneEnded) => void;

  constructor(run: { runId: string; executionId: string; config: RunConfig }, ended: (event: LaneEnded) => void) {
    this.#run = run;
    this.#tasks = new Map(run.config.tasks.map((task) => [task.taskId, task]));
    this.#ended = ended;
  }

  get size(): number {
    return this.#open.size;
  }

  startSymbol(command: StartSymbol): void {
    this.#start(command.symbol, (lane) => this.#runSymbol(command, lane));
  }

  startTask(command: StartTask): void {
    this.#start(command.taskId, () => this.#runTask(command));
  }

  /** Asks a symbol to give its slot back at its next stage boundary. */
  async yield(lane: string): Promise<void> {
    const open = this.#open.get(lane);
    if (open === undefined) return;
    open.yieldRequested = true;
    if (open.child !== undefined) await sendYield(open.child);
  }

  cancel(lane: string): void {
    this.#open.get(lane)?.scope.cancel();
  }

  #start(lane: string, work: (open: OpenLane) => Promise<Omit<LaneEnded, 'type' | 'lane' | 'at'>>): void {
    const open: OpenLane = { scope: new CancellationScope({ cancellable: true }), yieldRequested: false };
    this.#open.set(lane, open);
    void open.scope
      .run(() => work(open))
      // A lane whose scope was cancelled before its first command throws at once.
      .catch((thrown: unknown) => ({
        end: isCancellation(thrown) ? ('cancelled' as const) : ('not-started' as const),
        reports: [],
        error: taskErrorOf(thrown),
      }))
      .then((ended) => {
        this.#open.delete(lane);
        this.#ended({ type: 'laneEnded', lane, at: Date.now(), ...ended });
      });
  }

  async #runSymbol(command: StartSymbol, open: OpenLane): Promise<Omit<LaneEnded, 'type' | 'lane' | 'at'>> {
    const { runId, executionId, config } = this.#run;
    const { symbol, stages, signalStages } = command;
    try {
      open.child = await startChild<typeof symbolPipeline>('symbolPipeline', {
        workflowId: `${runId}/${symbol}`,
        args: [
          {
            runId,
            executionId,
            symbol,
            stages,
            policies: policiesOf(config, stages),
            earlier: earlierOf(command),
            signalStages: signalStages.length === 0 ? undefined : signalStages,
          },
        ],
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        staticSummary: stages.length === 1 ? `${symbol}: ${stages[0]}` : `${symbol}: ${stages[0]} → ${stages[stages.length - 1]}`,
      });
    } catch (thrown) {
      return { end: isCancellation(thrown) ? 'cancelled' : 'not-started', reports: [], error: taskErrorOf(thrown) };
    }
    if (open.yieldRequested) void sendYield(open.child);
    try {
      const { end, reports } = await open.child.result();
      return { end, reports: unpackReports(symbol, reports) };
    } catch (thrown) {
      if (isCancellation(thrown)) return { end: 'cancelled', reports: [] };
      const reports = reportsOf(symbol, thrown);
      return reports === undefined ? { end: 'terminated', reports: [], error: taskErrorOf(thrown) } : { end: 'completed', reports };
    }
  }

  async #runTask(command: StartTask): Promise<Omit<LaneEnded, 'type' | 'lane' | 'at'>> {
    const { taskId } = command;
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw ApplicationFailure.nonRetryable(`no custom task ${taskId} in this run`, 'BadInput');
    const { runId, executionId } = this.#run;
    const begun = { taskId, startedAt: Date.now(), earlierAttempts: command.earlierAttempts };
    const call: CustomTaskCall = { runId, executionId, taskId, ...unlessDefault(task.policy), earlier: earlierOf(command) };
    let report: TaskReport;
    try {
      const { [task.activity]: run } = proxyActivities(activityOptions(task));
      report = successReport(begun, await run(task.args[0] ?? null, call));
    } catch (thrown) {
      report = failureReport(begun, thrown);
    }
    return { end: report.kind === 'cancelled' ? 'cancelled' : 'completed', reports: [report] };
  }
}

/** The reports that a failed child carries in its failure; none when it was terminated or timed out. */
function reportsOf(symbol: string, thrown: unknown): readonly TaskReport[] | undefined {
  const cause = thrown instanceof ChildWorkflowFailure ? thrown.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) return undefined;
  const details = cause.details?.[0] as Pick<SymbolPipelineResult, 'reports'> | undefined;
  return details === undefined ? undefined : unpackReports(symbol, details.reports);
}

function earlierOf({
  earlierAttempts: attempts,
  earlierFailures: failures,
  earlierError: error,
}: StartSymbol | StartTask): EarlierAttempts | undefined {
  return attempts === 0 ? undefined : { attempts, failures, error };
}

/** Of those stages that have another one than the default. */
function policiesOf({ stages: configs }: RunConfig, stages: readonly Stage[]): SymbolPipelineInput['policies'] {
  const own = stages.flatMap((stage) => {
    const { policy } = unlessDefault(configs[stage].policy, stage);
    return policy === undefined ? [] : [[stage, policy] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

async function sendYield(child: ChildWorkflowHandle<typeof symbolPipeline>): Promise<void> {
  try {
    await child.signal(yieldSignal);
  } catch {
    // The child ended meanwhile: its slot is coming back anyway.
  }
}
