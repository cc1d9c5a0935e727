import { link, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filedFolderName } from '../../src/report/elements/report-path.ts';
import { pagedRuns } from '../../src/storage/runs/run-history.ts';
import { newestOfEachSymbol, pruneLogs, pruneReports } from '../../src/watch/upkeep/prune-files.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const DAY = 86_400_000;
let storage: TestDatabase;
let home: string;
beforeAll(async () => {
  storage = await testDatabase();
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-prune-'));
});
afterAll(async () => {
  await storage.close();
  await rm(home, { recursive: true, force: true });
});

/** Stores a run that ended `daysAgo` days ago, with its pages. */
async function runWithPages(runId: string, daysAgo: number, symbols: readonly string[]): Promise<void> {
  const at = Date.now() - daysAgo * DAY;
  await storage.database.query(
    `insert into runs (execution_id, run_id, input, config, started_at, finished_at) values ($1, $1, '{}', $2, to_timestamp($3), to_timestamp($3))`,
    [runId, JSON.stringify({ symbols: symbols.map((symbol) => ({ symbol })) }), at / 1000],
  );
  await pages(filedFolderName({ runId, executionId: runId, idUsedBefore: false }));
}

async function pages(folder: string): Promise<void> {
  const place = path.join(home, 'reports', folder);
  await mkdir(place, { recursive: true });
  await writeFile(path.join(place, 'index.html'), 'x'.repeat(1000));
  await link(path.join(home, 'reports', 'charts-0123456789ab.js'), path.join(place, 'charts-0123456789ab.js'));
}

it('prune removes pages by age, and keeps those of the last runs of each symbol, of open runs, and in new unknown folders', async () => {
  await mkdir(path.join(home, 'reports'), { recursive: true });
  await writeFile(path.join(home, 'reports', 'charts-0123456789ab.js'), 'y'.repeat(5000));
  await runWithPages('a1', 200, ['AAA']);
  await runWithPages('a2', 150, ['AAA', 'BBB']);
  await runWithPages('a3', 100, ['AAA']);
  await runWithPages('a4', 1, ['AAA']);
  await runWithPages('c:1', 300, ['CCC']);
  await storage.database.query(
    `insert into runs (execution_id, run_id, input, config, started_at) values ('open', 'open', '{}', '{"symbols":[]}', now() - interval '300 days')`,
  );
  await pages('open');
  await pages('of-another-database');

  const request = { database: storage.database, home, before: Date.now() - 90 * DAY };
  const asked = await pruneReports({ ...request, dryRun: true });
  expect(asked).toEqual({ what: 'reports', before: request.before, rows: 4, bytes: 2000 });
  expect(await readdir(path.join(home, 'reports'))).not.toContain('index.html');
  const [{ at }] = (
    await storage.database.query<{ at: number }>(
      `select (extract(epoch from finished_at) * 1000)::float8 as at from runs where run_id = 'a1'`,
    )
  ).rows;
  expect(await pruneReports({ ...request, before: at, dryRun: true })).toMatchObject({ rows: 0 });
  expect(await pruneReports(request)).toEqual(asked);
  // a2 is the last one of BBB, c:1 of CCC
  const left = (await readdir(path.join(home, 'reports'))).sort();
  expect(left).toEqual(['a2', 'a4', 'c.1', 'charts-0123456789ab.js', 'index.html', 'of-another-database', 'open']);
  expect(await pruneReports({ ...request, keep: 0 })).toMatchObject({ rows: 4 });
  // nothing was deleted, so the page of all runs is not written again
  await rm(path.join(home, 'reports', 'index.html'));
  expect(await pruneReports({ ...request, keep: 0 })).toMatchObject({ rows: 0 });
  expect(await readdir(path.join(home, 'reports'))).not.toContain('index.html');
});

it('prune keeps the requested number of runs of each symbol', async () => {
  const names = async (keep: number) => [...newestOfEachSymbol(await pagedRuns(storage.database), keep)].map(({ runId }) => runId).sort();
  expect(await names(0)).toEqual([]);
  expect(await names(1)).toEqual(['a2', 'a4', 'c:1']);
  expect(await names(3)).toEqual(['a2', 'a3', 'a4', 'c:1']);
});

it('prune removes the log lines of runs that wrote nothing for the given time', async () => {
  const old = path.join(home, 'logs', 'runs', 'old');
  const young = path.join(home, 'logs', 'runs', 'young');
  for (const folder of [old, young]) {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'worker.jsonl'), 'a line\n');
  }
  // file systems round fractions of a second
  const long = new Date(Math.floor(Date.now() / 1000) * 1000 - 40 * DAY);
  await utimes(path.join(old, 'worker.jsonl'), long, long);
  const worker = path.join(home, 'logs', 'worker-1.log');
  await writeFile(worker, 'a line\n');
  await utimes(worker, long, long);
  const others = ['notes.txt', 'folder.log'].map((name) => path.join(home, 'logs', name));
  await writeFile(others[0], 'a line\n');
  await utimes(others[0], long, long);
  await mkdir(others[1]);
  expect(await pruneLogs({ home, before: long.getTime(), dryRun: true })).toMatchObject({ rows: 0, bytes: 0 });
  expect(await pruneLogs({ home, before: Date.now() - 30 * DAY })).toMatchObject({ what: 'logs', rows: 2, bytes: 14 });
  expect(await readdir(path.join(home, 'logs', 'runs'))).toEqual(['young']);
  expect((await readdir(path.join(home, 'logs'))).sort()).toEqual(['folder.log', 'notes.txt', 'runs']);
});
