import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createPluginThreads } from '../../src/activities/custom/threads/plugin-threads.ts';
import { createBacktest } from '../../src/activities/stages/backtest/backtest.ts';
import { createCollect } from '../../src/activities/stages/collect/collect.ts';
import { recordedWork } from '../../src/activities/stages/stage-work.ts';
import { seededRandom } from '../../src/backtest/metrics/distributions.ts';
import { METRIC_NAMES } from '../../src/backtest/metrics/measured.ts';
import { canonicalJson } from '../../src/backtest/proof/passport.ts';
import { shippedStrategies } from '../../src/backtest/strategies/registry.ts';
import type { StrategyConfig } from '../../src/contracts/run/run-config.ts';
import type { StageEffect } from '../../src/contracts/task/stage-report.ts';
import { createSources } from '../../src/sources/create-sources.ts';
import { readBacktests } from '../../src/storage/backtests/backtests.ts';
import { instrumentById } from '../../src/storage/markets/instruments.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { DAY, HOUR, runStages } from '../support/stage-run.ts';

const folder = scratchFolder();
/** Midnight UTC. */
const START = Date.UTC(2026, 5, 1);
const ASOF = START + 40 * DAY;
const CLOSE = ASOF - DAY;
let test: TestDatabase;
const threads = createPluginThreads(silent);
beforeAll(async () => {
  test = await testDatabase();
  vi.stubEnv('DATABASE_URL', test.url);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  vi.unstubAllEnvs();
  await threads.close();
  await test.close();
});

/** Days of trades that a user might have kept, up to the market's close. */
function ticks(seed: number): string {
  const random = seededRandom(seed);
  let price = 0.5;
  const lines = ['time,price,size'];
  for (let time = START; time < CLOSE; time += HOUR / 2) {
    price = Math.min(0.95, Math.max(0.05, price + Math.round((random() - 0.5) * 10) / 100));
    lines.push(`${new Date(time).toISOString()},${price.toFixed(2)},${Math.round(random() * 5000) / 10}`);
  }
  return `${lines.join('\n')}\n`;
}

const iso = (time: number): string => new Date(time).toISOString();

const CATALOGUE = [
  {
    symbol: 'WEATHER',
    title: 'Rain and sun',
    enabled: true,
    priority: 2,
    sources: {
      file: [
        {
          path: folder.write('rain.csv', ticks(1)),
          resolution: 1,
          closesAt: iso(CLOSE),
          fees: { model: 'polymarket', rate: 0.04 },
          tick: 0.01,
        },
        { path: folder.write('sun.csv', ticks(2)), resolution: 0, fees: { model: 'predict', rate: 0.02 }, tick: 0.001 },
        // wind.csv is named explicitly, so the pattern's payout does not apply to it
        { path: path.join(folder.path, 'win?.csv'), resolution: 1 },
        { path: folder.write('wind.csv', `${ticks(3)}2026-06-01T00:00:00Z,1.5,1\n`) },
      ],
    },
  },
];

const STRATEGIES: readonly StrategyConfig[] = [
  { name: 'sma-cross', params: { fast: [3, 5], slow: 12 } },
  { name: 'rsi', params: { period: 5 } },
  { name: 'favourite', params: { threshold: 0.55 } },
  { name: 'buy-and-hold', params: {} },
];

const STORED = ['backtest', 'symbol', 'WEATHER', '--strategy', 'rsi'];

/** What a run with `sourceTypes: ["file"]` does, stage by stage. */
async function run(executionId: string, { asOf = ASOF, daysBack = 45 } = {}): Promise<StageEffect> {
  const sources = createSources({ env: {} });
  const settings = {
    sourceTypes: ['file'] as const,
    intervals: ['1h'] as const,
    daysBack,
    strategies: STRATEGIES,
    refetch: false,
    asOf,
  };
  const of = (stage: 'collect' | 'backtest') => ({ runId: 'run', executionId, symbol: 'WEATHER', stage }) as const;
  const collect = createCollect({ database: test.database, sources });
  await collect({ ...of('collect'), settings }, recordedWork(test.database, of('collect'), { log: silent }));
  await runStages(test.database, { executionId, symbol: 'WEATHER', asOf, daysBack, intervals: ['1h'] });
  const backtest = createBacktest({ database: test.database, strategies: shippedStrategies, threads, log: silent });
  return await backtest({ ...of('backtest'), settings }, recordedWork(test.database, of('backtest'), { log: silent }));
}

