import { PredictLab } from '../src/client.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { createLog } from '../src/telemetry/log.ts';
import { withBenchStack } from './bench-stack.ts';
import { type BenchChild, cpuSeconds, withChild } from './child.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

const SYMBOLS = 100;
const PAGES = 20;
/** Milliseconds between two requests of a page. */
const ASK_MS = 500;
const PAIRS = Number(process.env.BENCH_PAIRS ?? 8);
const log = createLog({ LOG_LEVEL: 'warn' });

/** Resources that a run used. */
interface Took {
  readonly seconds: number;
  /** CPU seconds of the worker, Temporal and the pages' server. */
  readonly worker: number;
  readonly temporal: number;
  readonly pages: number;
  /** Bytes that the pages were sent. */
  readonly bytes: number;
}

/**
 * Cost of a run that many pages watch: 100 symbols with stages that do nothing. Runs come in pairs; 20 pages watch one of each pair,
 * alternately the first and the second. The pages' server runs for both.
 */
export async function run(): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async ({ env, databaseUrl, serverPid, closers }) => {
    const database = closers.add('the database', await openDatabase({ url: databaseUrl, max: 2 }));
    const names = Array.from({ length: SYMBOLS }, (_, i) => `S${i}`);
    await importSymbols(
      database,
      names.map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: 'none.csv' }] } })),
      { replace: true },
    );
    // stages report so many rows that each becomes an activity, as in a run that has work to do
    return await withChild('engine-worker.js', { ...env, BENCH_FOUND: '1000000' }, async (worker: BenchChild<string>) =>
      withChild('pages-server.js', env, async (pages: BenchChild<string>) => {
        const lab = closers.add('the client', await PredictLab.connect({ env }));
        const pids = { worker: worker.process.pid ?? 0, temporal: serverPid, pages: pages.process.pid ?? 0 };
        const one = (watchers: number) => takeOne(lab, { names, pids, address: pages.said, watchers });
        for (const watchers of [PAGES, 0]) await one(watchers);
        const [alone, watched]: [Took[], Took[]] = [[], []];
        for (let pair = 0; pair < PAIRS; pair++) {
          for (const watchers of pair % 2 === 0 ? [0, PAGES] : [PAGES, 0]) (watchers === 0 ? alone : watched).push(await one(watchers));
        }
        return results(alone, watched);
      }),
    );
  });
}

function results(alone: readonly Took[], watched: readonly Took[]): readonly BenchResult[] {
  const of = (runs: readonly Took[], what: keyof Took): number => median(runs.map((run) => run[what]));
  const row = (name: string, unit: string, what: keyof Took, note: string): BenchResult => ({
    name,
    ours: of(watched, what),
    unit,
    baseline: { name: 'nobody watches', value: of(alone, what) },
    better: 'lower',
    note,
  });
  const ratios = watched.map(({ seconds }, i) => seconds / alone[i].seconds);
  const percent = ((median(ratios) - 1) * 100).toFixed(1);
  const note = `${percent} % longer, wanted < 5 %; median of ${PAIRS} pairs`;
  return [
    row(`${SYMBOLS} symbols × 6 no-op stages, ${PAGES} pages open`, 's', 'seconds', note),
    row('CPU of the worker meanwhile', 's', 'worker', 'medians'),
    row('CPU of Temporal meanwhile', 's', 'temporal', 'medians'),
    row('CPU of the server of the pages meanwhile', 's', 'pages', `${Math.round(of(watched, 'bytes') / 1024)} KB sent to all`),
  ];
}

async function takeOne(
  lab: PredictLab,
  {
    names,
    pids,
    address,
    watchers,
  }: { names: string[]; pids: Record<'worker' | 'temporal' | 'pages', number>; address: string; watchers: number },
): Promise<Took> {
  const cpu = async () => [await cpuSeconds(pids.worker), await cpuSeconds(pids.temporal), await cpuSeconds(pids.pages)];
  const before = await cpu();
  const from = performance.now();
  const { runId } = await lab.start({ symbols: names, maxConcurrent: 50 });
  const pages = Array.from({ length: watchers }, () => page(`${address}/runs/${encodeURIComponent(runId)}/events`));
  const { result } = await lab.result(runId);
  const seconds = (performance.now() - from) / 1000;
  if (result !== 'success') throw new Error(`${runId} ended as ${result}`);
  const bytes = (await Promise.all(pages)).reduce((sum, each) => sum + each, 0);
  const after = await cpu();
  const [worker, temporal, server] = after.map((value, i) => value - before[i]);
  return { seconds, worker, temporal, pages: server, bytes };
}

/** Requests a run's changes to its end, as often as a page does. @returns bytes */
async function page(url: string): Promise<number> {
  let bytes = 0;
  for (let since = 0; ; await new Promise((resolve) => setTimeout(resolve, ASK_MS))) {
    const text = await (await fetch(`${url}?since=${since}`)).text();
    bytes += text.length;
    const { revision, ended } = JSON.parse(text) as { revision: number; ended: boolean };
    if (ended) return bytes;
    since = revision;
  }
}
