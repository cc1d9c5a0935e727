import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClean } from '../src/activities/stages/clean.ts';
import { importTicks } from '../src/activities/stages/import-ticks.ts';
import { createKline } from '../src/activities/stages/kline.ts';
import { recordedWork, type StageFunction } from '../src/activities/stages/stage-work.ts';
import { createStore } from '../src/activities/stages/store.ts';
import { EVERYTHING } from '../src/cli/backtest/export-filter.ts';
import { exportPartitions, PARTITIONS } from '../src/cli/dataset/partitioned-export.ts';
import { publishDataset } from '../src/cli/dataset/publish-dataset.ts';
import type { Log } from '../src/contracts/log.ts';
import type { CandidateRow, Instrument } from '../src/contracts/market-data.ts';
import { INTERVAL_MS, type Stage } from '../src/contracts/words.ts';
import type { DataFile } from '../src/files/dataset/manifest.ts';
import { verifyFolder } from '../src/files/dataset/verify-folder.ts';
import { openTickFile } from '../src/files/read/read-tick-file.ts';
import { oneMarket } from '../src/files/read/tick-source.ts';
import { writeFileAtomically } from '../src/files/write/write-output.ts';
import type { Database } from '../src/storage/database/database.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { attachPostgres } from '../src/storage/embedded/embedded-postgres.ts';
import { saveInstruments } from '../src/storage/markets/instruments.ts';
import { stagePage } from '../src/storage/staging/staging.ts';
import { watchMemory } from './measure.ts';
import type { BenchResult } from './result.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** Number of ticks; 10000000, for example, shows that memory stays flat. */
const COUNT = Number(process.env.PREDICTLAB_BENCH_TICKS ?? 1_000_000);
const PAGE = 10_000;
const START = Date.UTC(2026, 0, 1);
const AS_OF = START + 31 * INTERVAL_MS['1d'];
const SYMBOL = 'BENCH';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export async function run(): Promise<readonly BenchResult[]> {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-bench-'));
  const server = await attachPostgres({ home });
  const database = await openDatabase({ url: server.url });
  const memory = watchMemory();
  try {
    await stageAll(database, 'first');
    const clean = await timed(() => runStage(database, 'clean', 'first'));
    const store = await timed(() => runStage(database, 'store', 'first'));
    const kline = await timed(() => runStage(database, 'kline', 'first'));
    const again = await timed(async () => {
      for (const stage of ['clean', 'store', 'kline'] as const) await runStage(database, stage, 'second');
    });
    const file = path.join(home, 'ticks.csv');
    await writeFileAtomically(file, csv());
    const whole = await timed(() => importToCandles(database, file, 'imported'));
    const repeated = await timed(() => importToCandles(database, file, 'repeated'));
    const data = await timedDataSets(database, home);
    // runs last, because its gigabytes keep the disk busy afterwards
    const raw = await rawUpserts(server.url);
    const millions = `${COUNT / 1e6}M`;
    const rate = (seconds: number): number => COUNT / seconds;
    return [
      {
        name: `store: ${millions} staged rows into ticks, with ledger, coverage and changed hours`,
        unit: 'rows/s',
        better: 'higher',
        ours: rate(store),
        ...(raw === undefined ? {} : { baseline: { name: 'raw unnest upserts, one table, no ledger (store-reference.mjs)', value: raw } }),
        note: 'target: at least 0.6×; one transaction',
      },
      { name: `clean: ${millions} rows judged`, unit: 'rows/s', better: 'higher', ours: rate(clean) },
      {
        name: `kline: ${millions} ticks to 1h + 4h + 1d`,
        unit: 'rows/s',
        better: 'higher',
        ours: rate(kline),
        note: 'reading, building, writing',
      },
      ...Object.entries(data).map(
        ([work, { seconds, rows }]): BenchResult => ({
          name: `${work}: ${rows / 1e6}M ticks`,
          unit: 'rows/s',
          better: 'higher',
          ours: rows / seconds,
        }),
      ),
      {
        name: `clean, store and kline over ${millions} unchanged ticks`,
        unit: 's',
        better: 'lower',
        ours: again,
        note: 'nothing new was collected; target: under 1',
      },
      {
        name: `import of a CSV of ${millions} rows to candles, end to end`,
        unit: 's',
        better: 'lower',
        ours: whole,
        note: 'target: under 15 for 1M',
      },
      { name: 'the same CSV imported again', unit: 's', better: 'lower', ours: repeated, note: 'every row is met again' },
      {
        name: 'memory of the process at its peak',
        unit: 'MB',
        better: 'lower',
        ours: memory.peakMb(),
        note: 'target: under 512 for 10M (PREDICTLAB_BENCH_TICKS)',
      },
    ];
  } finally {
    memory.stop();
    await database.close();
    await server.close();
    await rm(home, { recursive: true, force: true });
  }
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

/** Rows per second that this server can take, with the better of the reference's two page sizes; undefined without the reference. */
async function rawUpserts(url: string): Promise<number | undefined> {
  const script = path.join(root, '../shared/bench/store-reference.mjs');
  if (!existsSync(script)) return undefined;
  const { stdout } = await promisify(execFile)(process.execPath, [script, String(Math.min(COUNT, 1_000_000))], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
  });
  const result = JSON.parse(stdout) as Record<'unnest1000' | 'unnest20000', { rowsPerSecond: number }>;
  return Math.max(result.unnest1000.rowsPerSecond, result.unnest20000.rowsPerSecond);
}

