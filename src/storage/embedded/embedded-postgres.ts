import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileTrouble, messageOf, PredictLabError, unusable } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { makeFolder, PASSAGE_MODE } from '../../processes/home-folder.ts';
import { tryLock, unlock, withLockFile } from '../../processes/lock-file.ts';
import { isForeign, isRunning, processIdentity } from '../../processes/process-identity.ts';
import { socketUrl } from '../database/database-url.ts';
import { isOurs, postgresAccount } from './postgres-account.ts';
import { locatePostgres } from './postgres-binaries.ts';
import { type Cluster, ensureDatabase, initialise } from './postgres-cluster.ts';
import { lastTrouble } from './postgres-log.ts';
import { refuseForeignServer, runningServer, signal, start, stop } from './postgres-process.ts';

const DATABASE = 'predictlab';
/** How long to wait for the lock: another process may be creating the cluster, or recovering it after a crash. */
const LOCK_TIMEOUT_MS = 120_000;
const WATCH_MS = 250;
/** Pause after a failed start of the server, for example on a full disk, so that repeated failures do not flood the log. */
const AGAIN_MS = 5_000;
/** Longest path of the socket's folder: a socket's path may have 107 bytes on Linux and 103 on macOS, of which its name takes 15. */
const MAX_SOCKET_FOLDER_BYTES = 103 - '/.s.PGSQL.5432'.length - 1;

export interface AttachedPostgres {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Attaches to the embedded Postgres of a home folder, or creates and starts it. Attached processes share the server; the last one to close
 * stops it. While this process is attached, a server that dies is started again.
 *
 * @param options.home `PREDICTLAB_HOME`; the server's files go to `<home>/postgres`
 * @throws PredictLabError `StorageUnavailable`: the message says what is in the way and what to do
 */
export async function attachPostgres({ home, log }: { home: string; log?: Log }): Promise<AttachedPostgres> {
  const folder = join(resolve(home), 'postgres');
  const lock = join(folder, 'lock');
  const users = join(folder, 'users');
  const locked = <T>(work: () => Promise<T>): Promise<T> => withLockFile(lock, LOCK_TIMEOUT_MS, work);

  const { cluster, note } = await explained(folder, async () => {
    await makeFolder(folder, PASSAGE_MODE);
    return await locked(async () => {
      const cluster = await describeCluster(folder);
      const found = runningServer(cluster) !== undefined;
      if (!found) {
        await refuseForeignServer(cluster);
        await initialise(cluster);
      }
      await start(cluster);
      if (!found) removeForeignUsers(users);
      await ensureDatabase(cluster, DATABASE).catch(async () => {
        // the server was killed after it had started
        await start(cluster);
        await ensureDatabase(cluster, DATABASE);
      });
      log?.debug(found ? 'attached to the embedded Postgres' : 'started the embedded Postgres', { folder });
      return { cluster, note: registerUser(users) };
    });
  });

  const watch = watchServer(cluster, locked, log);
  const leaveAtExit = () => leaveSync(cluster, { note, users, lock });
  process.once('exit', leaveAtExit);
  let closing: Promise<void> | undefined;
  return {
    url: socketUrl(cluster.socket, DATABASE),
    close: () =>
      (closing ??= (async () => {
        await watch.close();
        const leave = async (): Promise<void> => {
          process.off('exit', leaveAtExit);
          rmSync(note, { force: true });
          if (!hasUsers(users)) await stop(cluster);
        };
        // on a full disk no process can create the lock file, so leaving without the lock is safe
        await locked(leave).catch(async (error: unknown) => (isOfFiles(error) ? await leave() : Promise.reject(error as Error)));
      })()),
  };
}

/** Runs `work` and replaces an error of the file system by one sentence about the cause and what to do. */
async function explained<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PredictLabError || !(error instanceof Error)) throw error;
    const code = isOfFiles(error) ? error.code : undefined;
    const advice =
      code === undefined
        ? 'see postgres.log in it'
        : code === 'ENOSPC' || code === 'EDQUOT'
          ? 'free some disk space'
          : 'set PREDICTLAB_HOME to a folder that you may write to';
    const what = code === undefined ? 'the embedded Postgres cannot be used on' : 'cannot write to';
    throw unusable(`${what} ${folder}: ${code === undefined ? messageOf(error) : fileTrouble(error)}; ${advice}`, { cause: error });
  }
}

