import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PredictLab } from '../src/client.ts';
import type { PipelineInput } from '../src/contracts/run/pipeline-input.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { createLog } from '../src/telemetry/log.ts';
import { ROOT, withBenchStack } from './bench-stack.ts';
import { withChild } from './child.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const BASELINE = path.resolve(ROOT, '../shared/bench/temporal-naive');
const TURNS = 3;
const log = createLog({ LOG_LEVEL: 'warn' });

interface Shape {
  readonly name: string;
  /** The baseline's script and flags. */
  readonly baseline: readonly [script: string, ...flags: string[]];
  readonly input: PipelineInput;
  /** Ticks and candles that the stages say they found. @default 0 */
  readonly found?: number;
  /** Runs of one worker, as the baseline's script has by default; the median counts. @default 1 */
  readonly runs?: number;
  readonly target: string;
}

const fibonacciTasks = (
  count: number,
  { activity = 'fibonacci', chained = false, short = false }: { activity?: string; chained?: boolean; short?: boolean } = {},
) =>
  Array.from({ length: count }, (_, i) => ({
    taskId: `t${i}`,
    activity,
    short,
    args: [{ n: 30 }],
    dependencies: chained && i > 0 ? [`t${i - 1}`] : [],
  }));
const symbolNames = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);

const SHAPES: readonly Shape[] = [
  {
    name: '40 sequential ~10 ms custom tasks',
    baseline: ['sequential.js'],
    input: { symbols: [], tasks: fibonacciTasks(40, { chained: true }) },
    runs: 5,
    target: '1.1',
  },
  {
    name: '40 sequential ~10 ms custom tasks with short: true',
    baseline: ['sequential.js'],
    input: { symbols: [], tasks: fibonacciTasks(40, { chained: true, short: true }) },
    runs: 5,
    target: '0.65',
  },
  {
    name: '400 parallel ~10 ms custom tasks with short: true, 100 slots',
    baseline: ['parallel.js'],
    input: { symbols: [], maxConcurrent: 100, tasks: fibonacciTasks(400, { short: true }) },
    runs: 3,
    target: '0.9',
  },
  {
    name: '400 parallel ~10 ms custom tasks, 100 slots',
    baseline: ['parallel.js'],
    input: { symbols: [], maxConcurrent: 100, tasks: fibonacciTasks(400) },
    runs: 3,
    target: '1.0',
  },
  {
    name: '400 parallel ~10 ms custom tasks with thread: true, 100 slots',
    baseline: ['parallel.js'],
    input: { symbols: [], maxConcurrent: 100, tasks: fibonacciTasks(400, { activity: 'fibonacciOnThread' }) },
    runs: 3,
    target: '1.0',
  },
  {
    name: '100 symbols × 6 no-op stages, 50 slots',
    baseline: ['fanout.js', '--n=100', '--window=50'],
    input: { symbols: symbolNames(100), maxConcurrent: 50 },
    target: '1.15',
  },
  {
    name: '100 symbols × 6 no-op stages that say they found much, 50 slots',
    baseline: ['fanout.js', '--n=100', '--window=50'],
    input: { symbols: symbolNames(100), maxConcurrent: 50 },
    found: 1_000_000,
    target: '1.15',
  },
  {
    name: '1000 symbols × 6 no-op stages, 50 slots',
    baseline: ['fanout.js', '--n=1000', '--window=50'],
    input: { symbols: symbolNames(1000), maxConcurrent: 50 },
    target: '1.15',
  },
];

/**
 * The engine beside plain Temporal: the same shapes, the same tuned dev server, in turns, first the one and then the other. The
 * server gets slower the more it holds, so the one that always went second would lose by that alone.
 */
export async function run(): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async ({ home, env: stack, databaseUrl, serverPid, closers }) => {
    const env = { ...stack, PREDICTLAB_PLUGINS: path.join(here, 'fibonacci-plugin.js'), SERVER_PID: String(serverPid) };
    const database = closers.add('the database', await openDatabase({ url: databaseUrl, max: 2 }));
    await importSymbols(
      database,
      symbolNames(1000).map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: 'none.csv' }] } })),
      { replace: true },
    );
    const baseline = await prepareBaseline(home);
    const results: BenchResult[] = [];
    for (const shape of SHAPES) {
      const { plain, ours } = await takeTurns({ ...env, BENCH_FOUND: String(shape.found ?? 0) }, shape, baseline);
      results.push({
        name: shape.name,
        ours: median(ours),
        unit: 's',
        ...(plain.length === 0 ? {} : { baseline: { name: 'plain Temporal', value: median(plain) } }),
        better: 'lower',
        note: `${plain.length === 0 ? '' : `${(median(ours) / median(plain)).toFixed(2)}× the time of plain Temporal, `}wanted ≤ ${shape.target}; medians of ${TURNS}`,
      });
    }
    return results;
  });
}

/** A copy that uses this project's own Temporal packages; undefined where the baseline is not there. */
async function prepareBaseline(home: string): Promise<string | undefined> {
  if (!existsSync(BASELINE)) return undefined;
  const folder = path.join(home, 'temporal-naive');
  await cp(BASELINE, folder, { recursive: true });
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

async function runBaseline(folder: string, { baseline: [script, ...flags], runs = 1 }: Shape, env: NodeJS.ProcessEnv): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(folder, 'bin', script), ...flags, `--runs=${runs}`], { env });
  return (JSON.parse(stdout) as { seconds: number }).seconds;
}

/** Seconds of a run, three times. Each time ours and the baseline's have a new worker that has run a small one before. */
async function takeTurns(env: NodeJS.ProcessEnv, shape: Shape, folder: string | undefined): Promise<{ plain: number[]; ours: number[] }> {
  const plain: number[] = [];
  const ours: number[] = [];
  const runPlain = async (): Promise<void> => {
    if (folder !== undefined) plain.push(await runBaseline(folder, shape, env));
  };
  const runOurs = async (): Promise<void> => void ours.push(await withChild('engine-worker.js', env, () => runWarm(env, shape)));
  for (let i = 0; i < TURNS; i++) for (const run of i % 2 === 0 ? [runPlain, runOurs] : [runOurs, runPlain]) await run();
  return { plain, ours };
}

async function runWarm(env: NodeJS.ProcessEnv, { input, runs = 1 }: Shape): Promise<number> {
  const lab = await PredictLab.connect({ env });
  try {
    // The baseline warms up with as much.
    await lab.result((await lab.start({ ...input, symbols: input.symbols?.slice(0, 20) })).runId);
    const seconds: number[] = [];
    for (let i = 0; i < runs; i++) {
      const from = performance.now();
      const { runId } = await lab.start(input);
      const result = await lab.result(runId);
      if (result.result !== 'success') throw new Error(`${runId} ended as ${result.result}: ${result.reasons.join('; ')}`);
      seconds.push((performance.now() - from) / 1000);
    }
    return median(seconds);
  } finally {
    await lab.close();
  }
}
