import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPostgres } from '../../src/set-up/checks/postgres.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { kill, spawnWorker, type WorkerProcess } from '../support/worker-process.ts';

describe('a database migrated by a newer build', () => {
  let rig: Rig;
  let worker: WorkerProcess | undefined;
  beforeAll(async () => {
    rig = await createRig({ worker: false });
  });
  afterAll(async () => {
    if (worker !== undefined) await kill(worker);
    await rig?.close();
  });
  const migrations = async () => (await checkPostgres(rig.env, rig.home, silent)).filter(({ name }) => name === 'migrations');

  it('is reported by doctor and once by a worker, which uses it nevertheless', async () => {
    expect(await migrations()).toEqual([]);
    await rig.database.query(
      "insert into schema_migrations (version, name, sha256) values (9001, '9001-later.sql', '1'), (9000, '9000-late.sql', '0')",
    );
    expect(await migrations()).toEqual([
      {
        name: 'migrations',
        status: 'warn',
        detail: expect.stringMatching(/^a newer build has migrated the database: .* without knowing 9000-late\.sql, 9001-later\.sql$/),
        action: expect.stringContaining('update this build'),
      },
    ]);
    // a migration that was recorded with another hash fails with a message that says what to do
    await rig.database.query('update schema_migrations set sha256 = reverse(sha256) where version = 1');
    expect(await checkPostgres(rig.env, rig.home, silent)).toEqual([
      {
        name: 'Postgres',
        status: 'fail',
        detail: expect.stringMatching(/^the database at .* was made by another version of PredictLab .* and was not touched$/),
        action: expect.stringMatching(/^name a new database /),
      },
    ]);
    await rig.database.query('update schema_migrations set sha256 = reverse(sha256) where version = 1');
    worker = await spawnWorker(rig.env);
    const lines = worker.said().match(/.*a newer build has migrated the database.*/g) ?? [];
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({ level: 'warn', migrations: '9000-late.sql, 9001-later.sql' }),
    ]);
    const tasks = [{ taskId: 'nap', name: 'nap', activity: 'sleep', args: [{ duration: '1ms' }] }];
    expect(await rig.run({ symbols: [], tasks })).toMatchObject({ result: 'success' });
  }, 60_000);
});
