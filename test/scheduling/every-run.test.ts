import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import type { PipelineResult, PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { ORDERS, STAGES, stageTaskId, TASK_STATUSES } from '../../src/contracts/words.ts';
import { dehydrate, rehydrate } from '../../src/scheduling/carry/dehydrate.ts';
import { buildGraph, dependencyIds, type Graph } from '../../src/scheduling/graph/graph.ts';
import { reduce } from '../../src/scheduling/run/reducer.ts';
import type { FinishCommand, RunCommand, RunEvent } from '../../src/scheduling/run/run-events.ts';
import { createRun, PENDING, RUNNING, type RunState } from '../../src/scheduling/run/run-state.ts';
import { resultOf, statusOf } from '../../src/scheduling/run/status/status.ts';
import { StatusRevisions, withChanges } from '../../src/scheduling/run/status/status-changes.ts';
import { whyOf } from '../../src/scheduling/run/status/why.ts';
import { patience, worlds } from '../support/worlds.ts';
import { customTask, runConfig } from './run-config.ts';
import { openedLane, type SimulatedLane, seeded, stepLane, type Troubles } from './simulated-run.ts';

/**
 * Random graphs, random ends of every kind, random orders of events, and steering in between. Each run is fed to two
 * reducers: one as Temporal would batch it, and now and then dehydrated and rehydrated; the other one report at a time, with
 * every report twice and old reports thrown in. Both must ask for the same things and show the same status.
 */
const RUNS = worlds(5_000);
const LARGE_RUNS = worlds(40);

const arbitraryRun = (symbols: { minLength: number; maxLength: number }) =>
  fc
    .record({
      symbols: fc.array(fc.integer({ min: 1, max: 5 }), symbols),
      untilStage: fc.constantFrom(...STAGES),
      order: fc.constantFrom(...ORDERS),
      maxConcurrent: fc.integer({ min: 1, max: 5 }),
      criticalStage: fc.option(fc.constantFrom(...STAGES), { freq: 5 }),
      tasks: fc.array(
        fc.record({
          priority: fc.integer({ min: 1, max: 5 }),
          short: fc.boolean(),
          dependencies: fc.array(fc.nat(40), { maxLength: 3 }),
          runBefore: fc.array(fc.nat(40), { maxLength: 2 }),
        }),
        { maxLength: 6 },
      ),
      criticalTask: fc.option(fc.nat(5), { freq: 4 }),
      seed: fc.integer(),
    })
    .map(({ symbols, untilStage, order, maxConcurrent, criticalStage, tasks, criticalTask, seed }) => {
      const names = symbols.map((_, i) => `S${i}`);
      const stages = STAGES.slice(0, STAGES.indexOf(untilStage) + 1);
      const builtIn = names.flatMap((name) => stages.map((stage) => stageTaskId(name, stage)));
      const custom = tasks.map(({ priority, short, dependencies, runBefore }, i) => {
        const earlier = [...builtIn, ...tasks.slice(0, i).map((_, j) => `t${j}`)];
        const pick = (from: readonly string[], numbers: readonly number[]) =>
          from.length === 0 ? [] : numbers.map((n) => from[n % from.length]);
        return customTask(`t${i}`, {
          priority,
          short,
          critical: i === criticalTask,
          dependencies: pick(earlier, dependencies),
          runBefore: pick(builtIn, runBefore),
        });
      });
      const config = runConfig({
        symbols: names.map((symbol, i) => ({ symbol, priority: symbols[i] })),
        untilStage,
        order,
        maxConcurrent,
        stages: criticalStage === null ? {} : { [criticalStage]: { critical: true } },
        tasks: custom,
      });
      return { config, seed };
    });

/** Equal as JSON; only when it is not does the slow comparison spell out how. */
function same(actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) assert.deepEqual(actual, expected);
}

