import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { type AttachedPostgres, attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { DAY, runStage, runStages, START } from '../support/stage-run.ts';
import { until } from '../support/until.ts';
import { patience, TIER, worlds } from '../support/worlds.ts';
import { collections, dataState, SYMBOL, seeded, stageCollection } from './data-state.ts';

const STEPS = [
  'clean 1: claimed',
  'clean 2: marked',
  'clean 3: quarantined',
  'store 1: partitions',
  'store 2: claimed',
  'store 3: merged',
  'store 4: gaps',
  'kline 1: claimed',
  'kline 2: built',
  'kline 3: counted',
];
const STAGES = ['clean', 'store', 'kline'] as const;
const CHILD = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
/** Steps that come once per instrument, of which there are two. */
const PER_INSTRUMENT = new Set(['clean 2: marked', 'clean 3: quarantined', 'store 3: merged', 'kline 2: built']);
/** By default a process dies once at each step, in one run or the other; `npm run test:night` tries the whole matrix. */
const REPETITIONS = worlds(Math.ceil(STEPS.length / 2), { night: 50 });
const WHOLE_MATRIX = TIER === 'night';
const AS_OF = START + 3 * DAY;
const SETTINGS = { sourceTypes: ['polymarket'], intervals: ['1h', '4h', '1d'], daysBack: 7, strategies: [], refetch: false, asOf: AS_OF };
const EXECUTIONS = ['first', 'second'] as const;

const EMPTY = 'truncate symbols, instruments, ledger, runs, staged_rows, ticks restart identity cascade';

/** Runs both without any interruption, in one process. */
async function undisturbed(database: Database, seed: number): Promise<Record<string, string>> {
  await database.query(EMPTY);
  for (const [n, executionId] of EXECUTIONS.entries()) {
    await stageCollection(database, executionId, collections(seed)[n]);
    await runStages(database, { executionId, symbol: SYMBOL, asOf: AS_OF, intervals: ['1h', '4h', '1d'] });
  }
  return await dataState(database);
}

/** Runs stages in a process of their own. @returns whether it was killed */
async function runChild(order: Record<string, unknown>): Promise<boolean> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify({ symbol: SYMBOL, settings: SETTINGS, stages: STAGES, ...order })], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('close', (...end) => resolve(end)));
  if (signal === 'SIGKILL') return true;
  if (code !== 0) throw new Error(`the child ended with ${code}: ${said}`);
  return false;
}

describe.skipIf(!existsSync(new URL('../../dist/src/activities/stages/store.js', import.meta.url)))(
  'a worker killed with -9 (needs npm run build)',
  () => {
    let test: TestDatabase;
    beforeAll(async () => {
      test = await testDatabase();
    });
    afterAll(() => test.close());

    it(
      `leaves the same rows, candles and ledger as in an undisturbed run, at whatever step it dies (${REPETITIONS} times)`,
      async () => {
        const { database, url } = test;
        const wanted = new Map<number, Record<string, string>>();
        for (let repetition = 0; repetition < REPETITIONS; repetition++) {
          const random = seeded(repetition);
          const seed = WHOLE_MATRIX ? repetition % 5 : 0;
          wanted.set(seed, wanted.get(seed) ?? (await undisturbed(database, seed)));
          await database.query(EMPTY);
          const deaths: string[] = [];
          for (const [n, executionId] of EXECUTIONS.entries()) {
            await stageCollection(database, executionId, collections(seed)[n]);
            const killAt = STEPS[(2 * repetition + n) % STEPS.length];
            const killAtOccurrence = PER_INSTRUMENT.has(killAt) && random() < 0.5 ? 2 : 1;
            deaths.push(`${executionId} run at ${killAt} (${killAtOccurrence})`);
            expect(await runChild({ url, executionId, killAt, killAtOccurrence })).toBe(true);
            expect(await runChild({ url, executionId })).toBe(false);
          }
          expect(await dataState(database), `seed ${seed}, killed in the ${deaths.join(' and in the ')}`).toEqual(wanted.get(seed));
        }
      },
      patience(600_000),
    );
  },
);

describe.skipIf(process.platform !== 'linux')('Postgres and all its processes killed with -9 (needs /proc)', () => {
  let home: string;
  let server: AttachedPostgres;
  let database: Database;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'predictlab-crash-'));
    server = await attachPostgres({ home });
    database = await openDatabase({ url: server.url });
  });
  afterAll(async () => {
    await database.close();
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  it(
    'lose only the attempt in progress',
    async () => {
      const wanted = await undisturbed(database, 7);
      await database.query(EMPTY);
      const killServer = () => {
        const postmaster = Number(readFileSync(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
        for (const pid of [postmaster, ...childrenOf(postmaster)]) process.kill(pid, 'SIGKILL');
      };
      const steps = WHOLE_MATRIX ? STEPS : ['store 3: merged'];
      for (const [n, executionId] of EXECUTIONS.entries()) {
        await stageCollection(database, executionId, collections(7)[n]);
        for (const stage of STAGES) {
          const run = { executionId, symbol: SYMBOL, asOf: AS_OF };
          for (const step of steps.filter((name) => n === 1 && name.startsWith(stage))) {
            const probe = (at: string) => {
              if (at === step) killServer();
            };
            await expect(runStage(database, stage, { ...run, probe }), step).rejects.toMatchObject({
              type: 'StorageUnavailable',
              retryable: true,
            });
            await answering(database);
          }
          await runStage(database, stage, run);
        }
      }
      expect(await dataState(database)).toEqual(wanted);
    },
    patience(300_000),
  );
});

/** A postmaster that dies alone leaves processes that may still finish what they are at. */
function childrenOf(parent: number): readonly number[] {
  const isChild = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isChild(name))
    .map(Number);
}

/** Waits until the server is back. */
async function answering(database: Database): Promise<void> {
  await until(() =>
    database.query('select 1').then(
      () => true,
      () => false,
    ),
  );
}