describe('files of the user’s own with facts about their markets', () => {
  it('survive a round trip: imported, exported, shown, and imported again unchanged', async () => {
    const file = folder.write('catalogue.json', JSON.stringify(CATALOGUE));
    expect((await predictlab('symbols', 'import', file, '--replace')).code).toBe(0);
    const exported = path.join(folder.path, 'exported.json');
    await predictlab('symbols', 'export', '--out', exported);
    expect(JSON.parse(readFileSync(exported, 'utf8'))).toEqual(CATALOGUE);
    expect((await predictlab('symbols', 'import', exported)).out).toBe('0 added, 1 updated, 0 removed\n');
    const shown = await predictlab('symbols', 'show', 'WEATHER');
    expect(shown.out).toContain('rain.csv, pays 1, closes 2026-07-10T00:00:00.000Z, fees polymarket 0.04, tick 0.01');
  });

  it('are settled and calibrated; a market without a stated close ends with its last tick', async () => {
    const effect = await run('first');
    expect(effect).toMatchObject({ output: { backtests: 15 } });
    const stored = await readBacktests(test.database, { symbol: 'WEATHER' });
    const held = (instrument: string) => stored.find((one) => one.instrument === instrument && one.strategy === 'buy-and-hold');
    expect(held('file:rain')?.trades).toMatchObject([{ end: 'settlement', exitPrice: 1 }]);
    expect(held('file:sun')?.trades).toMatchObject([{ end: 'settlement', exitPrice: 0 }]);
    expect(held('file:wind')?.trades).toMatchObject([{ end: 'mark' }]);
    expect(held('file:rain')?.metrics).toMatchObject({ brier: expect.any(Number), markPnl: 0 });
    expect(held('file:rain')?.metrics.calibration).toEqual(expect.arrayContaining([expect.objectContaining({ markets: 2 })]));
    expect(await instrumentById(test.database, 'file:sun')).toMatchObject({
      closed: true,
      closesAt: CLOSE - HOUR / 2,
      resolution: { kind: 'settled', payout: 0, at: CLOSE - HOUR / 2 },
    });
    const shown = (await predictlab('symbols', 'show', 'WEATHER')).out;
    expect(shown).toMatch(/file:rain\s+pays 1\s+2026-07-10T00:00:00.000Z\s+polymarket 0.04\s+0.01/);
    expect(shown).toMatch(/file:wind\s+open\s+–\s+–\s+–/);
  });

  it('hide the end of their market in a run as of an earlier instant, and follow corrections of the facts', async () => {
    await run('early', { asOf: CLOSE - 10 * DAY, daysBack: 35 });
    const early = await readBacktests(test.database, { symbol: 'WEATHER', executionId: 'early' });
    expect(early.every(({ trades }) => (trades as { end: string }[]).every(({ end }) => end !== 'settlement'))).toBe(true);
    const corrected = { path: CATALOGUE[0].sources.file[0].path, resolution: 0, closesAt: iso(CLOSE - 2 * DAY) };
    expect((await predictlab('symbols', 'add', 'WEATHER', '--file', JSON.stringify(corrected), '--json')).json()).toMatchObject({
      sources: { file: [corrected, ...CATALOGUE[0].sources.file.slice(1)] },
    });
    await run('corrected');
    expect(await instrumentById(test.database, 'file:rain')).toMatchObject({
      closed: true,
      closedAt: CLOSE - 2 * DAY,
      resolution: { payout: 0, at: CLOSE - 2 * DAY },
      fees: null,
    });
    await predictlab('symbols', 'import', path.join(folder.path, 'catalogue.json'), '--replace');
  });

  it('lead to results that can be recomputed from the exports without a server, byte for byte', async () => {
    await run('recomputed');
    const stored = await readBacktests(test.database, { symbol: 'WEATHER', executionId: 'recomputed' });
    const terms: Readonly<Record<string, string>> = {
      'file:rain': `--fee-model polymarket --fee 0.04 --tick 0.01 --close ${iso(CLOSE)} --settle 1`,
      'file:sun': `--fee-model predict --fee 0.02 --tick 0.001 --close ${iso(CLOSE - HOUR / 2)} --settle 0`,
      'file:wind': '--market probability',
    };
    const exported = async (what: string, ...more: string[]): Promise<string> =>
      (await predictlab('export', what, '--symbol', 'WEATHER', '--interval', '1h', ...more)).out;
    /** The rows of one backtest in a table, without the columns that identify the backtest. */
    const rowsOf = (table: string, strategy: string, params: string): string => {
      const key = `,1h,${strategy},${/[",]/.test(params) ? `"${params.replaceAll('"', '""')}"` : params},`;
      const lines = table.split('\n').filter((line) => line.includes(key));
      return lines.map((line) => line.slice(line.indexOf(key) + key.length)).join('\n');
    };
    let trades = 0;
    for (const [instrument, flags] of Object.entries(terms)) {
      const candles = folder.write(
        'candles.csv',
        await exported('candles', '--instrument', instrument, '--price-type', 'trade', '--complete'),
      );
      const offline = ['backtest', 'file', candles, '--interval', '1h', ...flags.split(' ')];
      const together = (await predictlab(...offline, '--strategies', JSON.stringify(STRATEGIES))).json();
      const [results, tradeTable, equityTable] = [
        JSON.parse(await exported('backtests', '--instrument', instrument, '--json')) as Record<string, unknown>[],
        await exported('trades', '--instrument', instrument),
        await exported('equity', '--instrument', instrument),
      ];
      expect(results).toHaveLength(5);
      const same = (one: { strategy: unknown; params: unknown }, other: typeof one): boolean =>
        one.strategy === other.strategy && canonicalJson(one.params) === canonicalJson(other.params);
      for (const trial of together.trials as { strategy: string; params: object; [name: string]: unknown }[]) {
        const row = results.find(({ strategy, params }) => same({ strategy, params: JSON.parse(params as string) }, trial)) as Record<
          string,
          unknown
        >;
        const params = row.params as string;
        const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        for (const name of METRIC_NAMES) expect([name, trial[name]]).toEqual([name, row[snake(name)]]);
        const record = stored.find((one) => one.instrument === instrument && same(one, trial));
        expect(record?.passport).toMatchObject(trial.passport as object);
        const [tradeFile, equityFile] = ['trades.csv', 'equity.csv'].map((name) => path.join(folder.path, name));
        const flagsOf = Object.entries(trial.params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
        const one = ['--strategy', trial.strategy, ...flagsOf, '--trades', tradeFile, '--equity', equityFile];
        expect((await predictlab(...offline, ...one)).code).toBe(0);
        const body = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').slice(1).join('\n');
        expect(body(tradeFile)).toBe(rowsOf(tradeTable, trial.strategy, params));
        expect(body(equityFile)).toBe(rowsOf(equityTable, trial.strategy, params));
        trades += body(tradeFile).split('\n').length;
      }
    }
    expect(trades).toBeGreaterThan(100);
  });

  it.each(['ticks', 'candles', 'coverage', 'quarantine', 'backtests', 'trades', 'equity'])(
    'can be read with SQL in the form in which they are exported: readable_%s',
    async (what) => {
      const exported = (await predictlab('export', what, '--symbol', 'WEATHER', '--json')).json() as unknown as Record<string, unknown>[];
      const { rows, fields } = await test.database.query(`select * from readable_${what} where symbol = 'WEATHER'`);
      expect(rows.length).toBe(exported.length);
      if (what !== 'quarantine') {
        expect(rows.length).toBeGreaterThan(0);
        expect(fields.map(({ name }) => name)).toEqual(Object.keys(exported[0]));
      }
      const plain = ([name, value]: [string, unknown]): [string, unknown] =>
        value instanceof Date ? [name, value.toISOString()] : [name, name === 'params' ? (JSON.parse(value as string) as unknown) : value];
      const text = (row: Record<string, unknown>): string => canonicalJson(Object.fromEntries(Object.entries(row).map(plain)));
      expect(rows.map(text).sort()).toEqual(exported.map(text).sort());
    },
  );

  it('can be backtested from storage one by one, as a portfolio and in a walk-forward', async () => {
    const stored = ['--symbol', 'WEATHER', '--interval', '1h', '--strategy', 'rsi', '--param', 'period=5'];
    const again = (await predictlab('backtest', 'symbol', ...stored)).json() as {
      instruments: { instrument: string; totalReturn: number; passport: object }[];
    };
    const before = (await readBacktests(test.database, { symbol: 'WEATHER' })).filter(({ strategy }) => strategy === 'rsi');
    expect(again.instruments.map(({ instrument, totalReturn }) => [instrument, totalReturn])).toEqual(
      before.map(({ instrument, metrics }) => [instrument, metrics.totalReturn]),
    );
    const together = (await predictlab('backtest', 'portfolio', ...stored, '--per-market', '0.5')).json() as {
      markets: { market: string }[];
    };
    expect(together).toMatchObject({ limits: { perMarket: 0.5, total: 1 }, finalEquity: expect.any(Number), benchmark: { trades: 3 } });
    expect(together.markets.map(({ market }) => market)).toEqual(['file:rain', 'file:sun', 'file:wind']);
    const walked = (await predictlab('backtest', 'walk-forward', ...stored, '--train', '14d', '--test', '7d')).json() as {
      instruments: { windows: object[] }[];
    };
    expect(walked.instruments.map(({ windows }) => windows.length)).toEqual([3, 3, 3]);
    expect((await predictlab('backtest', 'symbol', ...stored, '--instrument', 'file:rain')).json()).toMatchObject({
      instruments: [{ instrument: 'file:rain' }],
    });
  });

  it('can be imported with their facts, which stay until others are given', async () => {
    const file = folder.write('snow.csv', ticks(4));
    const facts = `--settle 1 --close ${iso(CLOSE)} --fee-model predict --fee 0.02 --tick 0.01`.split(' ');
    expect((await predictlab('import', 'ticks', file, '--symbol', 'SNOW', ...facts)).code).toBe(0);
    const known = { closed: true, closedAt: CLOSE, resolution: { payout: 1 }, fees: { model: 'predict', rate: 0.02 }, tickSize: 0.01 };
    expect(await instrumentById(test.database, 'file:SNOW')).toMatchObject(known);
    await predictlab('import', 'ticks', file, '--symbol', 'SNOW');
    expect(await instrumentById(test.database, 'file:SNOW')).toMatchObject(known);
    await predictlab('import', 'ticks', file, '--symbol', 'SNOW', '--settle', '0');
    expect(await instrumentById(test.database, 'file:SNOW')).toMatchObject({ ...known, resolution: { payout: 0 } });
  });

  it('can be used by any command with a DATABASE_URL', async () => {
    const bin = path.resolve(import.meta.dirname, '../../bin/predictlab.js');
    const database = async (...command: string[]): Promise<{ code: number; stderr: string }> =>
      await promisify(execFile)(process.execPath, [bin, 'database', ...command]).then(
        () => ({ code: 0, stderr: '' }),
        (error: { code: number; stderr: string }) => error,
      );
    const given = `process.exit(process.env.DATABASE_URL === ${JSON.stringify(test.url)} ? 7 : 1)`;
    expect(await database(process.execPath, '-e', given)).toMatchObject({ code: 7 });
    expect(await database('no-such-command')).toMatchObject({ code: 2, stderr: expect.stringContaining('no-such-command cannot be run') });
  });

  it.each<[string, string[]]>([
    ['--settle applies to --market probability', ['import', 'ticks', 'rain.csv', '--symbol', 'NEW', '--market', 'asset', '--settle', '1']],
    [
      'there is no instrument file:rian of WEATHER; did you mean file:rain?',
      ['export', 'candles', '--symbol', 'WEATHER', '--instrument', 'file:rian'],
    ],
    ['WEATHER has no instrument file:rian; did you mean file:rain?', [...STORED, '--interval', '1h', '--instrument', 'file:rian']],
    ['WEATHER has no two complete candles of 1m', [...STORED, '--interval', '1m']],
    ['there is no symbol WETHER', ['backtest', 'symbol', 'WETHER', '--interval', '1h', '--strategy', 'rsi']],
    ['--price-type does not apply to ticks', ['export', 'ticks', '--price-type', 'trade']],
    ['--price-type bid: write one of trade, price', ['export', 'candles', '--price-type', 'bid']],
  ])('are not read by a wrong command, which is refused: %s', async (sentence, args) => {
    const ended = await predictlab(...args.map((arg) => (arg === 'rain.csv' ? path.join(folder.path, arg) : arg)));
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(sentence);
  });
});
