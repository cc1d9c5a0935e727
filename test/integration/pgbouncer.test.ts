import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { readCandles } from '../../src/storage/candles/candles.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { instrumentById } from '../../src/storage/markets/instruments.ts';
import { openShadowSchema } from '../../src/storage/shadow/shadow-schema.ts';
import { ensurePartitions } from '../../src/storage/ticks/partitions.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, runStages, START, trade } from '../support/stage-run.ts';

const PROGRAM = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(
  (each) => spawnSync(each, ['--version']).status === 0,
);
const [, major = 0, minor = 0] =
  /PgBouncer (\d+)\.(\d+)/.exec(PROGRAM === undefined ? '' : spawnSync(PROGRAM, ['--version']).stdout.toString()) ?? [];
/** From 1.21 on it keeps prepared statements apart in transaction mode. */
const knowsPrepared = Number(major) > 1 || Number(minor) >= 21;
const NOBODY = 65_534;

let test: TestDatabase;
let folder: string;
let bouncer: ChildProcess | undefined;
beforeEach(async () => {
  test = await testDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'predictlab-bouncer-'));
  await chmod(folder, 0o755);
});
afterEach(async () => {
  if (bouncer !== undefined && bouncer.exitCode === null) {
    bouncer.kill('SIGKILL');
    await once(bouncer, 'close');
  }
  await test.close();
  await rm(folder, { recursive: true });
});

/** A pooler as it comes from its package, in front of the test's server. @returns the URL through it */
async function startBouncer(mode: 'session' | 'transaction'): Promise<string> {
  const server = new URL(test.url);
  const port = await freePort();
  const file = path.join(folder, 'pgbouncer.ini');
  await writeFile(
    file,
    [
      '[databases]',
      `* = host=${server.searchParams.get('host') ?? server.hostname} port=${server.port || '5432'} user=postgres`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      'default_pool_size = 5',
      ...(knowsPrepared ? ['max_prepared_statements = 100'] : []),
      '',
    ].join('\n'),
  );
  // it refuses to run as root, and nobody else may reach the folder of the test's server
  const command = [...(process.getuid?.() === 0 ? ['unshare', '--user', `--map-user=${NOBODY}`] : []), PROGRAM ?? '', '--quiet', file];
  bouncer = spawn(command[0], command.slice(1), { stdio: 'ignore' });
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return `postgresql://postgres@127.0.0.1:${port}${server.pathname}`;
    if (bouncer.exitCode !== null) throw new Error(`pgbouncer ended with ${bouncer.exitCode}`);
    await sleep(20);
  }
}

/** A day of trades through every stage, several connections at once. */
async function work(url: string): Promise<void> {
  const database = await openDatabase({ url, max: 4 });
  try {
    const rows = Array.from({ length: 2_000 }, (_, index) => trade(START + index * 40_000, ((index % 90) + 5) / 100));
    await ensurePartitions(database, [START / DAY]);
    await collect(database, { executionId: 'one', rows, covered: { from: START, to: START + DAY } });
    const { store } = await runStages(database, { executionId: 'one', asOf: START + DAY + HOUR, intervals: ['1h'] });
    expect(store.output).toMatchObject({ inserted: 2_000 });
    const { key } = (await instrumentById(database, 'polymarket:0x1')) as { key: number };
    const filter = { instrumentKey: key, priceType: 'trade', interval: '1h' } as const;
    const all = await Promise.all(Array.from({ length: 12 }, () => readCandles(database, filter)));
    for (const candles of all) expect(candles.length).toBe(23);
    expect((await verifyData(database)).findings).toEqual([]);
  } finally {
    await database.close();
  }
}

describe.skipIf(PROGRAM === undefined)('a database behind a real PgBouncer (skipped where none is installed)', () => {
  it('can be used completely in session mode', async () => {
    await work(await startBouncer('session'));
  }, 60_000);

  it.skipIf(!knowsPrepared)(
    'in transaction mode can be used completely if PgBouncer supports prepared statements (1.21 or newer)',
    async () => {
      await work(await startBouncer('transaction'));
    },
    60_000,
  );

  it('in transaction mode gets a shadow in the shadow’s own tables, and live work in the live tables', async () => {
    const url = await startBouncer('transaction');
    const live = await openDatabase({ url, max: 4 });
    const schema = await openShadowSchema(live);
    try {
      const insert = 'insert into symbols (symbol) values ($1)';
      const write = async (database: Database, name: string): Promise<void> => {
        await Promise.all(
          Array.from({ length: 30 }, async (_, n) => {
            if (n % 3 === 0) await database.query(insert, [`${name}-${n}`]);
            else if (n % 3 === 1) await database.transaction((transaction) => transaction.query(insert, [`${name}-${n}`]));
            else await database.copyIn('copy symbols (symbol) from stdin', [Buffer.from(`${name}-${n}\n`)]);
          }),
        );
      };
      await Promise.all([write(live, 'live'), write(schema.database, 'shadow')]);
      const names = async (table: string): Promise<readonly string[]> =>
        (
          await test.database.query<{ name: string }>(
            `select distinct split_part(symbol, '-', 1) || count(*) as name from ${table} group by split_part(symbol, '-', 1)`,
          )
        ).rows.map(({ name }) => name);
      expect(await names('public.symbols')).toEqual(['live30']);
      expect(await names(`${schema.name}.symbols`)).toEqual(['shadow30']);
      const copied: Buffer[] = [];
      for await (const chunk of schema.database.copyOut('copy (select symbol from symbols) to stdout')) copied.push(chunk);
      expect(Buffer.concat(copied).toString().trim().split('\n')).toHaveLength(30);
    } finally {
      await schema.close();
      await live.close();
    }
  }, 60_000);

  it.skipIf(knowsPrepared)(
    'in transaction mode is refused in one sentence if PgBouncer does not support prepared statements',
    async () => {
      const database = await openDatabase({ url: await startBouncer('transaction'), max: 4 });
      const errors: unknown[] = [];
      // sooner or later it gets a connection on which the statement was, or was not, prepared
      for (let round = 0; round < 200 && errors.length === 0; round++) {
        const asked = Array.from({ length: 4 }, (_, index) => database.query({ name: 'ask', text: 'select $1::int' }, [index]));
        for (const end of await Promise.allSettled(asked)) if (end.status === 'rejected') errors.push(end.reason);
      }
      await database.close();
      expect(errors[0]).toMatchObject({
        type: 'StorageUnavailable',
        message: expect.stringMatching(
          /^Postgres at 127\.0\.0\.1:\d+\/test_\w+: prepared statement .*; a pooler in between loses prepared statements: use its session mode/,
        ) as string,
      });
    },
    120_000,
  );
});
