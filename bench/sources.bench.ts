import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCollect } from '../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../src/activities/stages/stage-work.ts';
import type { Log } from '../src/contracts/log.ts';
import { createSources } from '../src/sources/create-sources.ts';
import type { Database } from '../src/storage/database/database.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { attachPostgres } from '../src/storage/embedded/embedded-postgres.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { createPostgresWindows } from '../src/storage/rate-budget.ts';
import type { BenchResult } from './result.ts';

const INSTRUMENTS = 200;
const TRADES = 5000;
const NOW = Date.UTC(2026, 5, 10, 12);
const SAMPLE_MS = 50;

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A venue in a process of its own, so that its work and memory are not counted as ours. */
async function startVenue(): Promise<{ url: string; child: ChildProcess }> {
  const main = fileURLToPath(new URL('../sandbox/main.js', import.meta.url));
  const child = fork(main, ['--now', new Date(NOW).toISOString(), '--scale', `${INSTRUMENTS}x${TRADES}`], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sandbox venue ended with ${code}`)));
    child.stdout?.on('data', (data: Buffer) => {
      const ready = /ready at (\S+)/.exec(data.toString());
      if (ready !== null) resolve(ready[1]);
    });
  });
  return { url, child };
}

interface Collected {
  readonly seconds: number;
  readonly ticks: number;
  readonly requests: number;
  /** Megabytes above what the process held before. */
  readonly peak: number;
}

/** 200 markets of 5,000 trades from the wire into staging, through the shared rate budget (raised so that it does not bound). */
async function collectAll(database: Database, url: string, executionId: string): Promise<Collected> {
  const hosts = ['gamma', 'clob', 'data'].map((host) => [`POLYMARKET_${host.toUpperCase()}_URL`, `${url}/polymarket/${host}`]);
  const env = { ...Object.fromEntries(hosts), POLYMARKET_PRICE_POINTS: 'off', PREDICTLAB_RATE_SHARE: '1000' };
  const sources = createSources({ env, windows: createPostgresWindows(database) });
  const collect = createCollect({ database, sources });
  const about = { runId: 'bench', executionId, symbol: 'SCALE', stage: 'collect' } as const;
  const settings = { sourceTypes: ['polymarket'], intervals: ['1h'], daysBack: 8, strategies: [], refetch: true, asOf: NOW } as const;

  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS);
  const started = performance.now();
  const { output } = await collect({ ...about, settings }, recordedWork(database, about, { log: silent }));
  const seconds = (performance.now() - started) / 1000;
  clearInterval(sampling);
  await sources.close();
  const { ticks, requests } = output as { ticks: number; requests: number };
  return { seconds, ticks, requests, peak: (peak - before) / 2 ** 20 };
}

export async function run(): Promise<readonly BenchResult[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-bench-'));
  const server = await attachPostgres({ home });
  const database = await openDatabase({ url: server.url, max: 12, applicationName: 'predictlab-bench' });
  const venue = await startVenue();
  try {
    await importSymbols(database, [
      { symbol: 'SCALE', title: '', enabled: true, priority: 3, sources: { polymarket: [{ eventSlug: 'scale' }] } },
    ]);
    const { seconds, ticks, requests, peak } = await collectAll(database, venue.url, 'bench-1');
    if (ticks !== INSTRUMENTS * TRADES) throw new Error(`collected ${ticks} rows, not ${INSTRUMENTS * TRADES}`);
    const name = `collect ${INSTRUMENTS} markets × ${TRADES.toLocaleString('en')} trades into staging`;
    const note = `one run, ${seconds.toFixed(1)} s, ${requests} requests; venue and Postgres on the same machine`;
    return [
      { name: `${name}, rows`, unit: 'rows/s', better: 'higher', ours: ticks / seconds, note },
      { name: `${name}, requests`, unit: 'requests/s', better: 'higher', ours: requests / seconds, note },
      {
        name: `${name}, memory above the start`,
        unit: 'MB',
        better: 'lower',
        ours: peak,
        note: 'peak of the resident set, sampled every 50 ms',
      },
    ];
  } finally {
    venue.child.kill();
    await database.close();
    await server.close();
    await rm(home, { recursive: true, force: true });
  }
}
