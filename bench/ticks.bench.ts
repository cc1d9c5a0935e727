import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createKline } from '../src/activities/stages/kline.ts';
import { recordedWork } from '../src/activities/stages/stage-work.ts';
import { PredictLab } from '../src/client.ts';
import { DAY_MS } from '../src/contracts/words.ts';
import { filesBelow } from '../src/files/dataset/write-folder.ts';
import { buildRegion } from '../src/storage/candles/build-series.ts';
import type { Database } from '../src/storage/database/database.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { endOfMonth, lakeOf, startOfMonth } from '../src/storage/lake/lake.ts';
import { storedMonths } from '../src/storage/ticks/partitions.ts';
import { lastTicks, pricePaths } from '../src/storage/ticks/symbol-rows.ts';
import { exportedInstruments, readTicksByTime } from '../src/storage/ticks/ticks.ts';
import { createLog } from '../src/telemetry/log.ts';
import { type BenchStack, ROOT, withBenchStack } from './bench-stack.ts';
import { type BenchChild, treeCpuSeconds, withChild } from './child.ts';
import { median, watchMemory } from './measure.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { DAYS, fillTicks, SYMBOLS } from './ticks-database.ts';

/** More, say 100000000, to see what a large database costs; then a home that stays saves filling it again. */
const COUNT = Number(process.env.PREDICTLAB_BENCH_TICKS ?? 1_000_000);
const HOME = process.env.PREDICTLAB_BENCH_HOME;
/** Maximum number of months that one call moves into the lake. */
const MONTHS = Number(process.env.PREDICTLAB_BENCH_MONTHS ?? 12);
const IMPORTED = Math.min(1_000_000, COUNT / 10);
/** Symbols of which candles are built: a fifth, since a large database has millions. */
const BUILT = SYMBOLS / 5;
const LOADS = 5;
const HOUR = 3_600_000;
const RUN = 'ticks-run';
const log = createLog({ LOG_LEVEL: 'error' });

interface Bench extends BenchStack {
  readonly database: Database;
  /** Start of the first day with ticks; UTC epoch milliseconds. */
  readonly from: number;
}

/** What is measured, in this order. Each returns what it costs by what it did. */
const ROWS: Readonly<Record<string, (bench: Bench) => Promise<readonly BenchResult[]>>> = {
  size,
  candles,
  doctor: (bench) => command(bench, ['doctor', '--data', '--sample', '20'], { mayFail: true }),
  queries,
  pages,
  import: importRows,
  backup,
  'prune --dry-run': (bench) => command(bench, ['prune', '--ticks', ageOf(bench.from + 40 * DAY_MS), '--dry-run']),
  prune: (bench) => command(bench, ['prune', '--ticks', ageOf(bench.from + 40 * DAY_MS)]),
  move,
  'queries in the lake': queries,
  'doctor with a lake': (bench) => command(bench, ['doctor', '--data', '--sample', '20'], { mayFail: true }),
  'pages with a lake': pages,
};

/** CPU of work on a database with many ticks in 13 months, by what it takes in processes of ours and in Postgres. */
export async function run(options: BenchOptions): Promise<readonly BenchResult[]> {
  if (HOME !== undefined) await mkdir(HOME, { recursive: true });
  return await withBenchStack(
    log,
    async (stack) => {
      const database = stack.closers.add('the database', await openDatabase({ url: stack.databaseUrl, max: 4 }));
      const from = await fillTicks(database, COUNT);
      const results: BenchResult[] = [];
      for (const [name, row] of Object.entries(ROWS)) {
        if (options.rows.length > 0 && !options.rows.includes(name)) continue;
        for (const result of await row({ ...stack, database, from })) {
          results.push(result);
          options.print(result);
        }
      }
      return results;
    },
    HOME,
  );
}

const ageOf = (before: number): string => `${Math.floor((Date.now() - before) / HOUR)}h`;
const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;

