import type { ChildProcess } from 'node:child_process';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unusable } from '../../contracts/errors.ts';
import { folderOf, pidExists, programOf } from '../../processes/process-identity.ts';
import { connectionSettings, SteadyClient } from '../database/connection-settings.ts';
import { socketUrl } from '../database/database-url.ts';
import { type Cluster, LOCK_HELD, launchServer } from './postgres-cluster.ts';
import { lastTrouble } from './postgres-log.ts';

/** Time without an answer after which a server counts as stuck. */
const SILENCE_MS = 60_000;
/** Longest recovery after a crash: replaying the log (up to max_wal_size) takes minutes on a slow disk. */
const RECOVERY_MS = 600_000;
/** Time to wait for a server that is shutting down by itself. */
const ENDING_MS = 20_000;
/** Time for which a server may still accept connections after its container was killed. */
const DYING_MS = 2_000;
const POLL_MS = 20;
/** Lock file with a pid; Postgres refuses to start while any process has that pid. */
const SOCKET_LOCK = '.s.PGSQL.5432.lock';

/** Signals that end a server, each with the time to wait for it. After the last one the server must recover as from a crash. */
type Steps = readonly (readonly [signal: NodeJS.Signals, ms: number])[];
const STEPS: Steps = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 8_000],
  ['SIGKILL', 8_000],
];

/** The pid of the server that runs on this data folder, if there is one. A postmaster.pid left by a crash does not count. */
export function runningServer({ data }: Pick<Cluster, 'data'>): number | undefined {
  let text: string;
  try {
    text = readFileSync(join(data, 'postmaster.pid'), 'utf8');
  } catch {
    return undefined;
  }
  const pid = Number(text.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !pidExists(pid)) return undefined;
  // After a crash the pid may belong to another process by now, even to another server.
  const program = programOf(pid);
  const folder = folderOf(pid);
  if (program !== undefined && program !== 'postgres') return undefined;
  return folder === undefined || folder === realpathSync(data) ? pid : undefined;
}

/** Refuses a data folder whose server runs in another container, where no pid shows it. @throws PredictLabError `StorageUnavailable` */
export async function refuseForeignServer({ data, socket }: Pick<Cluster, 'data' | 'socket'>): Promise<void> {
  // a server that was just killed with its container still accepts connections for a moment
  const isAway = await until(async () => runningServer({ data }) !== undefined || !(await isListening(socket)), DYING_MS);
  if (!isAway) throw foreign(data);
}

/** Starts the server, or waits for one that is just starting, until it accepts connections. @returns its pid */
export async function start(cluster: Cluster): Promise<number> {
  const began = Date.now();
  let heard = began;
  let child: ChildProcess | undefined;
  let ending = 0;
  for (;;) {
    let pid = runningServer(cluster);
    if (pid === undefined && (child === undefined || hasEnded(child))) {
      // Child processes of a killed server may hold its memory for a moment: the next attempt succeeds.
      if (child !== undefined) {
        if (!mayPass(cluster, child) || Date.now() - heard > SILENCE_MS) throw notStarted(cluster, child);
        await sleep(200);
      }
      await refuseForeignServer(cluster);
      // files of a killed server name pids that may belong to other processes by now
      for (const left of [join(cluster.data, 'postmaster.pid'), join(cluster.socket, SOCKET_LOCK)]) rmSync(left, { force: true });
      child = launchServer(cluster);
    }
    pid = runningServer(cluster);
    const answer = pid === undefined ? 'nothing' : await answerOf(cluster.socket);
    const now = Date.now();
    if (answer === 'ready' && pid !== undefined) return pid;
    if (answer === 'starting') heard = now;
    ending = answer === 'stopping' ? ending || now : 0;
    const isStuck = now - heard > SILENCE_MS || now - began > RECOVERY_MS || (ending > 0 && now - ending > ENDING_MS);
    if (isStuck) {
      if (child !== undefined) throw notStarted(cluster, child);
      // this process did not start the server, which neither answers nor ends
      await stop(cluster);
      heard = Date.now();
    }
    await sleep(POLL_MS);
  }
}

/** Stops the server (first closes its connections, in the end kills it) and waits until it is gone. @throws when it does not end */
export async function stop(cluster: Pick<Cluster, 'data' | 'socket'>, steps: Steps = STEPS): Promise<void> {
  const pid = runningServer(cluster);
  if (pid === undefined) return;
  // a server that recovers from the death of a child process forgets the signal
  await until(async () => !isThere(cluster, pid) || (await answerOf(cluster.socket)) !== 'starting', ENDING_MS);
  for (const [name, ms] of steps) {
    signal(pid, name);
    if (await until(() => Promise.resolve(!isThere(cluster, pid)), ms)) return;
  }
  throw unusable(`the embedded Postgres on ${cluster.data} (pid ${pid}) does not end; end it by hand`);
}

const isThere = (cluster: Pick<Cluster, 'data'>, pid: number): boolean => runningServer(cluster) === pid;

async function until(isSo: () => Promise<boolean>, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Sends a signal to the server. @param name SIGINT is Postgres' fast shutdown */
export function signal(pid: number, name: NodeJS.Signals = 'SIGINT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // ignored: the server has already ended
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

const mayPass = (cluster: Cluster, child: ChildProcess): boolean =>
  child.exitCode === LOCK_HELD || /shared memory block|lock file/.test(logEnd(cluster));

function notStarted(cluster: Cluster, child: ChildProcess): Error {
  if (child.exitCode === LOCK_HELD) return foreign(cluster.data);
  const reason = lastTrouble(cluster.logFile, Date.now()) ?? (hasEnded(child) ? logEnd(cluster) : 'it did not answer in time');
  return unusable(`the embedded Postgres on ${cluster.data} did not start: ${reason}; see ${cluster.logFile}`);
}

const logEnd = ({ logFile }: Cluster): string => readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' / ');

const foreign = (data: string): Error =>
  unusable(
    `another container or user runs a server on ${dirname(data)}; give each its own PREDICTLAB_HOME, or share one server through DATABASE_URL`,
  );

/** How a server answers a new connection. `nothing` means that there is no server, or that it is stuck. */
export type ServerAnswer = 'ready' | 'starting' | 'stopping' | 'nothing';

const ANSWER_TIMEOUT_MS = 2_000;

/** Connects to the server at a socket and returns how it answers. */
export async function answerOf(socket: string): Promise<ServerAnswer> {
  const client = new SteadyClient({ ...connectionSettings(socketUrl(socket, 'postgres')), connectionTimeoutMillis: ANSWER_TIMEOUT_MS });
  try {
    await client.connect();
    return 'ready';
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '57P03') return 'nothing';
    return /shutting down/.test(error.message) ? 'stopping' : 'starting';
  } finally {
    // the state of the server is known already
    await client.end().catch(() => undefined);
  }
}

/** Whether a process listens at a socket, in this container or another. A socket that a dead server left behind refuses. */
export async function isListening(socket: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const connection = connect(join(socket, '.s.PGSQL.5432'));
    const end = (listening: boolean): void => {
      connection.destroy();
      resolve(listening);
    };
    connection.once('connect', () => end(true));
    // EAGAIN means that the queue of connections is full, so a server exists
    connection.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'EAGAIN'));
  });
}
