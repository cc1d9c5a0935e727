import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../src/activities/runner/failure.ts';
import { InvalidPipelineError } from '../../../src/contracts/errors.ts';
import type { CustomTaskConfig, ReusedTask, RunConfig } from '../../../src/contracts/run/run-config.ts';
import type { TaskReport } from '../../../src/contracts/task/stage-report.ts';
import { STAGES, stageTaskId } from '../../../src/contracts/words.ts';
import { sizeProblems } from '../../../src/input/size-problems.ts';
import { dehydrate, rehydrate } from '../../../src/scheduling/carry/dehydrate.ts';
import { CARRIED_CONFIG, encodedBytes, fitList, PAYLOAD_BUDGET } from '../../../src/scheduling/payload/budget.ts';
import { fitGraph, fitStatus } from '../../../src/scheduling/payload/fit-status.ts';
import { packPrepared } from '../../../src/scheduling/payload/pack-prepared.ts';
import { reduce } from '../../../src/scheduling/run/reducer.ts';
import type { RunCommand, RunEvent } from '../../../src/scheduling/run/run-events.ts';
import { createRun, type RunState } from '../../../src/scheduling/run/run-state.ts';
import { graphOf, resultOf, statusOf } from '../../../src/scheduling/run/status/status.ts';
import { whyOf } from '../../../src/scheduling/run/status/why.ts';
import { Secrets } from '../../../src/secrets/secrets.ts';
import { TIER, worlds } from '../../support/worlds.ts';
import { customTask, graphOfConfig, POLICY, runConfig } from '../run-config.ts';
import { seeded } from '../simulated-run.ts';

const RUNS = worlds(2);
/** Symbols, and custom tasks, of the largest runs. */
const LARGEST = TIER === 'quick' ? 1_000 : 10_000;
/** Tasks that end between two hand-overs to a new execution. */
const HANDED_OVER_AFTER = 0.7 * LARGEST;
/** Maximum size in bytes of anything that is passed to Temporal. */
const LIMIT = 1_500_000;

type Random = () => number;
type Opened = Extract<RunCommand, { type: 'startSymbol' | 'startTask' }>;

/** Sizes are drawn so that small and very large ones are as likely. */
const upTo = (random: Random, most: number): number => Math.floor((most + 1) ** random()) - (random() < 0.1 ? 1 : 0);
const textOf = (random: Random, length: number): string => {
  const letters = random() < 0.2 ? 'ö🜁"\\\n' : 'abcdefghijklmnop';
  const word = Array.from({ length: 12 }, () => letters[Math.floor(random() * letters.length)]).join('');
  return word.repeat(Math.ceil(length / 12)).slice(0, length);
};

function randomConfig(random: Random): RunConfig {
  const symbols = Array.from({ length: upTo(random, LARGEST) }, (_, i) => ({
    symbol: `SYMBOL_${i}`,
    priority: 1 + Math.floor(random() * 5),
  }));
  const count = upTo(random, LARGEST);
  const argBytes = upTo(random, Math.min(30_000, 1_000_000 / (count + 1)));
  const nameLength = upTo(random, Math.min(150, 400_000 / (count + 1)));
  const gated = random() < 0.3;
  const tasks = Array.from({ length: count }, (_, i): CustomTaskConfig => {
    const before = random() < 0.2 && i > 0 ? [`t${textOf(() => 0, nameLength)}${Math.floor(random() * i)}`] : [];
    const stage = symbols.length > 0 && random() < 0.2 ? [stageTaskId(symbols[Math.floor(random() * symbols.length)].symbol, 'clean')] : [];
    const gate =
      gated && symbols.length > 0 && random() < 0.2 ? [stageTaskId(symbols[Math.floor(random() * symbols.length)].symbol, 'kline')] : [];
    return customTask(`t${textOf(() => 0, nameLength)}${i}`, {
      args: argBytes === 0 ? [] : [textOf(random, argBytes)],
      dependencies: [...before, ...(gate.length === 0 ? stage : [])],
      runBefore: before.length === 0 ? gate : [],
      policy: { ...POLICY, maxRetries: random() < 0.1 ? Math.floor(random() * 9) : 3 },
    });
  });
  return runConfig({ symbols, tasks, maxConcurrent: 1_000, order: random() < 0.3 ? 'critical-path' : 'priority' });
}

/** Measures everything that a run hands to Temporal. */
class Measured {
  readonly largest = new Map<string, number>();

  see(kind: string, bytes: number): void {
    this.largest.set(kind, Math.max(bytes, this.largest.get(kind) ?? 0));
    if (bytes >= LIMIT) throw new Error(`${kind}: ${bytes} bytes`);
  }
}

