import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb, sqlText } from '../../src/files/duckdb.ts';
import { scratchFolder } from '../files/scratch.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { patience, worlds } from '../support/worlds.ts';

const CHILD = fileURLToPath(new URL('./import-child.mjs', import.meta.url));
const ROWS = 3_000;
const KILLS = worlds(4, { night: 60 });
const folder = scratchFolder();

interface Imported {
  readonly rows: number;
  readonly statements: number;
}

/** Imports in a process of its own. @returns undefined when it was killed */
async function imported(order: Record<string, unknown>): Promise<Imported | undefined> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('close', (...end) => resolve(end)));
  if (signal === 'SIGKILL') return undefined;
  if (code !== 0) throw new Error(`the child ended with ${code}: ${err}`);
  return JSON.parse(out) as Imported;
}

describe.skipIf(!existsSync(new URL('../../dist/src/files/read/tick-source.js', import.meta.url)))(
  'an import killed with -9 (needs npm run build)',
  () => {
    let test: TestDatabase;
    beforeAll(async () => {
      test = await testDatabase();
    });
    afterAll(async () => await test.close());

    /** All that an import leaves, without the keys that the database numbers. */
    const state = async (): Promise<unknown> => ({
      ticks: (
        await test.database.query(
          `select i.id, i.facts, count(*) as n, md5(string_agg(concat_ws(' ', t.time, t.seq - m.seq, t.price, t.size, t.identity), ',' order by t.seq))
           from ticks t join instruments i on i.key = t.instrument
             join (select instrument, min(seq) as seq from ticks group by 1) m on m.instrument = t.instrument group by 1, 2 order by 1`,
        )
      ).rows,
      coverage: (
        await test.database.query(
          'select i.id, c.kind, c.ranges::text from coverage c join instruments i on i.key = c.instrument order by 1',
        )
      ).rows,
      quarantine: (
        await test.database.query('select i.id, q.row from quarantine q join instruments i on i.key = q.instrument order by 1, 2')
      ).rows,
      left: (await test.database.query('select (select count(*) from import_progress) + (select count(*) from staged_rows) as n')).rows,
    });

    it.each([
      ['with many markets', 'market'],
      ['of one market', undefined],
    ])(
      'leaves a file %s exactly as without the kills, when it is started again',
      async (_, by) => {
        const file = `${folder.path}/${by ?? 'one'}.parquet`;
        const duckDb = await openDuckDb();
        // bad prices, copies of rows, and times that go back and forth
        await duckDb.run(`copy (select 1767225600 + (i * 37) % 5000 // 2 as "time", ${by === undefined ? '' : `'M' || i % 11 as market,`}
          case when i % 401 = 0 then 1.5 else (1 + i % 98) / 100 end as price, 1 + i % 3 as size,
          case when i % 2 = 0 then 'Yes' else 'No' end as outcome from range(${ROWS}) t(i)) to ${sqlText(file)} (format parquet)`);
        await duckDb.close();
        const order = { url: test.url, file, ...(by !== undefined && { by }), chunkRows: 700 };
        const fresh = async (): Promise<void> =>
          await empty(test.database, [
            'ticks',
            'instruments',
            'symbols',
            'staged_rows',
            'staging_batches',
            'import_progress',
            'quarantine',
          ]);
        await fresh();
        const whole = await imported(order);
        expect(whole).toMatchObject({ rows: ROWS, isPartial: false });
        const truth = await state();
        expect(truth).toMatchObject({ left: [{ n: 0 }] });
        const { statements } = whole as Imported;
        for (let kill = 0; kill < KILLS; kill++) {
          await fresh();
          const killBefore = 5 + Math.floor(((kill + 0.5) * (statements - 5)) / KILLS);
          expect(await imported({ ...order, killBefore })).toBeUndefined();
          // killed a second time, wherever that is
          await imported({ ...order, killBefore: Math.floor(statements / 3) });
          await imported(order);
          expect(await state(), `killed before statement ${killBefore} of ${statements}`).toEqual(truth);
        }
      },
      patience(120_000),
    );
  },
);
