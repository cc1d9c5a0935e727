import { appendFile, chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { verifyBackup } from '../../src/storage/backup/read-backup.ts';
import { socketUrl } from '../../src/storage/database/database-url.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { postgresAccount } from '../../src/storage/embedded/postgres-account.ts';
import { locatePostgres } from '../../src/storage/embedded/postgres-binaries.ts';
import { type Cluster, ensureDatabase, initialise } from '../../src/storage/embedded/postgres-cluster.ts';
import { start, stop } from '../../src/storage/embedded/postgres-process.ts';
import { ensurePartitions } from '../../src/storage/ticks/partitions.ts';
import { collect, DAY, runStages, START, trade } from '../support/stage-run.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-replica-'));
});
afterEach(() => rm(home, { recursive: true }));

/** A server that writes what a standby needs, which the embedded one does not. */
async function makeCluster(): Promise<Cluster> {
  const binaries = await locatePostgres(path.join(home, 'lib'));
  const postgres = path.join(home, 'postgres-for-standby');
  await writeFile(postgres, `#!/bin/sh\nexec '${binaries.postgres}' "$@" -c wal_level=replica\n`, { mode: 0o755 });
  const [data, socket] = [path.join(home, 'data'), path.join(home, 'socket')];
  await chmod(home, 0o755);
  await mkdir(socket);
  const account = postgresAccount([data, socket, binaries.postgres, binaries.initdb]);
  account.own(socket);
  return { data, socket, logFile: path.join(home, 'postgres.log'), binaries: { ...binaries, postgres }, account };
}

it('a backup of a replica is complete, and a command that writes to the replica is refused with the name of the primary', async () => {
  const cluster = await makeCluster();
  await initialise(cluster);
  await start(cluster);
  await ensureDatabase(cluster, 'lab');
  const url = socketUrl(cluster.socket, 'lab');
  const filled = await openDatabase({ url });
  await ensurePartitions(filled, [START / DAY]);
  await collect(filled, { executionId: 'a', rows: [trade(START, 0.1), trade(START + 1000, 0.2)] });
  await runStages(filled, { executionId: 'a' });
  await filled.close();
  await stop(cluster);

  // a standby whose primary sends nothing more: it stays in recovery and answers reads
  await writeFile(path.join(cluster.data, 'standby.signal'), '');
  await appendFile(path.join(cluster.data, 'postgresql.auto.conf'), "restore_command = 'false'\n");
  await start(cluster);
  const database = await openDatabase({ url });
  try {
    expect((await database.query('select pg_is_in_recovery() as replica')).rows).toEqual([{ replica: true }]);
    const file = path.join(home, 'lab.backup');
    const { tables } = await writeBackup(database, file, { reports: path.join(home, 'reports') });
    expect(tables).toMatchObject({ ticks: 2, instruments: 1 });
    expect(await verifyBackup(file)).toEqual(tables);
    expect((await stat(file)).size).toBeGreaterThan(0);
    await expect(collect(database, { executionId: 'b', rows: [] })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/^Postgres at .*read-only transaction.*; it only reads: name the primary server in DATABASE_URL$/),
    });
  } finally {
    await database.close();
    await stop(cluster);
  }
});
