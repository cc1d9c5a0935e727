import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Closers } from '../src/closers.ts';
import type { Log } from '../src/contracts/log.ts';
import { startDevServer } from '../src/set-up/temporal/dev-server.ts';
import { findTemporalCli } from '../src/set-up/temporal/temporal-cli.ts';
import { attachPostgres } from '../src/storage/embedded/embedded-postgres.ts';

/** The project's folder: benches run from dist/bench. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The servers, database and home folder that a bench of runs uses. */
export interface BenchStack {
  readonly home: string;
  /** Environment with the addresses of the servers and the home folder. */
  readonly env: NodeJS.ProcessEnv;
  readonly databaseUrl: string;
  readonly serverPid: number;
  readonly postgresPid: number;
  /** Closes what the bench opens, before the servers. */
  readonly closers: Closers;
}

/** Events after which a bench ends early: a signal, or the end of the process that prints its results. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'disconnect'] as const;

/** Runs a bench on a Temporal server, a Postgres and a home, all gone when it ends. @param kept a home that stays, with its database */
export async function withBenchStack<T>(log: Log, bench: (stack: BenchStack) => Promise<T>, kept?: string): Promise<T> {
  const closers = new Closers(log);
  const home = kept ?? (await mkdtemp(path.join(tmpdir(), 'predictlab-bench-')));
  if (kept === undefined) closers.add('the bench folder', { close: () => rm(home, { recursive: true, force: true }) });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closers.close());
  const end = (): void => void close().finally(() => process.exit(130));
  for (const ending of ENDINGS) process.once(ending, end);
  try {
    const cli = await findTemporalCli({ env: process.env, home: path.join(ROOT, '.predictlab'), log });
    const postgres = closers.add('Postgres', await attachPostgres({ home, log }));
    const server = closers.add('Temporal', await startDevServer({ cli, home, headless: true, log }));
    const env = { ...process.env, TEMPORAL_ADDRESS: server.address, DATABASE_URL: postgres.url, PREDICTLAB_HOME: home };
    return await bench({ home, env, databaseUrl: postgres.url, serverPid: server.pid, postgresPid: await postgresPidOf(home), closers });
  } finally {
    await close();
    for (const ending of ENDINGS) process.off(ending, end);
  }
}

/** The process id in the first line of the file that a running Postgres keeps in its data folder. */
async function postgresPidOf(home: string): Promise<number> {
  for (const folder of ['postgres', 'postgres/data']) {
    const text = await readFile(path.join(home, folder, 'postmaster.pid'), 'utf8').catch(() => undefined);
    if (text !== undefined) return Number.parseInt(text, 10);
  }
  throw new Error(`no postmaster.pid under ${home}/postgres`);
}
