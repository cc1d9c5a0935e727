import type { RunConfig, TaskPolicy } from '../../contracts/run/run-config.ts';
import type { Failures } from '../../contracts/task/after-failure.ts';
import type { TaskReport } from '../../contracts/task/stage-report.ts';
import { STAGES, stageTaskId } from '../../contracts/words.ts';
import type { Graph } from '../graph/graph.ts';
import { KeyedHeap } from '../orders/keyed-heap.ts';
import { reduce } from '../run/reducer.ts';
import type { LaneEnd, RunCommand, RunEvent } from '../run/run-events.ts';
import { createRun, type RunState, SUCCESS } from '../run/run-state.ts';
import { FAULT, type RehearsedAttempts, rehearseTask } from './rehearsed-task.ts';

/** The data that all virtual runs of a rehearsal share; arrays are by task index in the graph. */
export interface RehearsedPlan {
  readonly graph: Graph;
  readonly order: RunConfig['order'];
  /** Mean seconds of the longest chain that starts with the task. */
  readonly remaining: Float64Array;
  readonly meanMs: Float64Array;
  readonly failureRate: Float64Array;
  readonly policies: readonly TaskPolicy[];
}

export interface RehearsedRun {
  readonly makespanMs: number;
  readonly succeeded: number;
  /** Milliseconds for which slots were held, summed over slots. */
  readonly heldMs: number;
}

/** Drives the reducer through one run in virtual time, as the workflow does. The same seed gives the same run. */
export function rehearseRun(plan: RehearsedPlan, options: { seed: number; maxConcurrent: number }): RehearsedRun {
  return new VirtualRun(plan, options).play();
}

const NONE: ReadonlySet<number> = new Set();

type StartLane = Extract<RunCommand, { type: 'startSymbol' | 'startTask' }>;

interface VirtualLane {
  readonly id: string;
  readonly tasks: readonly number[];
  readonly signalled: ReadonlySet<number>;
  readonly reports: TaskReport[];
  readonly openedAt: number;
  /** Index of the task that is running, its start, and the outcome it will have. */
  position: number;
  startedAt: number;
  outcome: RehearsedAttempts;
  yieldRequested: boolean;
  cancelRequested: boolean;
}

