import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { PredictLab } from '../src/client.ts';
import { DAY_MS } from '../src/contracts/words.ts';
import type { Database } from '../src/storage/database/database.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { ensurePartitions } from '../src/storage/ticks/partitions.ts';
import { createLog } from '../src/telemetry/log.ts';
import { withBenchStack } from './bench-stack.ts';
import { type BenchChild, withChild } from './child.ts';
import { median } from './measure.ts';
import type { BenchResult } from './result.ts';

const SYMBOLS = 1_000;
const LOADS = 5;
const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));
const log = createLog({ LOG_LEVEL: 'warn' });

/** Costs of the pages of 1,000 symbols with a week of prices each: loading in Chromium, bytes over the wire, following a live run. */
export async function run(): Promise<readonly BenchResult[]> {
  if (CHROMIUM === undefined) throw new Error('the bench of the pages needs a Chromium; name its executable in CHROMIUM');
  return await withBenchStack(log, async ({ env, databaseUrl, closers }) => {
    const database = closers.add('the database', await openDatabase({ url: databaseUrl, max: 2 }));
    const names = await withPrices(database);
    const browser = closers.add('Chromium', await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] }));
    return await withChild('engine-worker.js', env, async () =>
      withChild('pages-server.js', env, async ({ said }: BenchChild<string>) => {
        const lab = closers.add('the client', await PredictLab.connect({ env }));
        const followed = await followedLive(lab, browser, { address: said, names });
        const run = await loaded(browser, followed.address);
        const symbols = await loaded(browser, `${said}/symbols`);
        return [
          ...pageRows('/runs/:id', run),
          followed.result,
          ...pageRows('/symbols', symbols),
          await filtered(browser, `${said}/symbols`),
        ];
      }),
    );
  });
}

/** Creates the symbols, each with one market that has a week of hourly candles. */
async function withPrices(database: Database): Promise<string[]> {
  const names = Array.from({ length: SYMBOLS }, (_, i) => `SYMBOL_${i}`);
  const title = (name: string): string => `Will ${name} close above its price of last Monday?`;
  const entries = names.map((symbol) => ({
    symbol,
    title: title(symbol),
    enabled: true,
    priority: 3,
    sources: { file: [{ path: 'none.csv' }] },
  }));
  await importSymbols(database, entries, { replace: true });
  const now = Date.now();
  await ensurePartitions(database, [Math.floor(now / DAY_MS)]);
  const hour = Math.floor(now / 3_600_000);
  await database.query(
    `insert into instruments (id, source, facts) select 'polymarket:' || n, 'polymarket', jsonb_build_object('id', 'polymarket:' || n, 'title', n) from unnest($1::text[]) n`,
    [names],
  );
  for (const statement of [
    `insert into symbol_instruments select substr(id, length('polymarket:') + 1), key from instruments`,
    'insert into instrument_state (instrument) select key from instruments',
    `insert into tick_hours select key, 0, ${hour} - h, 1, 0 from instruments, generate_series(0, 167) h`,
    `insert into ticks (time, seq, price, instrument, kind, identity) select ${hour} * 3600000::bigint, 0, 0.5, key, 0, 'one' from instruments`,
    `insert into candle_series select key, 0, 60, 0, ${now}, '{}' from instruments`,
    `insert into candles (open_time, open, high, low, close, first_time, first_seq, last_time, last_seq, instrument, trades, coverage, kind, interval_minutes, complete)
     select (${hour} - h) * 3600000::bigint, p, p, p, p, 0, 0, 0, 0, key, 1, 1, 0, 60, true
     from (select key, h, round((0.4 + 0.2 * random())::numeric, 3)::float8 as p from instruments, generate_series(0, 167) h) c`,
  ])
    await database.query(statement);
  return names;
}

interface Loaded {
  readonly seconds: number;
  /** Milliseconds until the last byte of the page's own answer. */
  readonly answered: number;
  readonly bytes: number;
}

/** Loads a page several times, each in a window with an empty cache. */
async function loaded(browser: Browser, address: string): Promise<Loaded> {
  const seconds: number[] = [];
  const answered: number[] = [];
  let bytes = 0;
  for (let turn = 0; turn < LOADS; turn++) {
    await inWindow(browser, async (page) => {
      const sizes: Promise<{ readonly responseBodySize: number }>[] = [];
      page.on('requestfinished', (request) => void sizes.push(request.sizes()));
      await page.goto(address, { waitUntil: 'load' });
      const [answer, load] = await page.evaluate<[number, number]>(
        "(({ responseEnd, loadEventStart }) => [responseEnd, loadEventStart])(performance.getEntriesByType('navigation')[0])",
      );
      answered.push(answer / 1000);
      seconds.push(load / 1000);
      bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size.responseBodySize, 0);
    });
  }
  return { seconds: median(seconds), answered: median(answered), bytes };
}

const pageRows = (name: string, { seconds, answered, bytes }: Loaded): readonly BenchResult[] => [
  {
    name: `${name} of ${SYMBOLS} symbols until loaded`,
    unit: 's',
    better: 'lower',
    ours: seconds,
    note: `median of ${LOADS}, answered after ${answered.toFixed(2)} s, wanted < 2 s`,
  },
  { name: `${name} over the wire`, unit: 'KB', better: 'lower', ours: bytes / 1000, note: 'gzip, wanted < 400 KB' },
];

/** From the start of a run in an open window until the window shows its end. */
async function followedLive(
  lab: PredictLab,
  browser: Browser,
  { address, names }: { readonly address: string; readonly names: readonly string[] },
): Promise<{ readonly address: string; readonly result: BenchResult }> {
  const from = performance.now();
  const { runId } = await lab.start({ symbols: [...names], maxConcurrent: 50 });
  const page = `${address}/runs/${encodeURIComponent(runId)}`;
  const shown = await inWindow(browser, async (window) => {
    await window.goto(page, { waitUntil: 'load' });
    await window.waitForSelector('h1 + span .success', { timeout: 120_000 });
    return (performance.now() - from) / 1000;
  });
  const { durationSeconds } = await lab.result(runId);
  return {
    address: page,
    result: {
      name: `a run of ${SYMBOLS} symbols in an open window until it shows the end`,
      unit: 's',
      better: 'lower',
      ours: shown,
      baseline: { name: 'the run itself', value: durationSeconds },
    },
  };
}

/** Runs in the page: enters several texts into the filter and returns the milliseconds of each. */
const TYPE_LETTERS = `(async () => {
  const field = document.querySelector('#filter');
  const took = [];
  for (const text of ['S', 'SY', 'SYMBOL_9', 'SYMBOL_99', '', 'none', '', '7']) {
    const from = performance.now();
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    void document.body.offsetHeight;
    took.push(performance.now() - from);
  }
  return took;
})()`;

/** Milliseconds from a letter in the filter until the rows that match are laid out. */
async function filtered(browser: Browser, address: string): Promise<BenchResult> {
  const times = await inWindow(browser, async (page) => {
    await page.goto(address);
    return await page.evaluate<number[]>(TYPE_LETTERS);
  });
  return {
    name: '/symbols answers a letter in its filter',
    unit: 'ms',
    better: 'lower',
    ours: median(times),
    note: `slowest ${Math.max(...times).toFixed(0)} ms, wanted < 100 ms`,
  };
}

async function inWindow<T>(browser: Browser, work: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    return await work(await context.newPage());
  } finally {
    await context.close();
  }
}