/** A failure travels with its message, its stack, its details and what lies behind it. */
function failureBytes({ message, stack, cause, details }: ApplicationFailure | (Error & { readonly details?: undefined })): number {
  const behind = cause instanceof Error ? failureBytes(cause) : 0;
  return encodedBytes([message, stack, details]) + behind;
}

/** A run whose tasks end in every way there is, their errors and outputs of any size; each is seen where it travels. */
class PlayedRun {
  readonly #random: Random;
  readonly #config: RunConfig;
  readonly #measured: Measured;
  readonly #open: Opened[] = [];
  readonly #trouble: number;
  readonly #messages: number;
  readonly #outputs: number;
  readonly #steered: boolean;
  #state: RunState;
  #now = 1_795_613_480_000;

  constructor(
    random: Random,
    config: RunConfig,
    measured: Measured,
    given: { readonly trouble?: number; readonly messages?: number; readonly outputs?: number; readonly steered?: boolean } = {},
  ) {
    this.#random = random;
    this.#config = config;
    this.#measured = measured;
    this.#trouble = given.trouble ?? random();
    this.#messages = given.messages ?? upTo(random, 20_000);
    this.#steered = given.steered ?? true;
    this.#outputs = given.outputs ?? upTo(random, 30_000);
    const reused = new Map<string, ReusedTask>();
    const share = random() < 0.5 ? random() : 0;
    for (const { symbol } of config.symbols)
      for (const stage of STAGES) if (random() < share) reused.set(stageTaskId(symbol, stage), this.#effect());
    for (const { taskId } of config.tasks) if (random() < share) reused.set(taskId, this.#effect());
    const durations = Object.fromEntries(config.tasks.slice(0, 5_000).map(({ taskId }) => [taskId, random()]));
    measured.see('prepared', encodedBytes(packPrepared({ config, durations, reused })));
    this.#state = createRun({ graph: graphOfConfig(config), config, reused });
  }

  play(): void {
    this.#feed({ type: 'start', at: this.#now });
    const retryAt = this.#random();
    for (let ended = 0; this.#state.finishedAt === null; ended++) {
      this.#now += Math.floor(this.#random() * 3_000);
      const command = this.#open.pop();
      if (command === undefined) {
        this.#now = Math.max(this.#now, this.#state.wakeAt ?? 0);
        this.#feed({ type: 'wake', at: this.#now });
        if (this.#open.length === 0 && this.#state.finishedAt === null) break;
        continue;
      }
      this.#feed(this.#endOf(command));
      if (ended % HANDED_OVER_AFTER === Math.floor(retryAt * HANDED_OVER_AFTER)) {
        this.#ask();
        this.#handOver();
        if (this.#steered && this.#random() < 0.3) this.#feed({ type: 'retryFailed', at: this.#now });
      }
    }
    this.#ask();
    const result = resultOf(this.#state, this.#question);
    const fitted = fitStatus(result);
    assert.deepEqual(fitted.statusBreakdown, result.statusBreakdown);
    this.#measured.see('result', encodedBytes(fitted));
    this.#measured.see(
      'failure with the result',
      failureBytes(ApplicationFailure.create({ message: result.reasons[0] ?? '', type: 'CriticalTaskFailed', details: [fitted] })),
    );
  }

  get #question() {
    return { runId: 'run', now: this.#now, detail: this.#state.detail };
  }

  #ask(): void {
    const { graph, status } = this.#state;
    this.#measured.see('status', encodedBytes(fitStatus(statusOf(this.#state, this.#question))));
    this.#measured.see('graph', encodedBytes(fitGraph(graphOf({ graph }), this.#config)));
    this.#measured.see('why', encodedBytes(whyOf(this.#state, graph.ids[Math.floor(this.#random() * graph.size)] ?? '', this.#now)));
    this.#measured.see('retryFailed', encodedBytes(fitList(graph.ids.filter((_, task) => status[task] === 3 || status[task] === 4))));
  }

  /** Continues as a new execution like the workflow: lanes end first, and the next execution knows only the carried state. */
  #handOver(): void {
    const { graph, order } = this.#state;
    this.#feed({ type: 'drain', at: this.#now });
    for (let open = this.#open.pop(); open !== undefined; open = this.#open.pop()) this.#feed(this.#endOf(open));
    const config = encodedBytes(packPrepared({ config: this.#config, durations: {}, reused: new Map() }));
    const carried = config > CARRIED_CONFIG ? 0 : config;
    const written = dehydrate(this.#state, PAYLOAD_BUDGET - carried);
    this.#measured.see('continue-as-new', carried + encodedBytes(written));
    const before = this.#state;
    this.#state = rehydrate(graph, JSON.parse(JSON.stringify(written)), { order });
    assert.deepEqual([...this.#state.counts], [...before.counts]);
    assert.equal(Buffer.compare(Buffer.from(this.#state.status), Buffer.from(before.status)), 0);
    this.#feed({ type: 'wake', at: this.#now });
  }

  #feed(event: RunEvent): void {
    for (const command of reduce(this.#state, event)) {
      if (command.type !== 'startSymbol' && command.type !== 'startTask') continue;
      this.#measured.see('call', encodedBytes(command));
      this.#open.push(command);
    }
  }

  #endOf(command: Opened): Extract<RunEvent, { type: 'laneEnded' }> {
    const isSymbol = command.type === 'startSymbol';
    const lane = isSymbol ? command.symbol : command.taskId;
    const ids = isSymbol ? command.stages.map((stage) => stageTaskId(command.symbol, stage)) : [lane];
    const reports: TaskReport[] = [];
    for (const [i, taskId] of ids.entries()) {
      const startedAt = this.#now + i * 1_000;
      const facts = {
        taskId,
        startedAt,
        at: startedAt + Math.floor(this.#random() * 60_000),
        attempts: command.earlierAttempts + 1 + Math.floor(this.#random() * 4),
      };
      if (this.#random() >= this.#trouble) {
        reports.push({ ...facts, kind: 'succeeded', output: null, ...this.#effect() });
        continue;
      }
      const failure = this.#failure(taskId, facts.attempts);
      const [{ error }] = (failure.details ?? []) as [{ error: Extract<TaskReport, { kind: 'failed' }>['error'] }];
      if (this.#steered && this.#random() < 0.1)
        reports.push({ ...facts, kind: 'retryLater', error, failures: 1, retryAt: this.#now + 60_000 });
      else reports.push({ ...facts, kind: 'failed', error });
      break;
    }
    return { type: 'laneEnded', lane, reports, end: 'completed', at: this.#now };
  }

  /** The failure of an activity whose error may have any size. */
  #failure(taskId: string, attempts: number): ApplicationFailure {
    const message = `${taskId}: ${textOf(this.#random, Math.floor(this.#random() * this.#messages))}`;
    const error = Object.assign(new Error(message), { name: this.#random() < 0.1 ? message : 'VenueError', cause: new Error(message) });
    const failure = failureOf(error, { secrets: new Secrets([]), policy: POLICY, attempts, earlier: { failures: 9 } });
    if (this.#random() < 0.01) this.#measured.see('activity failure', failureBytes(failure));
    return failure;
  }

  #effect() {
    const degraded = this.#random() < 0.1 ? { degraded: [`gaps: ${textOf(this.#random, this.#random() < 0.5 ? 20 : 900)}`] } : {};
    return this.#random() < 0.5 ? degraded : { output: textOf(this.#random, Math.floor(this.#random() * this.#outputs)), ...degraded };
  }
}

describe('every Temporal payload of a random run', () => {
  it(`stays below the limit of Temporal: ${RUNS} runs of up to ${LARGEST} symbols and ${LARGEST} custom tasks`, {
    timeout: 60_000 + RUNS * 60_000,
  }, () => {
    const measured = new Measured();
    for (let seed = 1, played = 0; played < RUNS; seed++) {
      const random = seeded(seed);
      const config = randomConfig(random);
      // Such an input is refused before its first task.
      if (sizeProblems(config).length > 0) continue;
      new PlayedRun(random, config, measured).play();
      played++;
    }
    expect([...measured.largest.keys()]).toEqual(
      expect.arrayContaining(['prepared', 'status', 'graph', 'why', 'retryFailed', 'result', 'call']),
    );
  });

  it(`is small enough in the worst case: ${LARGEST} symbols and ${LARGEST} tasks fail with long errors`, { timeout: 180_000 }, () => {
    const measured = new Measured();
    const config = runConfig({
      symbols: Array.from({ length: LARGEST }, (_, i) => `SOME_LONG_SYMBOL_${i}`),
      tasks: Array.from({ length: LARGEST }, (_, i) => customTask(`task-${i}`, { args: [{ url: `http://localhost/${i}` }] })),
      maxConcurrent: 1_000,
    });
    expect(sizeProblems(config)).toEqual([]);
    new PlayedRun(seeded(7), config, measured, { trouble: 0.7, messages: 300, outputs: 100, steered: false }).play();
    expect(measured.largest.has('continue-as-new')).toBe(true);
  });

  it('is small enough when every field of an input is wrong', () => {
    const problems = Array.from({ length: 50_000 }, (_, i) => ({ where: `tasks[${i}].${'x'.repeat(3_000)}`, message: 'y'.repeat(3_000) }));
    const error = new InvalidPipelineError(problems);
    expect(error.message).toMatch(/^50000 problems[^]*and 49800 more$/);
    const failure = ApplicationFailure.create({ message: error.message, type: error.type, details: [error.problems] });
    expect(failureBytes(failure)).toBeLessThan(LIMIT);
  });
});