/** Bytes that ticks and their hours take in the database and in the lake. */
async function size({ database }: Bench): Promise<readonly BenchResult[]> {
  const { rows } = await database.query<{
    ticks: number;
    heap: number;
    all: number;
    hours: number;
    bytes: number;
    lake: number;
    moved: number;
  }>(
    `select (select coalesce(sum(ticks), 0)::float8 from tick_hours) as ticks, (select count(*)::float8 from tick_hours) as hours, pg_total_relation_size('tick_hours')::float8 as bytes,
       (select coalesce(sum(pg_relation_size(inhrelid)), 0)::float8 from pg_inherits where inhparent = 'ticks'::regclass) as heap,
       (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::float8 from pg_inherits where inhparent = 'ticks'::regclass) as all,
       (select coalesce(sum(bytes), 0)::float8 from lake_files) as lake, (select coalesce(sum(rows), 0)::float8 from lake_files) as moved`,
  );
  const [{ ticks, heap, all, hours, bytes, lake, moved }] = rows;
  const note = `${(ticks - moved).toLocaleString('en')} ticks, ${gigabytes(heap)} of rows and ${gigabytes(all - heap)} of index; ${hours.toLocaleString('en')} hours in ${gigabytes(bytes)}`;
  const result = { name: 'a tick in Postgres', unit: 'bytes', better: 'lower', ours: all / (ticks - moved), note } as const;
  if (moved === 0) return [result];
  const files = `${moved.toLocaleString('en')} ticks, ${gigabytes(lake)}`;
  return [result, { name: 'a tick in the lake', unit: 'bytes', better: 'lower', ours: lake / moved, note: files }];
}

/** What `work` costs: CPU of this process and its children, and of Postgres. */
async function costOf(
  { postgresPid }: Bench,
  name: string,
  work: () => Promise<{ readonly peakMb?: number; readonly said?: string } | void>,
): Promise<BenchResult> {
  const cpu = async (): Promise<readonly [number, number]> => [await treeCpuSeconds(process.pid), await treeCpuSeconds(postgresPid)];
  const before = await cpu();
  const from = performance.now();
  const memory = watchMemory();
  const { peakMb, said } = (await work()) ?? {};
  memory.stop();
  const seconds = (performance.now() - from) / 1000;
  const [ours, postgres] = (await cpu()).map((used, i) => used - before[i]);
  const note = `${ours.toFixed(2)} and ${postgres.toFixed(2)} of Postgres, ${seconds.toFixed(2)} s, peak ${peakMb ?? memory.peakMb()} MB${said === undefined ? '' : `; ${said}`}`;
  return { name, unit: 'CPU-s', better: 'lower', ours: ours + postgres, note };
}

