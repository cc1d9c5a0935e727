import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listIncidents } from '../../src/incidents/rows/incidents.ts';
import type { Prunable } from '../../src/storage/backup/prune.ts';
import { lastUpkeep, runExclusively, upkeepCheck } from '../../src/watch/checks/upkeep.ts';
import { type PrunableFiles, setUpkeep, upkeepSettings } from '../../src/watch/upkeep/settings.ts';
import { runUpkeep } from '../../src/watch/upkeep/upkeep.ts';
import { runDueChecks } from '../../src/watch/watch.ts';
import { predictlabHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

let storage: TestDatabase;
let home: string;
let folder: string;
beforeAll(async () => {
  storage = await testDatabase();
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-upkeep-'));
  folder = path.join(home, 'backups');
  await importTestSymbols(storage.database);
});
afterAll(async () => {
  await storage.close();
  await rm(home, { recursive: true, force: true });
});
const lookAt = async (now: number): Promise<void> => {
  const checks = [upkeepCheck({ database: storage.database, home, log: silent })];
  await runDueChecks({ database: storage.database, checks, onNews: () => undefined, log: silent }, now);
};
const ask = (...args: string[]) =>
  predictlabHere(['upkeep', ...args], { ...process.env, DATABASE_URL: storage.url, PREDICTLAB_HOME: home });

it('the upkeep rotates backups, restores one elsewhere as a test, prunes and checks the data', async () => {
  const settings = { ages: { runs: 1000, reports: 1000, logs: 1000 }, keep: 1, backup: { folder, rotate: 2 } };
  const request = { database: storage.database, home, settings, now: Date.now(), tryRestore: true };
  const ends = await runUpkeep(request);
  expect(ends.map(({ job, ok }) => [job, ok])).toEqual([
    ['backup', true],
    ['restore', true],
    ['prune', true],
    ['data', true],
  ]);
  expect(ends[0].said).toMatch(/^[1-9][\d,]* rows in .*\.backup, 0 older removed$/);
  expect(ends[1].said).toMatch(/^[1-9][\d,]* rows restored and compared$/);
  for (const day of [1, 2]) await runUpkeep({ ...request, now: request.now + day * 86_400_000, tryRestore: false });
  await writeFile(path.join(folder, 'mine.txt'), 'not a backup');
  expect((await readdir(folder)).filter((name) => name.endsWith('.backup'))).toHaveLength(2);
  const { rows } = await storage.database.query("select datname from pg_database where datname like 'predictlab_try_%'");
  expect(rows).toEqual([]);
});

it('the upkeep prunes data, reports and logs that are older than their ages, and keeps those without an age', async () => {
  const day = 86_400_000;
  const now = Date.now();
  const pages = async (kind: string, name: string, daysOld: number): Promise<void> => {
    const place = path.join(home, kind, name);
    await mkdir(place, { recursive: true });
    await writeFile(path.join(place, 'a-file'), 'x');
    await utimes(path.join(place, 'a-file'), (now - daysOld * day) / 1000, (now - daysOld * day) / 1000);
  };
  for (const kind of ['reports', 'logs/runs']) for (const daysOld of [10, 40]) await pages(kind, `of-${daysOld}-days`, daysOld);
  const pruned = async (ages: Partial<Record<Prunable | PrunableFiles, number>>) => {
    const ends = await runUpkeep({ database: storage.database, home, settings: { ages, keep: 1 }, now, tryRestore: false });
    return ends.find(({ job }) => job === 'prune')?.said;
  };
  expect(await pruned({})).toBe('nothing to prune');
  expect(await pruned({ logs: 30 * day, runs: 30 * day })).toBe('runs 0, logs 1');
  expect(await pruned({ reports: 30 * day })).toBe('reports 1');
  for (const kind of ['reports', 'logs/runs'])
    expect((await readdir(path.join(home, kind))).filter((name) => name.startsWith('of-'))).toEqual(['of-10-days']);
});

it('an upkeep job that fails is an incident until it succeeds, and does not stop the other jobs', async () => {
  await writeFile(path.join(home, 'a-file'), '');
  await setUpkeep(storage.database, { ages: {}, keep: 1, backup: { folder: path.join(home, 'a-file', 'below'), rotate: 1 } });
  let day = 0;
  const look = async () => {
    await storage.database.query("update watch_state set at = at - interval '1 day' where name like 'turn/%'");
    await lookAt(Date.now() + day++ * 86_400_000);
  };
  await look();
  const open = async () => (await listIncidents(storage.database, { open: true, limit: 9 })).map(({ cause }) => cause);
  expect(await open()).toEqual([expect.stringMatching(/^upkeep: backup: /)]);
  expect((await lastUpkeep(storage.database))?.ends.map(({ job, ok }) => [job, ok])).toEqual([
    ['backup', false],
    ['prune', true],
    ['data', true],
  ]);
  await setUpkeep(storage.database, { ages: {}, keep: 1, backup: { folder, rotate: 1 } });
  await look();
  expect(await open()).toEqual([]);
});

it('the upkeep runs once a day on one of many workers, once after a machine slept for days, and again if its worker died', async () => {
  await storage.database.query("delete from watch_state where name like '%upkeep%'");
  await setUpkeep(storage.database, { ages: {}, keep: 1, backup: { folder, rotate: 9 } });
  const doneAt = async () => (await lastUpkeep(storage.database))?.at;
  const turnsPass = () => storage.database.query("update watch_state set at = at - interval '2 minutes' where name = 'turn/upkeep'");
  const begin = Date.now();
  await Promise.all([lookAt(begin), lookAt(begin), lookAt(begin)]);
  expect(await doneAt()).toBe(begin);
  const restored = async () => (await lastUpkeep(storage.database))?.ends.some(({ job }) => job === 'restore');
  expect(await restored()).toBe(true);
  for (const hours of [1, 12, 20]) {
    await turnsPass();
    await lookAt(begin + hours * 3_600_000);
  }
  expect(await doneAt()).toBe(begin);

  // three days later a worker has started it, and renews its claim each minute
  const awake = begin + 3 * 86_400_000;
  await storage.database.query("insert into watch_state (name, state, at) values ('turn/upkeep/doing', 'null', now())");
  await turnsPass();
  await lookAt(awake);
  expect(await doneAt()).toBe(begin);
  // until that worker dies
  await storage.database.query("update watch_state set at = now() - interval '6 minutes' where name = 'turn/upkeep/doing'");
  await turnsPass();
  await lookAt(awake + 360_000);
  expect([await doneAt(), await restored()]).toEqual([awake + 360_000, false]);
  await turnsPass();
  await lookAt(awake + 480_000);
  expect(await doneAt()).toBe(awake + 360_000);
});

it('the upkeep runs on one worker at a time, and can run on another worker right after', async () => {
  await storage.database.query("delete from watch_state where name like 'turn/%'");
  await setUpkeep(storage.database, { ages: { logs: 1000 }, keep: 1 });
  let leave = (): void => undefined;
  const begun = new Promise<void>((begins) => {
    void runExclusively(storage.database, async () => {
      const left = new Promise<void>((leaves) => {
        leave = leaves;
      });
      begins();
      await left;
      return [];
    });
  });
  await begun;
  expect(await ask('run')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('is doing the upkeep now') });
  expect(await runExclusively(storage.database, () => Promise.resolve([]))).toBeUndefined();
  leave();
  await until(async () => (await ask('run')).code === 0);
  expect(await ask('run')).toMatchObject({ code: 0 });
});

it('the upkeep is configured, shown, run and stopped from the command line', async () => {
  expect(await ask('set', '--reports', 'soon')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--reports soon: write an age such as 90d'),
  });
  expect(await ask('set')).toMatchObject({ code: 2, stderr: expect.stringContaining('name what to do') });
  expect(await ask('set', '--reports', '90d', '--backup', folder, '--rotate', '3')).toMatchObject({ code: 0, stderr: '' });
  expect(await upkeepSettings(storage.database)).toEqual({ ages: { reports: 90 * 86_400_000 }, keep: 1, backup: { folder, rotate: 3 } });
  const run = await ask('run', '--json');
  expect(run).toMatchObject({ code: 0 });
  expect((JSON.parse(run.stdout) as { job: string }[]).map(({ job }) => job)).toEqual(['backup', 'restore', 'prune', 'data']);
  expect(await ask()).toMatchObject({ code: 0, stdout: expect.stringContaining('reports older than 90 days') });
  expect(await ask('off')).toMatchObject({ code: 0 });
  expect(await ask('run')).toMatchObject({ code: 2, stderr: expect.stringContaining('no daily upkeep is set') });
});
