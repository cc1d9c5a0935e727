import { afterEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/storage/database/open-database.ts';
import { type FakeServer, fakeServer } from './fake-server.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const urlOf = ({ port }: FakeServer, query = ''): string => `postgresql://me:secret@127.0.0.1:${port}/lab${query}`;

describe('a connection to Postgres', () => {
  it('uses only settings that a pooler knows, and sets its timeouts before anything else', async () => {
    server = await fakeServer();
    const database = await openDatabase({ url: urlOf(server), migrate: false });
    await database.close();
    expect(server.parameters.map((given) => Object.keys(given).sort())).toEqual([
      ['application_name', 'client_encoding', 'database', 'user'],
    ]);
    expect(server.statements).toEqual([
      expect.stringMatching(
        /^set statement_timeout = '120s'; set lock_timeout = '30s'; set idle_in_transaction_session_timeout = '300s'; set datestyle = 'ISO, YMD'; /,
      ),
      "select to_regclass('schema_migrations') is not null as known",
    ]);
  });

  it.each([
    ['42501', 'permission denied for database lab', 'rights'],
    ['3F000', 'no schema has been selected to create in', 'search_path'],
    ['08P01', 'unsupported startup parameter: options', 'ignore_startup_parameters'],
    ['28000', 'no pg_hba.conf entry for host "10.0.0.1", user "me", database "lab", no encryption', 'sslmode=verify-full'],
    ['28P01', 'password authentication failed for user "me"', 'user and password'],
    ['53100', 'could not extend file "base/5/1": No space left on device', 'free some disk space'],
    ['25006', 'cannot execute CREATE TABLE in a read-only transaction', 'primary'],
    ['40001', 'canceling statement due to conflict with recovery', 'primary server in DATABASE_URL, or raise max_standby'],
    ['58030', 'could not write block 3', 'its log'],
  ])('that is refused with %s leads to one sentence with the address', async (code, message, advice) => {
    server = await fakeServer({ code, message });
    await expect(openDatabase({ url: urlOf(server), migrate: false })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(new RegExp(`^Postgres at 127\\.0\\.0\\.1:${server.port}/lab: .*; .*${advice}`)),
    });
  });

  it('that requires TLS from a server without it is refused with the setting to remove', async () => {
    server = await fakeServer();
    await expect(openDatabase({ url: urlOf(server, '?sslmode=verify-full'), migrate: false })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/^Postgres at 127.*does not support SSL connections; take sslmode out of DATABASE_URL/),
    });
  });

  it('that lacks the password is refused with the variable to set', async () => {
    server = await fakeServer('scram');
    await expect(openDatabase({ url: `postgresql://me@127.0.0.1:${server.port}/lab`, migrate: false })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: `Postgres at 127.0.0.1:${server.port}/lab: it requests a password and DATABASE_URL has none; write postgresql://user:password@host:5432/name, or set PGPASSWORD`,
    });
  });

  it.each(['postgresql://me@one,two/x', 'postgresql://me:secret@one:5432,two:5433/x', 'postgresql://me@/x?host=one,two'])(
    'to several hosts is refused in one sentence: %s',
    async (url) => {
      await expect(openDatabase({ url })).rejects.toMatchObject({
        type: 'BadInput',
        message: expect.stringMatching(
          /^DATABASE_URL cannot be used: it names several hosts; name the primary server, or a proxy in front of them;/,
        ),
      });
    },
  );

  it.each([
    'my database',
    'http://localhost/x',
    'postgresql://me:secret@localhost:99999/x',
    'postgresql://me:secret@localhost:port/x',
    'postgresql://me:sec/ret@localhost/x',
  ])('is not tried with the invalid address %s', async (url) => {
    await expect(openDatabase({ url })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringMatching(/^DATABASE_URL cannot be used: (?!.*sec).*; write postgresql:/),
    });
  });

  it('is refused with the name of a certificate file that does not exist', async () => {
    server = await fakeServer();
    await expect(openDatabase({ url: urlOf(server, '?sslrootcert=/none/ca.pem'), migrate: false })).rejects.toMatchObject({
      type: 'StorageUnavailable',
      message: expect.stringMatching(/\/none\/ca\.pem.*; check the certificate files that DATABASE_URL names/),
    });
  });
});
