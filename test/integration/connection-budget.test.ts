import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { Closers } from '../../src/closers.ts';
import { joinFleet } from '../../src/storage/database/connection-budget.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { connectionCheck } from '../../src/watch/checks/stored-facts.ts';
import { administer, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

/** Connections that the role may have; five are kept free, so that three workers get two each. */
const LIMIT = 12;

let closers = new Closers(silent);
afterEach(async () => {
  await closers.close();
  closers = new Closers(silent);
});

/** A database whose workers come as a role with few connections. */
async function smallServer(): Promise<{ database: Database; asRole: string }> {
  const role = `few_${randomUUID().slice(0, 8)}`;
  const { database, url, close } = await testDatabase();
  await database.query(`create role ${role} login connection limit ${LIMIT}`);
  await database.query(`grant all on all tables in schema public to ${role}; grant select on all tables in schema public to ${role}`);
  closers.add('the role', { close: async () => await administer(inject('postgresUrl'), `drop role ${role}`) });
  closers.add('the database', { close });
  const asRole = new URL(url);
  asRole.username = role;
  return { database, asRole: asRole.href };
}

async function worker(url: string): Promise<{ database: Database; leave: () => Promise<void> }> {
  const database = closers.add('a pool', await openDatabase({ url, max: 20, migrate: false }));
  const membership = closers.add('a worker', await joinFleet(database, { wanted: 20, log: silent, everyMs: 20 }));
  return { database, leave: () => membership.close() };
}

const work = (database: Database): Promise<unknown> =>
  Promise.all(Array.from({ length: 30 }, () => database.transaction((transaction) => transaction.query('select pg_sleep(0.01)'))));

describe('the database connections of all workers', () => {
  it('are shared, so that each worker gets a part and no task is refused', async () => {
    const { database, asRole } = await smallServer();
    const workers = [await worker(asRole), await worker(asRole), await worker(asRole)];
    await expect.poll(async () => (await database.query("select from watch_state where name like 'worker/%'")).rowCount).toBe(3);
    await Promise.all(workers.map((each) => work(each.database)));
    const used = workers.reduce((sum, each) => sum + each.database.connections().busy + each.database.connections().idle, 0);
    expect(used).toBeLessThanOrEqual(LIMIT);
    // a worker that leaves gives its part to the others
    await workers[0].leave();
    await expect.poll(async () => (await database.query("select from watch_state where name like 'worker/%'")).rowCount).toBe(2);
    await work(workers[1].database);
  });

  it('run out when others use them: tasks then wait for a connection of their worker, and an incident is open meanwhile', async () => {
    const { database, asRole } = await smallServer();
    const { database: mine } = await worker(asRole);
    await mine.query('select 1');
    const others: Client[] = [];
    for (;;) {
      const other = new Client({ connectionString: asRole });
      other.on('error', () => undefined);
      const refusal = await other.connect().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal !== undefined) {
        expect(refusal).toMatchObject({ code: '53300' });
        break;
      }
      others.push(other);
    }
    await work(mine);
    expect(mine.connections().refused).toBeGreaterThan(0);
    const check = connectionCheck({ database });
    const causes = async (): Promise<readonly string[]> => (await check.look(0))?.troubles.map(({ cause }) => cause) ?? [];
    while ((await causes()).length === 0) await work(mine);
    for (const other of others) await other.end();
    await expect.poll(async () => await check.look(0)).toMatchObject({ troubles: [], looked: [{ what: 'connections' }] });
  });
});
