import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';
import { stop } from '../../src/storage/embedded/postgres-process.ts';
import { resolveDatabase } from '../../src/storage/embedded/resolve-database.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'predictlab-embedded-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const pidFile = (folder = home): string => join(folder, 'postgres', 'data', 'postmaster.pid');
const serverPid = (): number => Number(readFileSync(pidFile(), 'utf8').split('\n')[0]);

/** A statement on a connection of its own; undefined when the server is not there. */
async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[] | undefined> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Asks until there is an answer. */
async function eventually(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  return await until(() => ask(url, sql));
}

describe('the embedded Postgres', () => {
  it('is created once when several commands start at the same time, is shared by them, and stops with the last one', async () => {
    // what an interrupted first start leaves behind
    mkdirSync(join(home, 'postgres', 'data.init-1'), { recursive: true });
    const attached = await Promise.all([1, 2, 3].map(() => attachPostgres({ home })));
    const started = await Promise.all(attached.map(({ url }) => ask(url, 'select pg_postmaster_start_time() as at')));
    expect(started[0]).toBeDefined();
    expect(new Set(started.map((rows) => String(rows?.[0]?.at))).size).toBe(1);
    expect(existsSync(join(home, 'postgres', 'data.init-1'))).toBe(false);
    await attached[0].close();
    await attached[1].close();
    await attached[1].close();
    expect(await ask(attached[2].url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await attached[2].close();
    expect(await ask(attached[2].url, 'select 1 as one')).toBeUndefined();
    expect(existsSync(pidFile())).toBe(false);
  });

  it('comes back by itself when it is killed, with every row that was acknowledged', async () => {
    const { url, close } = await attachPostgres({ home, log: silent });
    const database = await openDatabase({ url });
    await database.query("insert into symbols (symbol) values ('KEPT')");
    process.kill(serverPid(), 'SIGKILL');
    expect(await eventually(url, 'select symbol from symbols')).toEqual([{ symbol: 'KEPT' }]);
    // the pool has replaced its broken connections
    expect((await database.query('select symbol from symbols')).rows).toEqual([{ symbol: 'KEPT' }]);
    await database.close();
    await close();
  });

  it('stops in time when it is closed during the recovery from the death of one of its processes', async () => {
    const { url, close } = await attachPostgres({ home, log: silent });
    const [{ pid }] = (await ask(url, "select pid from pg_stat_activity where backend_type = 'checkpointer'")) as [{ pid: number }];
    process.kill(pid, 'SIGKILL');
    // recovery begins once the others have ended
    await new Promise((resolve) => setTimeout(resolve, 60));
    const log = () => readFileSync(join(home, 'postgres', 'postgres.log'), 'utf8');
    const before = log().length;
    await close();
    // a forced shutdown follows only after the time of the first step
    expect(log().slice(before)).toContain('received fast shutdown request');
    expect(log().slice(before)).not.toContain('immediate shutdown');
    expect(existsSync(pidFile())).toBe(false);
  });

  it('is killed when nothing else stops it, and can start again afterwards', async () => {
    const { close } = await attachPostgres({ home, log: silent });
    process.kill(serverPid(), 'SIGSTOP');
    const cluster = { data: join(home, 'postgres', 'data'), socket: join(home, 'postgres', 'socket') };
    await stop(cluster, [
      ['SIGINT', 100],
      ['SIGQUIT', 100],
      ['SIGKILL', 20_000],
    ]);
    await close();
    const again = await attachPostgres({ home, log: silent });
    expect(await ask(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await again.close();
  });

  it('is not taken for running because a crash left its postmaster.pid', async () => {
    writeFileSync(pidFile(), `${process.pid}\n${join(home, 'postgres', 'data')}\n`);
    const { url, close } = await attachPostgres({ home });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await close();
  });

  it('does not wait for a user or lock holder that has died', async () => {
    const folder = join(home, 'postgres');
    mkdirSync(join(folder, 'users'), { recursive: true });
    writeFileSync(join(folder, 'users', '999999-0'), '999999 1 somewhere');
    writeFileSync(join(folder, 'lock'), '999999 1 somewhere');
    const { close } = await attachPostgres({ home });
    await close();
    expect(existsSync(pidFile())).toBe(false);
  });

  it('cannot be created below a file, and the error names the folder, the reason and the setting', async () => {
    const file = join(home, 'a-file');
    writeFileSync(file, '');
    const refused = attachPostgres({ home: join(file, 'below') });
    await expect(refused).rejects.toMatchObject({ type: 'StorageUnavailable' });
    await expect(refused).rejects.toThrow(
      /^cannot write to .*a-file.*: a part of its path is a file, not a folder; set PREDICTLAB_HOME to a folder that you may write to$/,
    );
  });

  it('ignores environment variables meant for another server', async () => {
    const foreign: Record<string, string> = {
      PGHOST: 'elsewhere.invalid',
      PGPORT: '6543',
      PGUSER: 'somebody',
      PGDATABASE: 'other',
      PGDATA: '/none',
      PGOPTIONS: '-c search_path=nowhere',
      PGSSLMODE: 'require',
      PGSSLNEGOTIATION: 'direct',
      PGSSLROOTCERT: '/none/ca.pem',
      PGCLIENT_ENCODING: 'LATIN1',
      PGTZ: 'Asia/Tokyo',
      PGSERVICE: 'none',
      PGCONNECT_TIMEOUT: '1',
      PGAPPNAME: 'other',
    };
    const before = { ...process.env };
    Object.assign(process.env, foreign);
    try {
      const { url, close } = await attachPostgres({ home });
      const database = await openDatabase({ url });
      const { rows } = await database.query(
        "select current_user as user, current_database() as name, current_setting('search_path') as path, current_setting('port') as port, current_setting('timezone') as zone",
      );
      expect(rows).toEqual([{ user: 'postgres', name: 'predictlab', path: '"$user", public', port: '5432', zone: 'UTC' }]);
      await database.close();
      await close();
    } finally {
      for (const name of Object.keys(foreign)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  });

  it('keeps its lock and its list of users closed to other accounts', async () => {
    const attached = await attachPostgres({ home });
    const modeOf = (name: string): string => (statSync(join(home, 'postgres', name)).mode & 0o777).toString(8);
    expect(
      ['users', 'socket', 'data', 'data.lock'].map((name) => (existsSync(join(home, 'postgres', name)) ? modeOf(name) : 'none')),
    ).toEqual(['700', '700', '700', expect.stringMatching(/^(600|none)$/)]);
    await attached.close();
  });

  it.skipIf(process.getuid?.() !== 0)(
    'admits no other process of its account when root starts it (skipped where the tests do not run as root)',
    async () => {
      const open = await mkdtemp(join(tmpdir(), 'predictlab-nobody-'));
      chmodSync(open, 0o755);
      const attached = await attachPostgres({ home: open });
      try {
        expect(await ask(attached.url, 'select current_user as user')).toEqual([{ user: 'postgres' }]);
        // connects as "nobody", the account of the server, by the protocol's first message: R is accepted, E refused
        const script = `const s = require('node:net').connect(process.argv[1]); const user = Buffer.from('user\\0postgres\\0\\0');
        const head = Buffer.alloc(8); head.writeInt32BE(8 + user.length, 0); head.writeInt32BE(196608, 4);
        s.on('error', (e) => { console.log(e.code); process.exit(); }).on('data', (d) => { console.log(String.fromCharCode(d[0])); process.exit(); });
        s.write(Buffer.concat([head, user]));`;
        const socket = join(open, 'postgres', 'socket', '.s.PGSQL.5432');
        const { stdout } = spawnSync(process.execPath, ['-e', script, socket], { uid: 65_534, gid: 65_534, cwd: '/', encoding: 'utf8' });
        expect(stdout.trim()).toBe('E');
      } finally {
        await attached.close();
        await rm(open, { recursive: true, force: true });
      }
    },
  );

  it('is used by a command without DATABASE_URL, and is not started by a command with it', async () => {
    const given = await resolveDatabase({ DATABASE_URL: 'postgresql://me@db/x', PREDICTLAB_HOME: home });
    expect(given.url).toBe('postgresql://me@db/x');
    await given.close();
    const found = await resolveDatabase({ DATABASE_URL: '', PREDICTLAB_HOME: home });
    expect(await ask(found.url, 'select current_database() as name')).toEqual([{ name: 'predictlab' }]);
    await found.close();
  });

  it('works in a home whose path is too long for a socket', async () => {
    const long = join(home, 'a-folder-with-quite-a-long-name-'.repeat(4));
    const { url, close } = await attachPostgres({ home: long });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await close();
  });

  it('refuses a data folder of another Postgres version', async () => {
    const version = join(home, 'postgres', 'data', 'PG_VERSION');
    const ours = readFileSync(version, 'utf8');
    writeFileSync(version, '17\n');
    await expect(attachPostgres({ home })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/was made by Postgres 17, this is 18; restore a backup/),
    });
    writeFileSync(version, ours);
  });

  it('refuses a data folder with other content, and states what to do', async () => {
    const other = join(home, 'other');
    mkdirSync(join(other, 'postgres', 'data'), { recursive: true });
    writeFileSync(join(other, 'postgres', 'data', 'diary.txt'), 'dear diary');
    await expect(attachPostgres({ home: other })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/holds no database; move it away, or set PREDICTLAB_HOME/),
    });
  });
});
