import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { databaseUrlOf } from '../../src/storage/database/database-url.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { restoreElsewhere } from '../../src/watch/upkeep/upkeep.ts';
import { predictlab, predictlabHere } from '../support/command.ts';
import { administer } from '../support/postgres.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

const mark = randomUUID().slice(0, 8);
const name = `role_${mark}`;
const RUNBOOK = new URL('../../docs/operations.md', import.meta.url);
/** Commands that only look, which the reader's role is for. */
const READING = [['symbols', 'list'], ['symbols', 'show', 'X'], ['config', 'history'], ['incidents']];
const ROLES = new URL('../../ops/postgres/roles.sql', import.meta.url);

const asUser = (user: string): string => {
  const url = new URL(databaseUrlOf(inject('postgresUrl'), name));
  url.username = user;
  return url.href;
};
const asked = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** The file that docs/deployment.md says to run, with role names of this test. */
describe('the database roles of ops/postgres/roles.sql', () => {
  const worker = `lab_${mark}`;
  const reader = `lab_${mark}_reader`;
  let rig: Rig;
  beforeAll(async () => {
    const server = inject('postgresUrl');
    await administer(server, `create database ${name}`);
    const sql = (await readFile(ROLES, 'utf8')).replaceAll(/\bpredictlab(_reader)?\b/g, `lab_${mark}$1`);
    await administer(databaseUrlOf(server, name), sql);
    rig = await createRig({ env: { DATABASE_URL: asUser(worker) } });
  });
  afterAll(async () => {
    await rig.close();
    const server = inject('postgresUrl');
    await administer(server, `drop database if exists ${name} with (force)`);
    for (const role of [worker, reader]) await administer(server, `drop role ${role}`);
  });

  it('allow a worker to migrate, run every stage, check and test a build, back up, prune and restore', async () => {
    const { home } = rig;
    let { env } = rig;
    const csv = path.join(home, 'ticks.csv');
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${new Date(Date.UTC(2026, 8, 25) + i * 1_800_000).toISOString()},${0.3 + (i % 20) / 100},5`,
    );
    await writeFile(csv, `time,price,size\n${rows.join('\n')}\n`);
    const command = async (...args: string[]) => {
      // a replay needs a process of its own
      const answer = await (args[1] === 'check' ? predictlab : predictlabHere)(args, env);
      expect(answer, answer.stderr).toMatchObject({ code: 0 });
    };
    await command('import', 'ticks', csv, '--symbol', 'X');
    const { runId, result, taskResults } = await rig.run({
      symbols: ['X'],
      sourceTypes: ['file'],
      intervals: ['1h'],
      daysBack: 30,
      asOf: '2026-10-01T00:00:00Z',
    });
    expect([result, taskResults['X/visualize'].status]).toEqual(['success', 'success']);
    // the commands of docs/operations.md's upgrade that work on the database, as they stand there
    const file = path.join(home, 'before.backup');
    const steps = [...(await readFile(RUNBOOK, 'utf8')).matchAll(/^\| \d \| `predictlab (.*?)` \|/gm)];
    expect(steps.map(([, words]) => words.split(' --')[0])).toEqual([
      'backup before.backup',
      'deploy check',
      'deploy shadow <run>',
      'deploy canary',
      'deploy promote',
    ]);
    // workers of two builds, with this role
    const build = (id: string) => ({ ...env, PREDICTLAB_DEPLOYMENT: `role-${mark}`, PREDICTLAB_BUILD_ID: id });
    const workers = [await spawnWorker(build('old'))];
    env = build('old');
    await command('deploy', 'promote', '--first');
    env = build('new');
    workers.push(await spawnWorker(env));
    for (const [, words] of steps)
      await command(...words.split(' ').map((word) => ({ 'before.backup': file, '<run>': runId })[word] ?? word));
    await command('deploy', 'rollback');
    await command('config', 'rollback', '1');
    for (const one of workers) await kill(one);
    env = rig.env;
    await command('prune', '--ticks', '30d');
    // once a week the workers try a restore
    const database = await openDatabase({ url: asUser(worker), max: 3 });
    expect(await restoreElsewhere(database, file)).toMatch(/rows restored and compared$/);
    await database.close();
    for (const words of READING) {
      const answer = await predictlabHere(words, { ...env, DATABASE_URL: asUser(reader) });
      expect(answer, `${words.join(' ')}: ${answer.stderr}`).toMatchObject({ code: 0 });
    }
    expect(await asked(asUser(reader), 'select count(*)::int > 0 as any from candles')).toEqual([{ any: true }]);
    // the day it is needed: workers stop, what was pruned comes back, and the reader still sees it
    const counts = 'select (select count(*) from ticks)::int as ticks, (select count(*) from candles)::int as candles';
    const [pruned] = await asked(asUser(reader), counts);
    await rig.worker?.shutdown();
    await command('restore', file, '--replace');
    expect(await asked(asUser(reader), counts)).toEqual([{ ticks: 200, candles: expect.any(Number) }]);
    expect(pruned).not.toMatchObject({ ticks: 200 });
  });

  it.each([
    ['make roles', () => worker, 'create role another'],
    ['make databases as a reader', () => reader, 'create database another'],
    ['read files of the server', () => worker, "select pg_read_file('postgresql.conf')"],
    ['run programs', () => worker, "copy (select 1) to program 'true'"],
    ['see passwords', () => worker, 'select * from pg_authid'],
    ['use the public schema', () => worker, 'create table public.t (i int)'],
    ['write as a reader', () => reader, 'delete from ticks'],
    ['write as a reader that allows itself to', () => reader, 'set default_transaction_read_only = off; delete from ticks'],
    ['make tables as a reader', () => reader, 'create table t (i int)'],
  ])('do not allow anybody to %s', async (_, user, sql) => {
    await expect(asked(asUser(user()), sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|25006|3F000)$/) });
  });
});
