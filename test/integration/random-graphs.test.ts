import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEnded } from '../../src/client.ts';
import type { CustomTaskInput, PipelineInput } from '../../src/contracts/pipeline-input.ts';
import type { PipelineResult } from '../../src/contracts/pipeline-status.ts';
import type { TaskReport } from '../../src/contracts/stage-report.ts';
import { reduce } from '../../src/scheduling/reducer.ts';
import { createRun } from '../../src/scheduling/run-state.ts';
import { resultOf } from '../../src/scheduling/status.ts';
import { createRig, type Rig } from '../rig.ts';
import { customTask, graphOfConfig, runConfig } from '../scheduling/run-config.ts';
import { type Random, seeded } from '../scheduling/simulated-run.ts';

/** What the server answers to one task, attempt by attempt; 200 from then on. */
type Script = readonly number[];

interface Scenario {
  readonly seed: number;
  readonly tasks: readonly {
    readonly taskId: string;
    readonly dependencies: readonly string[];
    readonly script: Script;
    readonly priority: number;
  }[];
  readonly maxConcurrent: number;
  readonly order: 'fifo' | 'priority' | 'critical-path';
}

const GRAPHS = 25;
const MAX_RETRIES = 1;
/** Passing: retried and then fine. Final at once: 404. Final after its retries: 503, 503. */
const SCRIPTS: readonly Script[] = [[], [], [], [], [503], [404], [503, 503]];

function scenario(seed: number): Scenario {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const count = 3 + below(8);
  const tasks = Array.from({ length: count }, (_, i) => ({
    taskId: `g${seed}-t${i}`,
    dependencies: pick(random, i).map((j) => `g${seed}-t${j}`),
    script: SCRIPTS[below(SCRIPTS.length)],
    priority: 1 + below(5),
  }));
  return { seed, tasks, maxConcurrent: 1 + below(4), order: (['fifo', 'priority', 'critical-path'] as const)[below(3)] };
}

/** Up to three distinct earlier tasks. */
function pick(random: Random, before: number): number[] {
  const wanted = Math.min(before, Math.floor(random() * 3));
  return [...new Set(Array.from({ length: wanted }, () => Math.floor(random() * before)))];
}

/** The reducer's own answer: every task answers as its script says, one at a time. */
function predicted({ tasks, maxConcurrent, order }: Scenario): PipelineResult {
  const config = runConfig({
    maxConcurrent,
    order,
    tasks: tasks.map(({ taskId, dependencies, priority }) => customTask(taskId, { dependencies, priority })),
  });
  const state = createRun({ graph: graphOfConfig(config), config });
  const running: string[] = [];
  let at = 0;
  let commands = reduce(state, { type: 'start', at });
  for (;;) {
    for (const command of commands) if (command.type === 'startTask') running.push(command.taskId);
    expect(running.length).toBeLessThanOrEqual(maxConcurrent);
    const lane = running.shift();
    if (lane === undefined) break;
    at += 1;
    commands = reduce(state, {
      type: 'laneEnded',
      lane,
      end: 'completed',
      at,
      reports: [reportOf(lane, tasks.find(({ taskId }) => taskId === lane)?.script ?? [], at)],
    });
  }
  return resultOf(state, { runId: 'predicted', now: at, detail: 'stage' });
}

function reportOf(taskId: string, script: Script, at: number): TaskReport {
  const passing = script.filter((status) => status === 503).length;
  if (script.includes(404)) return { taskId, kind: 'failed', at, startedAt: at, attempts: 1, error: { type: 'BadInput', message: '404' } };
  if (passing > MAX_RETRIES)
    return { taskId, kind: 'failed', at, startedAt: at, attempts: passing, error: { type: 'SourceUnavailable', message: '503' } };
  return { taskId, kind: 'succeeded', at, startedAt: at, attempts: passing + 1, output: null };
}

/** What must not depend on timing. */
const essence = ({ result, taskResults }: PipelineResult) => ({
  result,
  tasks: Object.fromEntries(
    Object.entries(taskResults).map(([taskId, { status, attempts, skippedBecause, error }]) => [
      taskId,
      { status, attempts: status === 'skipped' ? undefined : attempts, skippedBecause, error: error?.type },
    ]),
  ),
});

describe(`${GRAPHS} random graphs, run for real`, () => {
  let rig: Rig;
  let server: Server;
  let url: string;
  const asked = new Map<string, number>();
  const scripts = new Map<string, Script>();
  const inFlight = new Map<string, number>();
  const peak = new Map<string, number>();

  beforeAll(async () => {
    server = createServer((request, response) => {
      const taskId = (request.url ?? '').slice(1);
      const graph = taskId.split('-')[0];
      const now = (inFlight.get(graph) ?? 0) + 1;
      inFlight.set(graph, now);
      peak.set(graph, Math.max(peak.get(graph) ?? 0, now));
      const attempt = asked.get(taskId) ?? 0;
      asked.set(taskId, attempt + 1);
      request.resume().on('end', () => {
        inFlight.set(graph, (inFlight.get(graph) ?? 1) - 1);
        response.writeHead(scripts.get(taskId)?.[attempt] ?? 200).end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    rig = await createRig();
  });
  afterAll(async () => {
    await rig.close();
    server.close();
  });

  it('end as the reducer says: statuses, attempts, skips with their roots; slots and order respected', async () => {
    const scenarios = Array.from({ length: GRAPHS }, (_, seed) => scenario(seed + 1));
    const seen = await Promise.all(
      scenarios.map(async ({ seed, tasks, maxConcurrent, order }) => {
        for (const { taskId, script } of tasks) scripts.set(taskId, script);
        const input: PipelineInput = {
          symbols: [],
          maxConcurrent,
          order,
          tasks: tasks.map(
            ({ taskId, dependencies, priority }): CustomTaskInput => ({
              taskId,
              dependencies: [...dependencies],
              priority,
              activity: 'httpPost',
              args: [{ url: `${url}/${taskId}`, body: { taskId } }],
              maxRetries: MAX_RETRIES,
              retryDelay: '1ms',
            }),
          ),
        };
        const { runId } = await rig.lab.start(input, { runId: `graph-${seed}` });
        return await rig.lab.result(runId).catch((error: RunEnded) => error.partial as PipelineResult);
      }),
    );
    for (const [index, real] of seen.entries()) {
      const { seed, tasks, maxConcurrent } = scenarios[index];
      expect(essence(real), `graph ${seed}`).toEqual(essence(predicted(scenarios[index])));
      expect(peak.get(`g${seed}`) ?? 0, `slots of graph ${seed}`).toBeLessThanOrEqual(maxConcurrent);
      for (const { taskId, dependencies } of tasks) {
        const startedAt = real.taskResults[taskId].startedAt;
        if (!startedAt) continue;
        for (const dependency of dependencies) {
          const { startedAt: began, durationSeconds } = real.taskResults[dependency];
          expect(Date.parse(began ?? '') + 1000 * (durationSeconds ?? 0), `${dependency} before ${taskId}`).toBeLessThanOrEqual(
            Date.parse(startedAt) + 1,
          );
        }
      }
    }
  }, 180_000);
});