async function stageAll(database: Database, executionId: string): Promise<void> {
  const instrumentKey = (await saveInstruments(database, SYMBOL, [MARKET])).get(MARKET.id) as number;
  for (let from = 0, pageNumber = 0; from < COUNT; from += PAGE, pageNumber++) {
    const rows = rowsOf(from, Math.min(COUNT, from + PAGE));
    await stagePage(database, { executionId, symbol: SYMBOL, instrumentKey, pageNumber, order: 'oldest-first', rows });
  }
}

const MARKET: Instrument = {
  id: 'polymarket:0xbe',
  source: 'polymarket',
  market: 'probability',
  title: 'Bench',
  outcomes: ['Yes', 'No'],
  outcomeIds: ['1', '2'],
  opensAt: null,
  closesAt: null,
  closed: false,
  resolution: { kind: 'open' },
  fees: null,
  tickSize: 0.001,
  twins: [],
  book: null,
  reference: 'bench',
};

const STEP = (30 * INTERVAL_MS['1d']) / COUNT;

/** A month of trades, oldest first. */
function rowsOf(from: number, to: number): CandidateRow[] {
  return Array.from({ length: to - from }, (_, k) => {
    const i = from + k;
    const price = (((i * 7919) % 999) + 1) / 1000;
    const identity = `k${((i * 2_654_435_761) % 2 ** 32).toString(36)}${i.toString(36)}`;
    return {
      kind: 'trade',
      time: START + Math.floor(i * STEP),
      price,
      size: 1 + (i % 97),
      side: i % 2 === 0 ? 'sell' : 'buy',
      outcome: 'Yes',
      tradeId: null,
      identity,
      raw: `${i},${price},${1 + (i % 97)},Yes`,
      defect: null,
    } satisfies CandidateRow;
  });
}

async function runStage(database: Database, stage: Stage, executionId: string, symbol = SYMBOL): Promise<void> {
  const stages: Partial<Record<Stage, StageFunction>> = {
    clean: createClean(),
    store: createStore({ database, log: silent }),
    kline: createKline(),
  };
  const about = { runId: 'bench', executionId, symbol, stage };
  await (stages[stage] as StageFunction)(
    {
      ...about,
      settings: {
        sourceTypes: ['polymarket', 'file'],
        intervals: ['1h', '4h', '1d'],
        daysBack: 31,
        strategies: [],
        refetch: false,
        asOf: AS_OF,
      },
    },
    recordedWork(database, about, { log: silent }),
  );
}

/** From a CSV on disk to candles in the database. */
async function importToCandles(database: Database, file: string, executionId: string): Promise<void> {
  const source = oneMarket([await openTickFile(file)]);
  await importTicks({ database, log: silent, symbol: 'IMPORTED', source, market: 'probability', asOf: AS_OF, onBatch: () => undefined });
  await runStage(database, 'kline', executionId, 'IMPORTED');
}

async function* csv(): AsyncGenerator<string> {
  yield 'time,price,size,side\n';
  for (let from = 0; from < COUNT; from += PAGE) {
    yield rowsOf(from, Math.min(COUNT, from + PAGE))
      .map(({ time, price, size, side }) => `${time},${price},${size},${side}\n`)
      .join('');
  }
}

/** Exports all ticks by month and venue, publishes everything and verifies it; seconds and ticks of each. */
async function timedDataSets(
  database: Database,
  home: string,
): Promise<Record<string, { readonly seconds: number; readonly rows: number }>> {
  const folder = path.join(home, 'exported');
  const request = { what: 'ticks', format: 'parquet', partitionBy: PARTITIONS, filter: EVERYTHING, sinceLast: true, folder } as const;
  let files: readonly DataFile[] = [];
  const exported = await timed(async () => {
    files = await exportPartitions(database, request);
  });
  const again = await timed(() => exportPartitions(database, request));
  const published = await timed(() => publishDataset(database, { folder: path.join(home, 'published'), symbols: undefined }));
  const verified = await timed(async () => {
    for await (const _check of verifyFolder(path.join(home, 'published'))) continue;
  });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return {
    'export to Parquet by month and venue': { seconds: exported, rows },
    'the same with --since last and nothing new': { seconds: again, rows },
    publish: { seconds: published, rows },
    verify: { seconds: verified, rows },
  };
}