/** What a command costs, with its own peak of memory and the end of what it printed. */
async function command(bench: Bench, args: readonly string[], { mayFail = false } = {}): Promise<readonly BenchResult[]> {
  const result = await costOf(bench, `predictlab ${args.join(' ')}`, async () => {
    const child = spawn(process.execPath, [path.join(ROOT, 'bin/predictlab.js'), ...args], {
      env: bench.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [said, peakMb] = ['', 0];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    const timer = setInterval(() => {
      void readFile(`/proc/${child.pid}/status`, 'utf8').then(
        (text) => (peakMb = Math.max(peakMb, Math.round(Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024))),
        () => undefined,
      );
    }, 100);
    const code = await new Promise((resolve) => child.once('close', resolve));
    clearInterval(timer);
    if (code !== 0 && !mayFail) throw new Error(`predictlab ${args.join(' ')} ended with ${String(code)}: ${said}`);
    const lines = said.trim().split('\n');
    return { peakMb, said: (lines.find((line) => line.includes(' candles of ')) ?? lines.at(-1) ?? '').trim() };
  });
  return [result];
}

/** Builds the candles of some symbols; those that are there already cost little. */
async function candles(bench: Bench): Promise<readonly BenchResult[]> {
  const kline = createKline();
  const asOf = bench.from + DAYS * DAY_MS;
  const settings = {
    sourceTypes: ['polymarket', 'kalshi'],
    intervals: ['1h', '4h', '1d'],
    daysBack: DAYS,
    strategies: [],
    refetch: false,
    asOf,
  } as const;
  const result = await costOf(bench, `candles of ${BUILT} of ${SYMBOLS} symbols, 1h + 4h + 1d`, async () => {
    for (let i = 0; i < BUILT; i++) {
      const about = { runId: 'ticks', executionId: 'ticks', symbol: `TICKS_${i}`, stage: 'kline' } as const;
      await kline({ ...about, settings }, recordedWork(bench.database, about, { log }));
    }
  });
  const { rows } = await bench.database.query<{ candles: number; ticks: number }>(
    `select (select count(*) from candles)::float8 as candles,
       (select coalesce(sum(ticks), 0)::float8 from tick_hours where instrument in (select instrument from candle_series)) as ticks`,
  );
  return [{ ...result, note: `${result.note}; ${rows[0].candles} candles of ${rows[0].ticks} ticks` }];
}

/** The same questions of one month, of the database or the lake, wherever its ticks are. */
async function queries(bench: Bench): Promise<readonly BenchResult[]> {
  const { database, from } = bench;
  const month = startOfMonth(from + 75 * DAY_MS);
  const range = { from: month, to: endOfMonth(month) };
  const isMoved = !(await storedMonths(database)).includes(month);
  const { rows: markets } = await database.query<{ key: number; ticks: number; closes: number; opens: number }>(
    `select h.instrument as key, sum(h.ticks)::float8 as ticks, (i.facts->>'opensAt')::float8 as opens, (i.facts->>'closesAt')::float8 as closes
     from tick_hours h join instruments i on i.key = h.instrument where h.kind = 0 and h.hour >= $1 and h.hour < $2 group by 1, 3, 4 order by 2 desc, 1`,
    [range.from / HOUR, range.to / HOUR],
  );
  const [busiest, middle] = [markets[0], markets[markets.length >> 1]];
  const instruments = new Map((await exportedInstruments(database)).map((one) => [one.key, one]));
  const read = async ({ key, ticks }: (typeof markets)[number]) => {
    let count = 0;
    const only = instruments.get(key);
    for await (const batch of readTicksByTime(database, only === undefined ? [] : [only], range))
      for (const { kind } of batch) if (kind === 'trade') count++;
    if (count !== ticks) throw new Error(`${count} trades of ${key} are read, and ${ticks} are noted`);
    return { said: `${ticks} trades` };
  };
  const built = Array.from(
    { length: Math.min(100, markets.length) },
    (_, i) => markets[Math.floor((i * markets.length) / 100)] ?? markets[0],
  );
  const keys = markets.slice(0, 200).map(({ key }) => key);
  const short = markets.filter(({ closes }) => closes < range.to).slice(0, 20);
  const where = isMoved ? 'in the lake' : 'in Postgres';
  const asked: readonly (readonly [string, () => Promise<{ readonly said: string }>])[] = [
    ['ticks of a month and market', () => read(middle)],
    ['ticks of a month of the busiest market', () => read(busiest)],
    [
      'candles of 100 market-months',
      async () => {
        let count = 0;
        for (const { key, ticks } of built) {
          const region = { range, intervals: ['1h'] as const, parts: [{ range, ticks }] };
          count += [...(await buildRegion(database, { instrumentKey: key, kind: 'trade' }, region)).values()][0].length;
        }
        return { said: `${count} candles of ${built.reduce((sum, { ticks }) => sum + ticks, 0)} ticks` };
      },
    ],
    [
      'last prices of 200 markets',
      async () => ({ said: `${(await lastTicks(database, { keys, kinds: keys.map(() => 'trade'), until: range.to - 1 })).size} prices` }),
    ],
    [
      'prices of 20 short markets',
      async () => {
        const wanted = short.map(({ key, opens, closes }) => ({ instrumentKey: key, kind: 'trade' as const, from: opens, to: closes }));
        const paths = await pricePaths(database, { wanted, stretches: 24 });
        return { said: `${[...paths.values()].reduce((sum, { length }) => sum + length, 0)} prices` };
      },
    ],
  ];
  const results: BenchResult[] = [];
  for (const [name, work] of asked) {
    const turns: BenchResult[] = [];
    for (let turn = 0; turn < 3; turn++) turns.push(await costOf(bench, `${name} ${where}`, work));
    turns.sort((a, b) => a.ours - b.ours);
    results.push({ ...turns[1], note: `${turns[1].note}; median of 3` });
  }
  return results;
}

/** Pages of the symbol with the most ticks that has candles, of all symbols and of a run of them, and commands about that run. */
async function pages(bench: Bench): Promise<readonly BenchResult[]> {
  const { database, env, closers } = bench;
  const { rows } = await database.query<{ symbol: string }>(
    `select s.symbol from symbol_instruments s join tick_hours h on h.instrument = s.instrument
     where s.symbol <> 'IMPORTED' and s.instrument in (select instrument from candle_series) group by 1 order by sum(h.ticks) desc, 1 limit 1`,
  );
  const [{ symbol }] = rows;
  const results: BenchResult[] = [];
  await withChild('engine-worker.js', env, async () => {
    const lab = closers.add('the client', await PredictLab.connect({ env }));
    const symbols = Array.from({ length: SYMBOLS }, (_, i) => `TICKS_${i}`);
    const { runId } = await lab.start({ symbols, maxConcurrent: 50 }, { runId: `${RUN}-${Date.now()}` });
    await lab.result(runId);
    await withChild('pages-server.js', env, async ({ said, process: server }: BenchChild<string>) => {
      for (const page of ['/', '/symbols', `/symbols/${symbol}`, `/runs/${runId}`]) {
        const seconds: number[] = [];
        const result = await costOf(bench, `${page.replace(runId, ':id')} until answered`, async () => {
          let bytes = 0;
          for (let turn = 0; turn < LOADS; turn++) {
            const from = performance.now();
            const answer = await fetch(new URL(page, said));
            bytes = (await answer.text()).length;
            if (!answer.ok) throw new Error(`${page} answered ${answer.status}`);
            seconds.push((performance.now() - from) / 1000);
            // a reader looks at a page before the next one
            await new Promise((resolve) => setTimeout(resolve, 1500));
          }
          const peakMb =
            Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${server.pid}/status`, 'utf8').catch(() => ''))?.[1] ?? 0) / 1024;
          return { peakMb: Math.round(peakMb), said: `slowest ${Math.max(...seconds).toFixed(2)} s, ${Math.round(bytes / 1000)} KB` };
        });
        const note = `${(result.ours / LOADS).toFixed(2)} CPU-s each; of all ${LOADS} ${result.note}`;
        results.push({ ...result, unit: 's', ours: median(seconds), note });
      }
    });
    for (const args of [
      ['status', runId],
      ['why', runId, `${symbol}/kline`],
    ])
      results.push(...(await command(bench, args)));
  });
  return results;
}

/** Imports trades of 500 markets of the last month from one CSV file. */
async function importRows(bench: Bench): Promise<readonly BenchResult[]> {
  const file = path.join(bench.home, 'trades.csv');
  const [from, span] = [bench.from + (DAYS - 30) * DAY_MS, 29 * DAY_MS];
  const line = (i: number): string =>
    `${new Date(from + Math.floor((i * span) / IMPORTED)).toISOString()},${(((i * 7919) % 998) + 1) / 1000},${1 + (i % 97)},${i % 2 === 0 ? 'buy' : 'sell'},market-${(i * 31) % 500}\n`;
  const text = (function* () {
    yield 'time,price,size,side,market\n';
    for (let i = 0; i < IMPORTED; i += 1000) yield Array.from({ length: 1000 }, (_, k) => line(i + k)).join('');
  })();
  await pipeline(Readable.from(text), createWriteStream(file));
  return await command(bench, ['import', 'ticks', file, '--symbol', 'IMPORTED', '--by', 'market']);
}

async function backup(bench: Bench): Promise<readonly BenchResult[]> {
  const file = path.join(bench.home, 'ticks.backup');
  const [result] = await command(bench, ['backup', file]);
  const { size: bytes } = await stat(file);
  await rm(file);
  return [{ ...result, note: `${result.note}; ${gigabytes(bytes)}` }];
}

/** Moves months into the lake, the oldest first, each by a command. */
async function move(bench: Bench): Promise<readonly BenchResult[]> {
  const lake = path.join(bench.home, 'lake');
  const results: BenchResult[] = [];
  const old = (await storedMonths(bench.database)).filter((month) => endOfMonth(month) <= bench.from + DAYS * DAY_MS);
  for (const month of old.slice(0, MONTHS)) {
    const [result] = await command(bench, ['prune', '--ticks', ageOf(endOfMonth(month)), '--lake', lake]);
    results.push({ ...result, name: `move of ${new Date(month).toISOString().slice(0, 7)} into the lake` });
  }
  const { folder } = (await lakeOf(bench.database)) ?? { folder: lake };
  if ((await filesBelow(folder)).length === 0) throw new Error('the lake is empty');
  return [...results, ...(await size(bench))];
}
