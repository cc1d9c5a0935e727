import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { Database } from '../src/storage/database/database.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { createLog } from '../src/telemetry/log.ts';
import { withBenchStack } from './bench-stack.ts';
import { type BenchChild, withChild } from './child.ts';
import { commandLook, lookResults, pageLook, timeLooks } from './looks.ts';
import type { BenchOptions, BenchResult } from './result.ts';

const MARKETS = 50_000;
const EVENTS = 8_000;
const ACTIVE = 3_000;
const SHARDS = 100;
const LOADS = 5;
const HOUR = 3_600_000;
const PAGES = ['/', '/find?text=will+number+4', '/find?text=event-77', '/symbols', '/symbols/PM.017', '/events', '/runs/run-5'];
/** Commands about the last run, and what each must print. */
const COMMANDS: readonly (readonly [readonly string[], string])[] = [
  [['status', 'run-5'], 'PM.017'],
  [['why', 'run-5', 'PM.017/kline'], 'the venue is away'],
  [['why', 'run-5', 'PM.018/kline'], 'PM.018 succeeded'],
];
const log = createLog({ LOG_LEVEL: 'warn' });

/** Seconds until pages answer that look at a universe of 50,000 markets, with five runs of its 100 shards. */
export async function run(options: BenchOptions): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async ({ env, databaseUrl, closers }) => {
    const database = closers.add('the database', await openDatabase({ url: databaseUrl, max: 2 }));
    await withMembers(database);
    return await withChild('pages-server.js', env, async ({ said }: BenchChild<string>) => {
      const looks = [...PAGES.map((page) => pageLook(said, page)), ...COMMANDS.map(([args, expected]) => commandLook(env, args, expected))];
      const results = lookResults(await timeLooks(looks, { turns: LOADS, pauseMs: 1500 }), `of ${MARKETS} markets`);
      for (const result of results) options.print(result);
      if (process.env.BENCH_PICTURES !== undefined && process.env.CHROMIUM !== undefined) {
        const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
        const window = await browser.newPage({ viewport: { width: 1440, height: 900 } });
        await window.goto(said, { waitUntil: 'load' });
        await writeFile(path.join(process.env.BENCH_PICTURES, 'universe.png'), await window.screenshot());
        await browser.close();
      }
      return results;
    });
  });
}