/** Whether an error comes from the file system. Connection errors have the same fields, but other codes. */
const isOfFiles = (error: unknown): error is NodeJS.ErrnoException & { code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^E(?!CONN|PIPE$|TIMEDOUT$)[A-Z]+$/.test(error.code) &&
  'syscall' in error;

async function describeCluster(folder: string): Promise<Cluster> {
  const data = join(folder, 'data');
  const binaries = await locatePostgres(join(folder, 'lib'));
  const socket = socketFolder(folder);
  const account = postgresAccount([data, socket, binaries.postgres, binaries.initdb]);
  account.own(socket);
  return { data, socket, logFile: join(folder, 'postgres.log'), binaries, account };
}

/** Folder of the socket: next to the data, or in the system's temporary folder where that path is too long for a socket. */
function socketFolder(folder: string): string {
  const beside = join(folder, 'socket');
  const short = join(tmpdir(), `predictlab-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  const socket = Buffer.byteLength(beside) <= MAX_SOCKET_FOLDER_BYTES ? beside : short;
  if (Buffer.byteLength(socket) > MAX_SOCKET_FOLDER_BYTES) {
    throw unusable(`the path ${dirname(socket)} is too long for a socket; set TMPDIR or PREDICTLAB_HOME to a shorter one`);
  }
  mkdirSync(socket, { recursive: true, mode: 0o700 });
  const found = lstatSync(socket);
  if (!found.isDirectory() || !isOurs(found.uid))
    throw unusable(`${socket} belongs to another user or is not a folder; remove it or set TMPDIR`);
  chmodSync(socket, 0o700);
  return socket;
}

/** Starts the server again when it dies (killed, out of memory) while this process uses it. No committed transaction is lost. */
function watchServer(
  cluster: Cluster,
  locked: <T>(work: () => Promise<T>) => Promise<T>,
  log: Log | undefined,
): { close(): Promise<void> } {
  let reviving: Promise<void> | undefined;
  let notBefore = 0;
  const revive = async (): Promise<void> => {
    try {
      await locked(async () => {
        if (runningServer(cluster) !== undefined) return;
        const trouble = lastTrouble(cluster.logFile, Date.now());
        log?.warn(`the embedded Postgres died${trouble === undefined ? '' : ` (${trouble})`}; starting it again`, { data: cluster.data });
        await start(cluster);
      });
    } catch (error) {
      notBefore = Date.now() + AGAIN_MS;
      log?.error(`the embedded Postgres could not be started again: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(() => {
    if (reviving === undefined && Date.now() >= notBefore && runningServer(cluster) === undefined) {
      reviving = revive().finally(() => {
        reviving = undefined;
      });
    }
  }, WATCH_MS);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      await reviving;
    },
  };
}

/** Detaches synchronously, for a process that exits without closing. */
function leaveSync(cluster: Cluster, { note, users, lock }: { note: string; users: string; lock: string }): void {
  rmSync(note, { force: true });
  if (!tryLock(lock)) return; // another process attaches or closes, and decides
  try {
    const pid = runningServer(cluster);
    if (pid !== undefined && !hasUsers(users)) signal(pid);
  } finally {
    unlock(lock);
  }
}

let count = 0;

/** Registers this process as a user of the server, by a file. @returns the file's path; remove it at the end */
function registerUser(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const note = join(folder, `${process.pid}-${count++}`);
  writeFileSync(note, processIdentity(process.pid), { mode: 0o600 });
  return note;
}

/** Whether a running process is registered as a user of the server. Removes the files of processes that have ended. */
function hasUsers(folder: string): boolean {
  let found = false;
  for (const name of notes(folder)) {
    const note = join(folder, name);
    if (isRunning(read(note))) found = true;
    else rmSync(note, { force: true });
  }
  return found;
}

/** Removes user files of processes in other containers, which cannot use a server that this process has just started. */
function removeForeignUsers(folder: string): void {
  for (const name of notes(folder)) if (isForeign(read(join(folder, name)))) rmSync(join(folder, name), { force: true });
}

function notes(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
