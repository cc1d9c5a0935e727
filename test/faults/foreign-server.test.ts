import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';

const CHILD = fileURLToPath(new URL('./attach-child.mjs', import.meta.url));
const NAMESPACE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const isBuilt = existsSync(new URL('../../dist/src/storage/embedded/embedded-postgres.js', import.meta.url));
const mayUnshare = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

interface Said {
  readonly attached?: boolean;
  readonly written?: number;
  readonly failed?: string;
  readonly type?: string;
}

/** A process that sees none of ours, as in another container on the same files. */
function elsewhere(home: string, tag: string): { child: ChildProcess; next(): Promise<Said> } {
  const child = spawn('unshare', [...NAMESPACE, process.execPath, CHILD, home, tag], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => JSON.parse(((await lines.next()).value as string | undefined) ?? '{}') as Said };
}

describe.skipIf(!isBuilt || !mayUnshare)('two containers with the same home folder (needs npm run build and unshare)', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'predictlab-foreign-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));
  const refusal =
    /another container or user runs a server on .*postgres; give each its own PREDICTLAB_HOME, or share one server through DATABASE_URL/;

  it('never start two servers: the one that comes second is refused in one sentence, and no row is lost', async () => {
    const first = elsewhere(home, 'FIRST');
    expect(await first.next()).toEqual({ attached: true });
    await expect(attachPostgres({ home })).rejects.toMatchObject({ type: 'StorageUnavailable', message: expect.stringMatching(refusal) });
    first.child.stdin?.end();
    const { written } = await first.next();

    const { url, close } = await attachPostgres({ home });
    const database = await openDatabase({ url });
    expect((await database.query('select count(*) as rows from symbols')).rows).toEqual([{ rows: written }]);
    const second = elsewhere(home, 'SECOND');
    expect(await second.next()).toMatchObject({ type: 'StorageUnavailable', failed: expect.stringMatching(refusal) });
    second.child.stdin?.end();
    await database.query("insert into symbols (symbol) values ('STILL_HERE')");
    await database.close();
    await close();
  });

  it('can follow each other: after one is killed, the next takes over the home with every acknowledged row', async () => {
    const killed = elsewhere(home, 'KILLED');
    expect(await killed.next()).toEqual({ attached: true });
    // its files name pids that may belong to other processes here
    const lock = await readFile(join(home, 'postgres/socket/.s.PGSQL.5432.lock'), 'utf8');
    const gone = once(killed.child, 'close');
    killed.child.kill('SIGKILL');
    await gone;
    await writeFile(join(home, 'postgres/socket/.s.PGSQL.5432.lock'), lock.replace(/^\d+/, String(process.ppid)));
    const { url, close } = await attachPostgres({ home });
    const database = await openDatabase({ url });
    const { rows } = await database.query<{ rows: number }>("select count(*) as rows from symbols where symbol like 'KILLED%'");
    expect(rows[0].rows).toBeGreaterThanOrEqual(0);
    await database.close();
    await close();
  });
});
