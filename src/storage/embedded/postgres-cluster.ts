import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { PredictLabError } from '../../contracts/errors.ts';
import { folderOf, pidExists, programOf } from '../../processes/process-identity.ts';
import { connectionSettings } from '../database/connection-settings.ts';
import { socketUrl } from '../database/database-url.ts';
import type { PostgresAccount } from './postgres-account.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 20;
const LARGEST_LOG = 10 * 2 ** 20;

/** Everything that is needed to run one embedded server. */
export interface Cluster {
  readonly data: string;
  /** Folder of the Unix socket. */
  readonly socket: string;
  readonly logFile: string;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount;
}

/** Durable (fsync and synchronous_commit stay on), reached through the socket only, sized for a workstation. */
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
  // Our statements are short or sequential: compiling them and starting helpers costs more than it gains.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Creates the cluster unless it exists. Interrupted halfway nothing is left behind that looks like one. */
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
  await mkdir(draft, { recursive: true, mode: 0o700 });
  account.own(draft);
  const args = ['-D', draft, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-instructions'];
  const { code, output } = await finish(launch({ binaries, account }, binaries.initdb, args, draft, 'pipe'));
  if (code !== 0) {
    await rm(draft, { recursive: true, force: true });
    throw unusable(`initdb could not create ${data}: ${lastLines(output)}`);
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

/** The pid of the server that runs on this data folder, if one does. A postmaster.pid left by a crash counts as none. */
export function runningServer({ data }: Pick<Cluster, 'data'>): number | undefined {
  let text: string;
  try {
    text = readFileSync(join(data, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !pidExists(pid)) return undefined;
  // After a crash the pid may belong to somebody else by now, even to another server.
  const program = programOf(pid);
  const folder = folderOf(pid);
  if (program !== undefined && program !== 'postgres') return undefined;
  return folder === undefined || folder === realpathSync(data) ? pid : undefined;
}

/** Starts the server, or waits for one that is just starting, until it accepts connections. @returns its pid */
export async function start(cluster: Cluster): Promise<number> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let child: ChildProcess | undefined;
  let reason = 'it did not answer in time';
  while (Date.now() < deadline) {
    let pid = runningServer(cluster);
    if (pid === undefined && (child === undefined || hasEnded(child))) {
      // Helpers of a killed server may hold its memory for a moment: the next try succeeds.
      if (child !== undefined) {
        reason = lastLines(readFileSync(cluster.logFile, 'utf8'));
        if (!/shared memory block|lock file/.test(reason)) break;
        await sleep(200);
      }
      rmSync(join(cluster.data, 'postmaster.pid'), { force: true });
      child = launchServer(cluster);
    }
    pid = runningServer(cluster);
    if (pid !== undefined && (await accepts(cluster))) return pid;
    await sleep(POLL_MS);
  }
  throw unusable(`the embedded Postgres on ${cluster.data} did not start: ${reason}; see ${cluster.logFile}`);
}

/** Ends the server after telling every connection to stop; waits until it is gone. */
export async function stop(cluster: Pick<Cluster, 'data'>): Promise<void> {
  const pid = runningServer(cluster);
  if (pid === undefined) return;
  signal(pid);
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  while (runningServer(cluster) === pid && Date.now() < deadline) await sleep(POLL_MS);
}

/** SIGINT is Postgres' fast shutdown. */
export function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // it ended by itself
  }
}

/** Makes the database of this name unless it exists. */
export async function ensureDatabase(cluster: Pick<Cluster, 'socket'>, name: string): Promise<void> {
  const client = new Client(connectionSettings(socketUrl(cluster.socket, 'postgres')));
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

async function accepts({ socket }: Cluster): Promise<boolean> {
  const client = new Client({ ...connectionSettings(socketUrl(socket, 'postgres')), connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** In a session of its own, so that Ctrl-C in the terminal reaches its users first and they end it. */
function launchServer(cluster: Cluster): ChildProcess {
  if (existsSync(cluster.logFile) && statSync(cluster.logFile).size > LARGEST_LOG) rmSync(cluster.logFile);
  const log = openSync(cluster.logFile, 'a');
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: cluster.socket }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = launch(cluster, cluster.binaries.postgres, ['-D', cluster.data, ...settings], cluster.data, log);
  closeSync(log);
  child.unref();
  return child;
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

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join(' / ');

const unusable = (message: string): PredictLabError => new PredictLabError('StorageUnavailable', message);