/** Stores the members with their facts, coverage and candles, and runs of all shards. */
async function withMembers(database: Database): Promise<void> {
  const hour = Math.floor(Date.now() / HOUR);
  const now = hour * HOUR;
  const facts = `jsonb_build_object('id', 'polymarket:' || n, 'source', 'polymarket', 'market', 'probability', 'title', 'Will number ' || n || ' happen before the end of the year?',
    'outcomes', '["Yes", "No"]'::jsonb, 'outcomeIds', jsonb_build_array(repeat(n::text, 12), repeat(n::text, 11)), 'opensAt', ${now - 30 * 24 * HOUR}, 'closesAt', ${now + 60 * 24 * HOUR},
    'closed', false, 'resolution', '{"kind": "open"}'::jsonb, 'stated', jsonb_build_object('volume', round(1e7 / (n + 1)), 'at', ${now}), 'fees', null, 'tickSize', 0.01,
    'twins', '[]'::jsonb, 'event', 'polymarket:event-' || n % ${EVENTS}, 'category', (array['politics', 'sports', 'crypto', 'economy', 'weather'])[1 + n % 5], 'book', null, 'reference', 'market-' || n)`;
  // a run of more than 50 shards reports shards; one has failed
  const results = `(select jsonb_object_agg(symbol, case when symbol = 'PM.017'
      then '{"status": "failed", "attempts": 9, "error": {"type": "SourceUnavailable", "message": "the venue is away"}}'::jsonb
      else '{"status": "success", "attempts": 6, "error": null}'::jsonb end) from symbols where kind = 'shard')`;
  for (const statement of [
    `insert into symbols (symbol, title, kind, sources) values ('PM', 'All of Polymarket', 'universe', '{"polymarket": [{"active": true}]}')`,
    `insert into symbols (symbol, title, kind, universe) select 'PM.' || lpad(n::text, 3, '0'), 'PM, part ' || n, 'shard', 'PM' from generate_series(1, ${SHARDS}) n`,
    `insert into instruments (id, source, facts) select 'polymarket:' || n, 'polymarket', ${facts} from generate_series(0, ${MARKETS - 1}) n`,
    `insert into universe_members (universe, instrument, source, shard, event, since, listed, print, moved_at, walked_at, walked_to)
     select 'PM', id, 'polymarket', 'PM.' || lpad((1 + (key % ${EVENTS}) % ${SHARDS})::text, 3, '0'), facts->>'event', ${now - 24 * HOUR}, facts, 'print',
       case when key % ${MARKETS} < ${ACTIVE} then ${now} else ${now - 20 * HOUR} end, ${now - 4 * HOUR}, ${now - 4 * HOUR} from instruments`,
    'insert into symbol_instruments select shard, key from universe_members m join instruments i on i.id = m.instrument',
    'insert into instrument_state (instrument) select key from instruments',
    `insert into coverage (instrument, kind, ranges, inferred, looked) select key, 0, int8multirange(int8range(${now - 30 * 24 * HOUR}, ${now - HOUR})), int8multirange(int8range(${now - 3 * HOUR}, ${now - HOUR})), ${now} from instruments`,
    `insert into tick_hours select key, 0, ${hour} - h, 1, 0 from instruments, generate_series(0, 23) h where key % ${MARKETS} < ${ACTIVE}`,
    `insert into candle_series select key, 0, 60, 0, ${now}, '{}' from instruments where key % ${MARKETS} < ${ACTIVE}`,
    `insert into candles (open_time, open, high, low, close, first_time, first_seq, last_time, last_seq, instrument, trades, coverage, kind, interval_minutes, complete)
     select (${hour} - h) * ${HOUR}::bigint, p, p, p, p, 0, 0, 0, 0, key, 1, 1, 0, 60, true
     from (select key, h, round((0.2 + 0.6 * random())::numeric, 3)::float8 as p from instruments, generate_series(0, 167) h where key % ${MARKETS} < ${ACTIVE}) c`,
    `insert into universe_listings values ('PM', 'polymarket', ${now}, ${now}, ${now}, ${MARKETS}, 0, ${ACTIVE}, 80)`,
    `insert into runs (execution_id, run_id, input, config, result, status, started_at, finished_at, as_of)
     select 'execution-' || n, 'run-' || n, '{"symbols": ["PM"]}', jsonb_build_object('symbols', (select jsonb_agg(jsonb_build_object('symbol', symbol, 'priority', 3)) from symbols where kind = 'shard'),
       'asOf', ${now} - (5 - n) * 4 * ${HOUR}::bigint, 'untilStage', 'visualize', 'intervals', '["1h"]'::jsonb, 'sourceTypes', '["polymarket"]'::jsonb, 'daysBack', 1, 'strategies', '[]'::jsonb, 'tasks', '[]'::jsonb, 'refetch', false, 'maxConcurrent', 8, 'order', 'fifo', 'stages', '{}'::jsonb),
       'degraded', jsonb_build_object('result', 'degraded', 'reasons', '[]'::jsonb, 'durationSeconds', 170, 'totalTasks', ${6 * SHARDS}, 'completedTasks', ${6 * SHARDS}, 'progress', 1,
         'runId', 'run-' || n, 'paused', false, 'maxConcurrent', 8, 'startedAt', to_char(to_timestamp((${now} - (5 - n) * 4 * ${HOUR}::bigint) / 1000) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'finishedAt', to_char(to_timestamp((${now} - (5 - n) * 4 * ${HOUR}::bigint) / 1000 + 170) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
         'statusBreakdown', jsonb_build_object('pending', 0, 'running', 0, 'success', ${6 * SHARDS - 5}, 'failed', 1, 'skipped', 4, 'cancelled', 0), 'stageStats', '{}'::jsonb, 'taskResults', ${results}),
       to_timestamp((${now} - (5 - n) * 4 * ${HOUR}::bigint) / 1000), to_timestamp((${now} - (5 - n) * 4 * ${HOUR}::bigint) / 1000 + 170), ${now} - (5 - n) * 4 * ${HOUR}::bigint
     from generate_series(1, 5) n`,
    `insert into ledger (execution_id, task_id, run_id, symbol, stage, output, attempts, started_at, finished_at, duration_seconds)
     select r.execution_id, s.symbol || '/' || stage, r.run_id, s.symbol, stage, '{"ticks": 250}', 1, r.started_at, r.finished_at, 12
     from runs r, symbols s, unnest(array['collect', 'clean', 'store', 'kline', 'backtest', 'visualize']) stage
     where s.kind = 'shard' and (s.symbol <> 'PM.017' or stage = 'collect')`,
    'analyze',
  ])
    await database.query(statement);
}