class Scenario {
  readonly #graph: Graph;
  readonly #random: () => number;
  readonly #troubles: Troubles;
  readonly #open = new Map<string, SimulatedLane>();
  readonly #succeeded = new Set<string>();
  readonly #old: RunEvent[] = [];
  #state: RunState;
  readonly #twin: RunState;
  #now = 1_000;
  #wakeAt: number | null = null;
  #paused = false;
  #maxConcurrent: number;
  #completed = 0;
  #finishes = 0;
  #cancelled = false;
  #finish: FinishCommand | undefined;
  #revisions: StatusRevisions | undefined;
  /** Two watchers, each with the last status it received. */
  readonly #watchers: { status?: PipelineStatus; revision?: string }[] = [{}, {}];
  readonly #symbols: number;
  readonly #untilStage: string;

  constructor(graph: Graph, config: RunConfig, seed: number) {
    this.#graph = graph;
    this.#random = seeded(seed);
    this.#symbols = config.symbols.length;
    this.#untilStage = config.untilStage;
    this.#maxConcurrent = config.maxConcurrent;
    const bad = this.#random();
    this.#troubles = { failure: bad * 0.2, retryLater: this.#random() * 0.2, lostLane: this.#random() * 0.08 };
    this.#state = createRun({ graph, config });
    this.#twin = createRun({ graph, config });
  }

