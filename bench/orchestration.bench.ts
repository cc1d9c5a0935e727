import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { PredictLab } from '../src/client.ts';
import { messageOf } from '../src/contracts/errors.ts';
import type { PipelineInput } from '../src/contracts/run/pipeline-input.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { createLog } from '../src/telemetry/log.ts';
import { type BenchStack, ROOT, withBenchStack } from './bench-stack.ts';
import { ask, treeCpuSeconds, withChild } from './child.ts';
import type { Usage, WorkShape } from './contestant.ts';
import { median } from './measure.ts';
import { secondsByPart } from './profile.ts';
import type { BenchOptions, BenchResult } from './result.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const DBOS = { name: '@dbos-inc/dbos-sdk', version: '5.3.0' };
const log = createLog({ LOG_LEVEL: 'warn' });

interface Shape {
  readonly name: string;
  readonly work: WorkShape;
  readonly input: PipelineInput;
  /** Whether the stages report that they found so much that each becomes an activity. */
  readonly much?: boolean;
  /** Whether the row is left out unless asked for. */
  readonly long?: boolean;
  /** Whether no turn warms up: the row takes so long that it does not matter. */
  readonly cold?: boolean;
  readonly target: number;
}

const fibonacciTasks = (
  count: number,
  { activity = 'fibonacci', chained = false, short }: { activity?: string; chained?: boolean; short?: boolean } = {},
) =>
  Array.from({ length: count }, (_, i) => ({
    taskId: `t${i}`,
    activity,
    ...(short !== undefined && { short }),
    args: [{ n: 30 }],
    dependencies: chained && i > 0 ? [`t${i - 1}`] : [],
  }));
const symbolNames = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);
const chained = (options: { short?: boolean }): Pick<Shape, 'work' | 'input'> => ({
  work: { kind: 'sequential', count: 40 },
  input: { symbols: [], tasks: fibonacciTasks(40, { chained: true, ...options }) },
});
const parallel = (options: { activity?: string; short?: boolean }): Pick<Shape, 'work' | 'input'> => ({
  work: { kind: 'parallel', count: 400 },
  input: { symbols: [], maxConcurrent: 100, tasks: fibonacciTasks(400, options) },
});
const fanout = (count: number): Pick<Shape, 'work' | 'input'> => ({
  work: { kind: 'fanout', count, window: 50 },
  input: { symbols: symbolNames(count), maxConcurrent: 50 },
});

const SHAPES: readonly Shape[] = [
  { name: '40 chained ~10 ms tasks', ...chained({}), target: 0.65 },
  { name: '40 chained ~10 ms tasks, an activity each', ...chained({ short: false }), target: 1.1 },
  { name: '400 parallel ~10 ms tasks', ...parallel({}), target: 0.9 },
  { name: '400 parallel ~10 ms tasks, declared short', ...parallel({ short: true }), long: true, target: 0.9 },
  { name: '400 parallel ~10 ms tasks on threads', ...parallel({ activity: 'fibonacciOnThread' }), long: true, target: 0.9 },
  { name: '100 symbols × 6 that find little', ...fanout(100), target: 0.45 },
  { name: '100 symbols × 6 that find much', ...fanout(100), much: true, target: 1 },
  { name: '1,000 symbols × 6', ...fanout(1_000), long: true, cold: true, target: 0.4 },
];

/** Time and resources that one turn used. */
interface Took {
  readonly seconds: number;
  readonly workerCpu: number;
  readonly temporalCpu: number;
  readonly postgresCpu: number;
  /** Requests of the worker to Temporal, the long polls left out. */
  readonly requests: number;
  readonly workflowTasks: number;
  readonly events: number;
  readonly statements: number;
}

interface Contestant {
  readonly name: string;
  readonly take: (shape: Shape) => Promise<Took>;
}

/**
 * The engine beside plain Temporal and DBOS: the same work on the same servers, in turns, each with a worker that has run it once before.
 * The order alternates, because a server gets slower the more it holds.
 */
