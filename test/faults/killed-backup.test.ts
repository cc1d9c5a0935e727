import files, { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { partialOf } from '../../src/files/write/write-output.ts';
import { writeBackup } from '../../src/storage/backup/backup.ts';
import { verifyBackup } from '../../src/storage/backup/read-backup.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { rotateBackups } from '../../src/watch/upkeep/settings.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, START, trade } from '../support/stage-run.ts';

/** Called before and after each file operation: the folder's content at that moment is what a kill would leave. */
const instants = { look: async (): Promise<void> => undefined, count: 0 };
const real = { ...files };
const watched =
  <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    await instants.look();
    const result = await work(...args);
    await instants.look();
    return result;
  };
/** Replaces the function of the module, also for modules that have imported it already. */
function watchFiles(): void {
  const open = async (...args: Parameters<typeof real.open>) => {
    const handle = await real.open(...args);
    for (const name of ['appendFile', 'sync', 'close', 'chmod'] as const)
      Object.assign(handle, { [name]: watched((handle[name] as (...args: unknown[]) => Promise<unknown>).bind(handle)) });
    return handle;
  };
  Object.assign(files, { open: watched(open), rename: watched(real.rename), rm: watched(real.rm) });
  syncBuiltinESMExports();
}

let test: TestDatabase;
let folder: string;
beforeAll(async () => {
  watchFiles();
  test = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'predictlab-killed-backup-'));
  // enough for several frames, hardly compressible
  const rows = Array.from({ length: 4000 }, (_, i) =>
    trade(START + i * 977, ((i * 7919) % 9973) / 9973, { identity: `${(i * 7919) % 65_537}` }),
  );
  await collect(test.database, { executionId: 'a', rows });
});
afterAll(async () => {
  Object.assign(files, real);
  syncBuiltinESMExports();
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

it('the file of a backup is at any moment either the complete old backup or the complete new one', async () => {
  const file = join(folder, 'all.backup');
  const reports = join(folder, 'none');
  const seen: string[] = [];
  let busy = false;
  instants.look = async () => {
    if (busy) return;
    busy = true;
    instants.count++;
    const copy = join(folder, `seen-${instants.count}`);
    if (
      await copyFile(file, copy).then(
        () => true,
        () => false,
      )
    )
      seen.push(copy);
    busy = false;
  };
  await writeBackup(test.database, file, { reports });
  const first = await readFile(file);
  const alone = instants.count;
  expect(alone).toBeGreaterThan(8);
  await collect(test.database, { executionId: 'b', rows: [trade(START, 0.25, { identity: 'one more' })] });
  await writeBackup(test.database, file, { reports });
  instants.look = async () => undefined;
  expect(seen.length).toBeGreaterThan(alone);
  const second = await readFile(file);
  expect(second.equals(first)).toBe(false);
  for (const copy of seen) {
    const bytes = await readFile(copy);
    if (!bytes.equals(first) && !bytes.equals(second)) throw new Error(`${copy} is neither: ${bytes.length} bytes`);
  }
  await verifyBackup(seen[0]);
  await verifyBackup(file);
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it('a backup that does not read back as written is not kept, and the previous backup stays', async () => {
  const file = join(folder, 'kept.backup');
  const reports = join(folder, 'none');
  await writeBackup(test.database, file, { reports });
  const before = await readFile(file);
  // a disk that loses the end of a file without an error
  let looks = 0;
  instants.look = async () => {
    for (const name of await readdir(folder)) if (name.endsWith('.partial') && looks++ > 3) await files.truncate(join(folder, name), 1000);
  };
  await expect(writeBackup(test.database, file, { reports })).rejects.toMatchObject({
    type: 'BadInput',
    message: expect.stringMatching(/kept\.backup was not kept, it reads back damaged; check the disk and try again$/),
  });
  instants.look = async () => undefined;
  expect((await readFile(file)).equals(before)).toBe(true);
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it('a backup succeeds without the pages that are pruned or written while it runs', async () => {
  const reports = await mkdtemp(join(folder, 'reports-'));
  const inFlight = basename(partialOf(join(reports, 'index.html')));
  for (const name of ['a.html', 'b.html', 'c.html', inFlight]) await writeFile(join(reports, name), name);
  let afterTables = false;
  const database: Database = {
    ...test.database,
    transaction: async (work) => await test.database.transaction(work).finally(() => (afterTables = true)),
  };
  let opened = 0;
  instants.look = async () => {
    // the second look is when the first page has been opened: all have been listed
    if (!afterTables || opened++ !== 1) return;
    instants.look = async () => undefined;
    await rm(join(reports, 'b.html'));
  };
  const file = join(folder, 'pages.backup');
  expect(await writeBackup(database, file, { reports })).toMatchObject({ reports: 2 });
  instants.look = async () => undefined;
  await verifyBackup(file);
});

it('the partial file of a killed backup is removed by the next backup to the same path, also through a link', async () => {
  const place = await mkdtemp(join(folder, 'linked-'));
  const target = join(place, 'real.backup');
  const link = join(folder, 'link.backup');
  await symlink(target, link);
  await writeBackup(test.database, link, { reports: join(folder, 'none') });
  const [, pid, started, ownPlace] = /\.(\d+)-(\d*)-([0-9a-f]{8})-/.exec(partialOf(target)) ?? [];
  await writeFile(join(place, `.real.backup.${pid}-${Number(started) + 1}-${ownPlace}-00000000.partial`), 'half of it');
  await writeBackup(test.database, link, { reports: join(folder, 'none') });
  expect(await readdir(place)).toEqual(['real.backup']);
  await verifyBackup(link);
});

it('rotation counts complete backups only, whatever other files lie in the folder', async () => {
  const place = await mkdtemp(join(folder, 'rotation-'));
  const name = (day: number): string => `predictlab-2026-11-${String(day).padStart(2, '0')}T00-00-00-000Z.backup`;
  const whole = join(folder, 'kept.backup');
  const bytes = await readFile(whole);
  const isWhole = [true, true, false, true, false, false, true, true];
  for (let keep = 1; keep <= 6; keep++) {
    for (const [day, good] of isWhole.entries())
      await writeFile(join(place, name(day + 1)), good ? bytes : bytes.subarray(0, bytes.length - 1 - day));
    const { damaged } = await rotateBackups(place, { written: join(place, name(8)), keep });
    const left = (await readdir(place)).sort();
    expect(left.filter((one) => isWhole[Number(one.slice(19, 21)) - 1])).toHaveLength(Math.min(keep, 5));
    expect(left.filter((one) => !isWhole[Number(one.slice(19, 21)) - 1]).sort()).toEqual([...damaged].sort());
  }
});
