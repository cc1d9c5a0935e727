import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusable } from '../../contracts/errors.ts';
import { makeFolder } from '../../processes/home-folder.ts';
import { connectionSettings, SteadyClient } from '../database/connection-settings.ts';
import { socketUrl } from '../database/database-url.ts';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { withAdvice } from './postgres-log.ts';

const MAX_LOG_BYTES = 10 * 2 ** 20;

export interface Cluster {
  readonly data: string;
  readonly socket: string;
  readonly logFile: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
}

/** Settings of the server: reached through a socket only, sized for a workstation, durable (fsync and synchronous_commit stay on). */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '32MB',
  maintenance_work_mem: '128MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  // Statements are short or sequential: compiling them, and starting parallel workers, costs more than it gains.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Creates the cluster unless it exists. An interrupted attempt leaves nothing that looks like a cluster. */
export async function initialise({ data, binaries, account }: Cluster): Promise<void> {
  await sweepHalfFinished(data);
  if (existsSync(join(data, 'PG_VERSION'))) {
    requireSameVersion(data);
    account.own(data);
    return;
  }
  if (existsSync(data)) {
    throw unusable(`${data} exists but holds no database; move it away, or set PREDICTLAB_HOME to another folder`);
  }
  const draft = `${data}.init-${process.pid}`;
  await makeFolder(draft, 0o700);
  account.own(draft);
  const args = ['-D', draft, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-instructions'];
  const { code, output } = await finish(launch({ binaries, account }, binaries.initdb, args, draft, 'pipe'));
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw unusable(`initdb could not create ${data}: ${withAdvice(lastLines(output))}`);
  }
  if (account.only !== undefined) {
    await writeFile(join(draft, 'pg_hba.conf'), 'local all all peer map=predictlab\n');
    await writeFile(join(draft, 'pg_ident.conf'), `predictlab "${account.only}" all\n`);
  }
  await rename(draft, data);
}

async function sweepHalfFinished(data: string): Promise<void> {
  const folder = join(data, '..');
  const prefix = `${data.slice(folder.length + 1)}.init-`;
  for (const name of await readdir(folder)) if (name.startsWith(prefix)) await rm(join(folder, name), { recursive: true, force: true });
}

const POSTGRES_MAJOR = '18';
function requireSameVersion(data: string): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version === POSTGRES_MAJOR) return;
  throw unusable(
    `${data} was made by Postgres ${version}, this is ${POSTGRES_MAJOR}; restore a backup into a new PREDICTLAB_HOME (predictlab backup with the old version, predictlab restore with this one)`,
  );
}

/** Creates the database of this name unless it exists. */
export async function ensureDatabase(cluster: Pick<Cluster, 'socket'>, name: string): Promise<void> {
  const client = new SteadyClient(connectionSettings(socketUrl(cluster.socket, 'postgres')));
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

/** Starts the server in a session of its own, so that Ctrl-C in the terminal reaches its users first, and they stop it. */
export function launchServer(cluster: Cluster): ChildProcess {
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > MAX_LOG_BYTES) rmSync(cluster.logFile);
  const log = openSync(cluster.logFile, 'a', 0o600);
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: cluster.socket }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const [program, ...args] = [...heldBy(cluster), cluster.binaries.postgres, '-D', cluster.data, ...settings];
  const child = launch(cluster, program, args, cluster.data, log);
  closeSync(log);
  child.unref();
  return child;
}

/** Exit code of `flock` when another process holds the lock. */
export const LOCK_HELD = 99;

/**
 * Command prefix that makes the server and its children hold a file lock on their data, which other containers see, unlike a pid. Empty
 * where `flock` is not installed; then only the socket shows that a server runs.
 */
function heldBy({ data, account }: Cluster): readonly string[] {
  // `stdout` is null where there is no such program, although its type says otherwise
  const { stdout } = spawnSync('flock', ['--version'], { encoding: 'utf8' }) as { stdout: string | null };
  if (stdout === null || !stdout.includes('util-linux')) return [];
  const lock = `${data}.lock`;
  closeSync(openSync(lock, 'a', 0o600));
  // only the owner may open the lock file: any process that opens it could hold the lock and keep the server from starting
  chmodSync(lock, 0o600);
  account.own(lock);
  return ['flock', '--nonblock', '--no-fork', '--conflict-exit-code', String(LOCK_HELD), lock];
}

function launch(
  { binaries, account }: Pick<Cluster, 'binaries' | 'account'>,
  program: string,
  args: readonly string[],
  cwd: string,
  output: number | 'pipe',
): ChildProcess {
  const wrapped = account.wrap(program, args);
  const child = spawn(wrapped.program, wrapped.args, {
    cwd,
    env: { PATH: process.env.PATH, ...binaries.env, LC_ALL: 'C', TZ: 'UTC' },
    detached: true,
    stdio: ['ignore', output, output],
    ...(wrapped.uid === undefined ? {} : { uid: wrapped.uid, gid: wrapped.gid }),
  });
  child.on('error', () => undefined);
  return child;
}

async function finish(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return await new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' / ');