export async function run(options: BenchOptions): Promise<readonly BenchResult[]> {
  const dbos = await installDbos();
  const turns = options.turns;
  return await withBenchStack(log, async (stack) => {
    const { databaseUrl, closers } = stack;
    const env = { ...stack.env, PREDICTLAB_PLUGINS: path.join(here, 'fibonacci-plugin.js'), DBOS_FOLDER: dbos };
    const database = closers.add('the database', await openDatabase({ url: databaseUrl, max: 2 }));
    await importSymbols(
      database,
      symbolNames(1000).map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: 'none.csv' }] } })),
      { replace: true },
    );
    // durations as after twenty runs, so that the tasks are known to be short
    await database.query(
      `insert into ledger (execution_id, task_id, run_id, attempts, started_at, output, finished_at, duration_seconds)
       select 'earlier-' || run, 't' || task, 'earlier', 1, now(), '{}', now(), 0.02 from generate_series(1, 20) run, generate_series(0, 399) task`,
    );
    const connection = closers.add('the connection', await Connection.connect({ address: stack.env.TEMPORAL_ADDRESS }));
    const client = new Client({ connection });
    const lab = closers.add('the client', await PredictLab.connect({ env }));
    const profiles = options.profile ? path.join(ROOT, '.predictlab/profiles', String(process.pid)) : undefined;
    if (profiles !== undefined) await mkdir(profiles, { recursive: true });
    const profiled = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
    const spans = new Map<string, { from: number; to: number }>();
    const results: BenchResult[] = [];
    await withChild('plain-worker.js', env, async (plain) => {
      await withChild(
        'engine-worker.js',
        env,
        async (ours) => {
          const race = async (library?: Contestant): Promise<void> => {
            const contestants: Contestant[] = [
              { name: 'ours', take: (shape) => runOurs(shape) },
              { name: 'plain Temporal', take: (shape) => runPlain(shape) },
              ...(library === undefined ? [] : [library]),
            ];
            const { rows, brief } = options;
            for (const shape of SHAPES.filter(({ name, long }) =>
              rows.length === 0 ? !brief || !long : rows.some((row) => name.startsWith(row)),
            )) {
              const took = await takeTurns(contestants, shape, turns);
              const result = resultOf(shape, took);
              results.push(result);
              options.print(result);
            }
          };
          const measured = (pid: number | undefined, work: () => Promise<string | undefined>, child: Parameters<typeof ask>[0]) =>
            measure(stack, client, child, work, pid);
          const runOurs = async (shape: Shape): Promise<Took> => {
            let span: { from: number; to: number } | undefined;
            const took = await measured(
              ours.process.pid,
              async () => {
                const from = Number(process.hrtime.bigint() / 1_000n);
                const { runId } = await lab.start(shape.input, { runId: `${shape.much ? 'much' : 'run'}-${Date.now()}` });
                const result = await lab.result(runId);
                if (result.result !== 'success') throw new Error(`${runId} ended as ${result.result}: ${result.reasons.join('; ')}`);
                span = { from, to: Number(process.hrtime.bigint() / 1_000n) };
                return runId;
              },
              ours.process,
            );
            if (span !== undefined) spans.set(shape.name, span);
            return took;
          };
          const runPlain = (shape: Shape): Promise<Took> =>
            measured(
              plain.process.pid,
              async () => {
                const workflowId = `plain-${Date.now()}`;
                await client.workflow.execute(shape.work.kind, { taskQueue: 'plain', workflowId, args: [shape.work] });
                return workflowId;
              },
              plain.process,
            );
          if (dbos === undefined) await race();
          else
            await withChild('dbos-worker.js', env, (library) =>
              race({
                name: 'DBOS',
                take: ({ work }) =>
                  measured(
                    library.process.pid,
                    async () => void (await ask(library.process, { ask: 'run', shape: work })),
                    library.process,
                  ),
              }),
            );
        },
        profiled,
      );
    });
    if (profiles !== undefined) await printProfiles(profiles, spans);
    return results;
  });
}

/** Installs DBOS beside the project. @returns its folder, or undefined where the registry is out of reach */
async function installDbos(): Promise<string | undefined> {
  const folder = path.join(ROOT, 'node_modules/.cache/bench-dbos');
  await mkdir(folder, { recursive: true });
  try {
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', `${DBOS.name}@${DBOS.version}`];
    await promisify(execFile)('npm', args, { timeout: 60_000 });
    return folder;
  } catch (error) {
    process.stderr.write(`DBOS is left out, ${DBOS.name}@${DBOS.version} could not be installed: ${messageOf(error).split('\n')[0]}\n`);
    return undefined;
  }
}