class VirtualRun {
  readonly #plan: RehearsedPlan;
  readonly #seed: number;
  readonly #state: RunState;
  /** Times at which the current tasks of lanes end; each item is an index into `#ends`. */
  readonly #agenda = new KeyedHeap();
  readonly #ends: VirtualLane[] = [];
  readonly #lanes = new Map<string, VirtualLane>();
  #now = 0;
  #heldMs = 0;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(plan: RehearsedPlan, { seed, maxConcurrent }: { seed: number; maxConcurrent: number }) {
    this.#plan = plan;
    this.#seed = seed;
    const { graph, remaining, order } = plan;
    this.#state = createRun({ graph, remaining, config: { order, maxConcurrent } });
  }

  play(): RehearsedRun {
    this.#send({ type: 'start', at: 0 });
    while (this.#state.finishedAt === null) {
      const next = this.#agenda.size === 0 ? Number.POSITIVE_INFINITY : this.#agenda.topKey;
      this.#now = Math.min(next, this.#wakeAt);
      if (this.#wakeAt <= next) {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#send({ type: 'wake', at: this.#now });
      } else {
        const lane = this.#ends[this.#agenda.pop()];
        // A cancelled lane has ended already: the planned end of its task is ignored.
        if (this.#lanes.get(lane.id) === lane) this.#taskEnds(lane);
      }
    }
    return { makespanMs: this.#now, succeeded: this.#state.counts[SUCCESS], heldMs: this.#heldMs };
  }

  #send(event: RunEvent): void {
    for (const command of reduce(this.#state, event)) this.#carryOut(command);
  }

  #carryOut(command: RunCommand): void {
    if (command.type === 'startSymbol' || command.type === 'startTask') this.#open(command);
    else if (command.type === 'wakeAt') this.#wakeAt = command.at;
    else if (command.type !== 'finish') {
      const lane = this.#lanes.get(command.lane);
      if (lane === undefined) return;
      if (command.type === 'yieldLane') lane.yieldRequested = true;
      else {
        lane.cancelRequested = true;
        this.#schedule(lane, this.#now);
      }
    }
  }

  #open(command: StartLane): void {
    const { graph } = this.#plan;
    const isSymbol = command.type === 'startSymbol';
    const tasks = [graph.indexOf.get(isSymbol ? stageTaskId(command.symbol, command.stages[0]) : command.taskId) as number];
    if (isSymbol) for (let i = 1; i < command.stages.length; i++) tasks.push(graph.nextStage[tasks[i - 1]]);
    const lane: VirtualLane = {
      id: isSymbol ? command.symbol : command.taskId,
      tasks,
      signalled:
        isSymbol && command.signalStages.length > 0
          ? new Set(tasks.filter((task) => command.signalStages.includes(STAGES[graph.stageOf[task]])))
          : NONE,
      reports: [],
      openedAt: this.#now,
      position: 0,
      startedAt: this.#now,
      outcome: this.#attempts(tasks[0], command.earlierAttempts, { failures: command.earlierFailures, spent: command.earlierSpent }),
      yieldRequested: false,
      cancelRequested: false,
    };
    this.#lanes.set(lane.id, lane);
    this.#schedule(lane, this.#now + lane.outcome.lastsMs);
  }

  #taskEnds(lane: VirtualLane): void {
    const task = lane.tasks[lane.position];
    const taskId = this.#plan.graph.ids[task];
    const { startedAt, cancelRequested } = lane;
    const { kind, attempts, failures, spent, waitMs } = lane.outcome;
    const at = this.#now;
    if (cancelRequested) {
      lane.reports.push({ taskId, kind: 'cancelled', at, startedAt, attempts });
      this.#close(lane, 'cancelled');
    } else if (kind === 'succeeded') {
      const succeeded: TaskReport = { taskId, kind, at, startedAt, output: null, attempts };
      lane.reports.push(succeeded);
      this.#continue(lane, task, succeeded);
    } else {
      if (kind === 'failed') lane.reports.push({ taskId, kind, at, startedAt, attempts, error: FAULT });
      else lane.reports.push({ taskId, kind, at, startedAt, attempts, failures, spent, retryAt: at + waitMs, error: FAULT });
      this.#close(lane, 'completed');
    }
  }

  #continue(lane: VirtualLane, task: number, succeeded: TaskReport): void {
    if (lane.position === lane.tasks.length - 1) return this.#close(lane, 'completed');
    if (lane.yieldRequested) return this.#close(lane, 'yielded');
    lane.position++;
    lane.startedAt = this.#now;
    lane.outcome = this.#attempts(lane.tasks[lane.position], 0, { failures: 0 });
    this.#schedule(lane, this.#now + lane.outcome.lastsMs);
    if (lane.signalled.has(task)) this.#send({ type: 'reports', lane: lane.id, reports: [succeeded], at: this.#now });
  }

  #close(lane: VirtualLane, end: LaneEnd): void {
    this.#lanes.delete(lane.id);
    this.#heldMs += this.#now - lane.openedAt;
    this.#send({ type: 'laneEnded', lane: lane.id, reports: lane.reports, end, at: this.#now });
  }

  #schedule(lane: VirtualLane, at: number): void {
    this.#agenda.push(at, this.#ends.length);
    this.#ends.push(lane);
  }

  #attempts(task: number, earlierAttempts: number, earlier: Failures): RehearsedAttempts {
    const { policies, meanMs, failureRate } = this.#plan;
    const seed = Math.imul(this.#seed, 0x9e3779b1) ^ Math.imul(task + 1, 0x85ebca6b);
    return rehearseTask({
      policy: policies[task],
      meanMs: meanMs[task],
      failureRate: failureRate[task],
      seed,
      earlierAttempts,
      earlier,
      at: this.#now,
    });
  }
}