  run(): void {
    this.#feed({ type: 'start', at: this.#now });
    const steering = Math.floor(this.#random() * 12);
    for (let step = 0; this.#finishes === 0; step++) {
      if (step > 5_000) throw new Error('the run does not end');
      this.#now += 1 + Math.floor(this.#random() * 50);
      if (step < 60 && this.#random() * 60 < steering) this.#steer();
      else this.#advance();
      if (this.#random() < 0.1) {
        this.#state = rehydrate(this.#graph, JSON.parse(JSON.stringify(dehydrate(this.#state))));
        this.#revisions = undefined;
      }
      if (this.#random() < 0.1) this.#watch(this.#watchers[this.#random() < 0.5 ? 0 : 1]);
      this.#look();
    }
    this.#lookAtTheEnd();
    for (const watcher of this.#watchers) this.#watch(watcher);
  }

  /** What changed since a watcher's last look makes of what it knew what the status is, also where the run went on elsewhere. */
  #watch(watcher: { status?: PipelineStatus; revision?: string }): void {
    this.#now += Math.floor(this.#random() * 20);
    const question = { runId: 'r', now: this.#now, detail: this.#state.detail };
    this.#revisions ??= new StatusRevisions(this.#state, `mark-${this.#now}-${this.#random()}`, this.#state.detail);
    const changes = JSON.parse(JSON.stringify(this.#revisions.since(watcher.revision ?? null, question)));
    watcher.status = withChanges(watcher.status, changes);
    watcher.revision = changes.revision;
    same(watcher.status, statusOf(this.#state, question));
  }

  #steer(): void {
    const dice = this.#random();
    const at = this.#now;
    if (dice < 0.25) {
      this.#maxConcurrent = 1 + Math.floor(this.#random() * 6);
      this.#feed({ type: 'setMaxConcurrent', value: this.#maxConcurrent, at });
    } else if (dice < 0.45) {
      this.#paused = true;
      this.#feed({ type: 'pause', at });
    } else if (dice < 0.7) {
      this.#resume();
    } else if (dice < 0.95) {
      this.#completed = 0;
      this.#feed({ type: 'retryFailed', at });
    } else {
      this.#cancelled = true;
      this.#feed({ type: 'cancel', at, reason: 'enough' });
    }
  }

  #resume(): void {
    this.#paused = false;
    this.#feed({ type: 'resume', at: this.#now });
  }

  #advance(): void {
    const lanes = [...this.#open.values()];
    if (this.#wakeAt !== null && (this.#wakeAt <= this.#now || lanes.length === 0)) {
      this.#now = Math.max(this.#now, this.#wakeAt);
      this.#wakeAt = null;
      this.#feed({ type: 'wake', at: this.#now });
      return;
    }
    if (lanes.length === 0) {
      // Only a pause may leave a run with nothing to do.
      assert(this.#paused);
      this.#resume();
      return;
    }
    const lane = lanes[Math.floor(this.#random() * lanes.length)];
    for (const event of stepLane(lane, { at: this.#now, random: this.#random, troubles: this.#troubles })) {
      if (event.type === 'laneEnded') this.#open.delete(event.lane);
      // What is known to have succeeded, known only from what was reported.
      if (event.type === 'laneEnded' || event.type === 'reports') this.#remember(event.reports, lane);
      this.#feed(event);
      this.#old.push(event);
    }
  }

  /** A report about a stage says that those before it in the lane succeeded. */
  #remember(reports: readonly TaskReport[], { tasks }: SimulatedLane): void {
    for (const { taskId, kind } of reports) {
      for (const task of tasks.slice(0, tasks.indexOf(taskId))) this.#succeeded.add(task);
      if (kind === 'succeeded') this.#succeeded.add(taskId);
    }
  }

  #feed(event: RunEvent): void {
    const commands = reduce(this.#state, event);
    same(this.#feedTwin(event), commands);
    for (const command of commands) this.#carryOut(command);
  }

  #feedTwin(event: RunEvent): RunCommand[] {
    const commands: RunCommand[] = [];
    if (event.type === 'reports' || event.type === 'laneEnded') {
      const old = this.#old[Math.floor(this.#random() * this.#old.length)];
      if (old?.type === 'reports' || old?.type === 'laneEnded') {
        same(reduce(this.#twin, { type: 'reports', lane: old.lane, reports: old.reports, at: event.at }), []);
      }
      for (const report of event.reports) {
        for (let times = 0; times < 2; times++) {
          commands.push(...reduce(this.#twin, { type: 'reports', lane: event.lane, reports: [report], at: event.at }));
        }
      }
    }
    commands.push(...reduce(this.#twin, event));
    return commands;
  }

  #carryOut(command: RunCommand): void {
    assert.equal(this.#finishes, 0);
    switch (command.type) {
      case 'startSymbol':
      case 'startTask': {
        const lane = openedLane(command);
        assert(!this.#paused);
        assert(this.#open.size < this.#maxConcurrent);
        assert(!this.#open.has(lane.id));
        for (const taskId of lane.tasks) {
          assert(!this.#succeeded.has(taskId));
          for (const dependency of dependencyIds(this.#graph, this.#graph.indexOf.get(taskId) as number)) {
            assert(this.#succeeded.has(dependency) || lane.tasks.includes(dependency));
          }
        }
        this.#open.set(lane.id, lane);
        break;
      }
      case 'yieldLane':
      case 'cancelLane': {
        const lane = this.#open.get(command.lane);
        if (lane === undefined) break;
        if (command.type === 'cancelLane') lane.cancelAsked = true;
        else {
          assert(!lane.yieldAsked);
          lane.yieldAsked = true;
        }
        break;
      }
      case 'wakeAt':
        this.#wakeAt = command.at;
        break;
      case 'finish':
        this.#finish = command;
        this.#finishes++;
    }
  }

  #look(): void {
    const { counts } = this.#state;
    const completed = this.#graph.size - counts[PENDING] - counts[RUNNING];
    assert(completed >= this.#completed, 'progress goes back');
    this.#completed = completed;
    assert(counts[RUNNING] <= this.#open.size, 'more tasks run than lanes are open');
    // Building a whole status takes longer than the step that it checks, so only some steps are checked.
    if (this.#random() > 0.15) return;

    const { detail } = this.#state;
    const status = statusOf(this.#state, { runId: 'r', now: this.#now, detail });
    same(statusOf(this.#twin, { runId: 'r', now: this.#now, detail }), status);
    assert.equal(status.completedTasks, completed);
    for (const { status: is, attempts = 0 } of Object.values(status.taskResults)) if (is === 'running') assert(attempts >= 1);
    const statuses = this.#graph.ids.map((_, task) => TASK_STATUSES[this.#state.status[task]]);
    for (const [name, count] of Object.entries(status.statusBreakdown)) assert.equal(statuses.filter((is) => is === name).length, count);
    for (const [task, taskId] of this.#graph.ids.entries()) {
      if (statuses[task] === 'pending') assert.match(whyOf(this.#state, taskId, this.#now), /waiting for \S|paused/);
    }
  }

  #lookAtTheEnd(): void {
    const { taskResults, statusBreakdown, result, reasons } = resultOf(this.#state, { runId: 'r', now: this.#now, detail: 'stage' });
    assert.equal(this.#finishes, 1);
    assert.equal(this.#open.size, 0);
    assert.equal(this.#state.lanes.size, 0);
    assert.equal(statusBreakdown.pending + statusBreakdown.running, 0);
    const critical = this.#graph.ids.filter((id, task) => this.#graph.critical[task] === 1 && taskResults[id].status === 'failed');
    for (const [taskId, { status, skippedBecause }] of Object.entries(taskResults)) {
      const failedAncestors = this.#ancestors(taskId).filter((id) => taskResults[id].status === 'failed');
      if (status === 'skipped') assert([...failedAncestors, ...critical].includes(skippedBecause ?? ''));
      else if (failedAncestors.length > 0) assert(this.#cancelled || critical.length > 0);
      if (status === 'success') for (const id of this.#ancestors(taskId)) assert.equal(taskResults[id].status, 'success');
      if (status === 'cancelled') assert(this.#cancelled || critical.length > 0);
    }
    this.#lookAtTheVerdict({ result, reasons, taskResults });
  }

  /** The verdict by the words of the contract, from nothing but what users see of each task. */
  #lookAtTheVerdict({ result, reasons, taskResults }: Pick<PipelineResult, 'result' | 'reasons' | 'taskResults'>): void {
    const tasks = Object.entries(taskResults);
    const stopped = this.#graph.ids.some((id, task) => this.#graph.critical[task] === 1 && taskResults[id].status === 'failed');
    const goals = tasks.filter(([taskId]) => (this.#symbols === 0 ? true : taskId.endsWith(`/${this.#untilStage}`)));
    const achieved = goals.length === 0 || goals.some(([, { status }]) => status === 'success');
    const flawless = tasks.every(([, { status, degraded }]) => status === 'success' && degraded === undefined);
    if (tasks.some(([, { status }]) => status === 'cancelled') && !stopped) assert.equal(result, 'cancelled');
    else if (!this.#cancelled) assert.equal(result, stopped || !achieved ? 'failed' : flawless ? 'success' : 'degraded');
    if (result !== 'success') assert(reasons.length > 0, 'a verdict without a reason');
    const failure = this.#finish?.failure?.type;
    assert.equal(this.#finish?.result, result);
    if (result !== 'failed') assert.equal(failure, undefined);
    else if (!this.#cancelled) assert.equal(failure, stopped ? 'CriticalTaskFailed' : 'NothingSucceeded');
  }

  #ancestors(taskId: string): string[] {
    const found = new Set<string>();
    const open = [taskId];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      for (const dependency of dependencyIds(this.#graph, this.#graph.indexOf.get(id) as number)) {
        if (found.has(dependency)) continue;
        found.add(dependency);
        open.push(dependency);
      }
    }
    return [...found];
  }
}

function check({ config, seed }: { config: RunConfig; seed: number }): void {
  const built = buildGraph(config, { shared: true });
  // A gate may close a cycle; the tests of the graph cover such inputs.
  fc.pre('graph' in built);
  new Scenario(built.graph, config, seed).run();
}

describe('every random run', () => {
  it('keeps the order and the limit of slots, ends, and has a reason for each task at every moment', { timeout: patience(240_000) }, () => {
    fc.assert(fc.property(arbitraryRun({ minLength: 0, maxLength: 4 }), check), { numRuns: RUNS });
  });

  it('does the same when it is so large that its status has one entry per symbol', { timeout: patience(240_000) }, () => {
    fc.assert(fc.property(arbitraryRun({ minLength: 51, maxLength: 55 }), check), { numRuns: LARGE_RUNS });
  });
});
