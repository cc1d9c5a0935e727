import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CustomTaskInput } from '../../src/contracts/run/pipeline-input.ts';
import { resolveConfig } from '../../src/input/resolve-config.ts';
import { DrivenRun, failed, succeeded } from '../scheduling/driven-run.ts';
import { seeded } from '../scheduling/simulated-run.ts';
import { createRig, type Rig } from '../support/rig.ts';

const GRAPHS = 25;

interface Call {
  readonly run: string;
  readonly task: string;
  readonly arrivedAt: number;
  answeredAt: number;
}

/** A server that answers each task as its body says, and notes when it was asked and when it answered. */
async function scriptedServer(): Promise<{ url: string; calls: Call[]; server: Server }> {
  const calls: Call[] = [];
  let clock = 0;
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const { run, task, status } = JSON.parse(text) as { run: string; task: string; status: number };
      const call: Call = { run, task, arrivedAt: clock++, answeredAt: Number.POSITIVE_INFINITY };
      calls.push(call);
      setTimeout(() => {
        call.answeredAt = clock++;
        response.writeHead(status).end('{}');
      }, 10);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls, server };
}

/** A random acyclic graph of custom tasks; some of them are answered with an error that is not tried again. */
function randomTasks(seed: number, url: string): { tasks: CustomTaskInput[]; maxConcurrent: number; fails: Set<string> } {
  const random = seeded(seed);
  const count = 3 + Math.floor(random() * 7);
  const fails = new Set<string>();
  const tasks = Array.from({ length: count }, (_, i): CustomTaskInput => {
    const taskId = `t${i}`;
    if (random() < 0.2) fails.add(taskId);
    const dependencies = [...new Set(Array.from({ length: Math.floor(random() * 3) }, () => `t${Math.floor(random() * i)}`))];
    const body = { run: `graph-${seed}`, task: taskId, status: fails.has(taskId) ? 400 : 200 };
    const priority = 1 + Math.floor(random() * 5);
    return { taskId, activity: 'httpPost', args: [{ url, body }], dependencies: i === 0 ? [] : dependencies, priority };
  });
  return { tasks, maxConcurrent: 1 + Math.floor(random() * 3), fails };
}

/** The statuses by the reducer alone, for the same tasks and answers. */
function statusesInTheory(tasks: CustomTaskInput[], maxConcurrent: number, fails: ReadonlySet<string>): Record<string, string> {
  const run = new DrivenRun(
    resolveConfig({ symbols: [], tasks, maxConcurrent }, { symbols: [], sources: { names: [], byDefault: [] }, now: 0 }),
  );
  const open = run.start().map((words) => words.slice('start '.length));
  for (let lane = open.shift(); lane !== undefined; lane = open.shift()) {
    const words = run.ends(lane, [fails.has(lane) ? failed(lane) : succeeded(lane)]);
    open.push(...words.filter((word) => word.startsWith('start ')).map((word) => word.slice('start '.length)));
  }
  return Object.fromEntries(Object.entries(run.status.taskResults).map(([taskId, { status }]) => [taskId, status]));
}

describe('the scheduler on real Temporal', () => {
  let rig: Rig;
  let scripted: Awaited<ReturnType<typeof scriptedServer>>;
  beforeAll(async () => {
    rig = await createRig();
    scripted = await scriptedServer();
  });
  afterAll(async () => {
    scripted.server.close();
    await rig.close();
  });

  it(`ends ${GRAPHS} random graphs in the expected order, and never uses more slots than allowed`, async () => {
    const ends = Array.from({ length: GRAPHS }, async (_, seed) => {
      const { tasks, maxConcurrent, fails } = randomTasks(seed, scripted.url);
      const { taskResults, result } = await rig.run({ symbols: [], tasks, maxConcurrent }, `graph-${seed}`);
      const statuses = Object.fromEntries(Object.entries(taskResults).map(([taskId, { status }]) => [taskId, status]));
      expect(statuses).toEqual(statusesInTheory(tasks, maxConcurrent, fails));
      const all = Object.values(statuses);
      expect(result).toBe(!all.includes('success') ? 'failed' : all.includes('failed') ? 'degraded' : 'success');
      checkCalls(
        scripted.calls.filter(({ run }) => run === `graph-${seed}`),
        { tasks, maxConcurrent, statuses },
      );
    });
    await Promise.all(ends);
  });
});

/** Checks that each task was called once, after its dependencies, and at most `maxConcurrent` at a time. */
function checkCalls(
  calls: readonly Call[],
  run: { tasks: CustomTaskInput[]; maxConcurrent: number; statuses: Record<string, string> },
): void {
  const called = new Map(calls.map((call) => [call.task, call]));
  const ran = Object.keys(run.statuses).filter((taskId) => run.statuses[taskId] !== 'skipped');
  expect(calls.map(({ task }) => task).sort()).toEqual(ran.sort());
  for (const { taskId, dependencies = [] } of run.tasks) {
    const call = called.get(taskId);
    for (const dependency of dependencies) {
      if (call !== undefined) expect(called.get(dependency)?.answeredAt).toBeLessThan(call.arrivedAt);
    }
  }
  for (const { arrivedAt } of calls) {
    const atOnce = calls.filter((other) => other.arrivedAt <= arrivedAt && arrivedAt < other.answeredAt).length;
    expect(atOnce).toBeLessThanOrEqual(run.maxConcurrent);
  }
}