async function measure(
  stack: BenchStack,
  client: Client,
  child: Parameters<typeof ask>[0],
  work: () => Promise<string | undefined>,
  pid: number | undefined,
): Promise<Took> {
  const servers = async () => ({ temporal: await treeCpuSeconds(stack.serverPid), postgres: await treeCpuSeconds(stack.postgresPid) });
  if (pid === undefined) throw new Error('the worker has no process');
  const before = { ...(await servers()), usage: await ask<Usage>(child, { ask: 'usage' }) };
  const started = performance.now();
  const workflowId = await work();
  const seconds = (performance.now() - started) / 1000;
  const usage = await ask<Usage>(child, { ask: 'usage' });
  const after = await servers();
  const grown = (operation: string): number => (usage.requests[operation] ?? 0) - (before.usage.requests[operation] ?? 0);
  return {
    seconds,
    workerCpu: usage.cpuSeconds - before.usage.cpuSeconds,
    temporalCpu: after.temporal - before.temporal,
    postgresCpu: after.postgres - before.postgres,
    requests: Object.keys(usage.requests).reduce((sum, operation) => sum + grown(operation), 0),
    workflowTasks: grown('RespondWorkflowTaskCompleted'),
    events: workflowId === undefined ? 0 : await eventsOf(client, workflowId),
    statements: usage.statements - before.usage.statements,
  };
}

/** History events of a workflow and its children. */
async function eventsOf(client: Client, workflowId: string): Promise<number> {
  // Temporal lists a workflow as ended some moments after its end
  for (let tries = 0; ; tries++) {
    let events = 0;
    let open = 0;
    for await (const { historyLength, status } of client.workflow.list({ query: `RootWorkflowId = "${workflowId}"` })) {
      events += historyLength;
      if (status.name === 'RUNNING') open++;
    }
    if ((open === 0 && events > 0) || tries === 50) return events;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Each contestant's turns, by its name; the first of each warms up and is not counted. */
async function takeTurns(contestants: readonly Contestant[], shape: Shape, turns: number): Promise<ReadonlyMap<string, readonly Took[]>> {
  const took = new Map<string, Took[]>(contestants.map(({ name }) => [name, []]));
  const warmUps = shape.cold ? 0 : 1;
  for (let turn = -warmUps; turn < turns; turn++) {
    for (const { name, take } of turn % 2 === 0 ? contestants : [...contestants].reverse()) {
      const one = await take(shape);
      if (turn >= 0) took.get(name)?.push(one);
    }
  }
  return took;
}

function resultOf({ name, target }: Shape, took: ReadonlyMap<string, readonly Took[]>): BenchResult {
  const middle = (contestant: string, field: keyof Took): number => median((took.get(contestant) ?? []).map((one) => one[field]));
  const ours = middle('ours', 'seconds');
  const plain = middle('plain Temporal', 'seconds');
  const words = [...took.keys()].map((contestant) => {
    const [seconds, worker, temporal, postgres] = (['seconds', 'workerCpu', 'temporalCpu', 'postgresCpu'] as const).map((field) =>
      middle(contestant, field).toFixed(2),
    );
    const counts = (['events', 'workflowTasks', 'requests', 'statements'] as const).map((field) => Math.round(middle(contestant, field)));
    return `\n    ${contestant.padEnd(14)} ${seconds} s · CPU ${worker} worker + ${temporal} Temporal + ${postgres} Postgres · ${counts[0]} events, ${counts[1]} workflow tasks, ${counts[2]} requests, ${counts[3]} statements`;
  });
  const cpu = (contestant: string): number =>
    middle(contestant, 'workerCpu') + middle(contestant, 'temporalCpu') + middle(contestant, 'postgresCpu');
  return {
    name,
    ours,
    unit: 's',
    baseline: { name: 'plain Temporal', value: plain },
    better: 'lower',
    note: `${(ours / plain).toFixed(2)}× the time and ${(cpu('ours') / cpu('plain Temporal')).toFixed(2)}× the CPU of plain Temporal, wanted ≤ ${target}; medians of ${took.get('ours')?.length}${words.join('')}`,
  };
}

/** Prints where our worker's JavaScript spent its time in the last turn of each row. */
async function printProfiles(folder: string, spans: ReadonlyMap<string, { from: number; to: number }>): Promise<void> {
  for (const [name, span] of spans) {
    const parts = await secondsByPart(folder, span);
    const all = [...parts.values()].reduce((sum, seconds) => sum + seconds, 0);
    const rows = [...parts].map(
      ([part, seconds]) => `  ${part.padEnd(28)} ${seconds.toFixed(2)} s  ${((100 * seconds) / all).toFixed(0)}%`,
    );
    process.stderr.write(`\n${name}: our worker's JavaScript, both threads\n${rows.join('\n')}\n`);
  }
  process.stderr.write(`\nflame graphs, for Chrome's DevTools or speedscope: ${folder}\n`);
}
