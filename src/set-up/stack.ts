import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Closers } from '../closers.ts';
import { PredictLabError } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { makePrivateFolder } from '../processes/home-folder.ts';
import { ownRecord, type ProcessRecord, recordProcesses } from '../processes/process-record.ts';
import { attachPostgres } from '../storage/embedded/embedded-postgres.ts';
import { commandLine, howEnded, stopProcess } from './processes/child-process.ts';
import { keepRunning, type ServingProcess } from './processes/kept-process.ts';
import { type DevServer, startDevServer } from './temporal/dev-server.ts';
import { claimPort } from './temporal/free-port.ts';

interface StackOptions {
  readonly kind: ProcessRecord['kind'];
  readonly env: NodeJS.ProcessEnv;
  readonly cli: string;
  readonly home: string;
  /** File that keeps Temporal's state over restarts. @default none */
  readonly databaseFile?: string;
  readonly port: number;
  readonly uiPort: number;
  readonly headless?: boolean;
  /** Whether to restart Temporal and the worker when they end unexpectedly. @default false: then `broken` resolves */
  readonly keepUp?: boolean;
  /** The user's own database instead of the embedded one. */
  readonly databaseUrl?: string;
  /** Starts a further service beside Postgres and Temporal. The variables that it returns become part of the stack's environment. */
  readonly venue?: () => Promise<NodeJS.ProcessEnv>;
  /** Called when everything but the worker is running; the worker starts at the same time. */
  readonly prepare?: (env: NodeJS.ProcessEnv) => Promise<void>;
  readonly closers: Closers;
  readonly log: Log;
}

interface Stack {
  readonly server: DevServer;
  readonly worker: ServingProcess;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves with a sentence when a part of the stack has ended and is not restarted. */
  readonly broken: Promise<string>;
}

/** Starts Postgres, the Temporal dev server and a worker, each as soon as its dependencies are running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { kind, env, home, closers, log, keepUp = false } = options;
  const processes = closers.add('the process record', new StackProcesses({ kind, home, keepUp, closers, log }));
  const postgres =
    options.databaseUrl === undefined
      ? attachPostgres({ home, log }).then((attached) => closers.add('the embedded Postgres', attached))
      : Promise.resolve({ url: options.databaseUrl });
  const temporal = processes.start<DevServer>('the Temporal dev server', 'start-dev', (inPlaceOf) =>
    startDevServer({ ...options, ...(inPlaceOf === undefined ? {} : { inPlaceOf }) }),
  );
  const venue = options.venue?.() ?? Promise.resolve({});
  await allSettled([postgres, temporal, venue]);
  const { url } = await postgres;
  const server = await temporal;
  // The worker gets no version, because a worker with a version gets no runs before `predictlab deploy promote`.
  const { PREDICTLAB_DEPLOYMENT: _deployment, PREDICTLAB_BUILD_ID: _build, ...unversioned } = localEnvironment(env);
  const stackEnv: NodeJS.ProcessEnv = {
    ...unversioned,
    ...(await venue),
    PREDICTLAB_HOME: home,
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    ...(server.uiUrl === '' ? {} : { TEMPORAL_UI_URL: server.uiUrl }),
  };
  await processes.record(server);
  const logFile = path.join(home, 'logs', `worker-${process.pid}.log`);
  const working = processes.start('the worker', WORKER_MARKER, (inPlaceOf?: ServingProcess) =>
    startWorker({ env: stackEnv, logFile, again: inPlaceOf !== undefined }),
  );
  await allSettled([working, options.prepare?.(stackEnv) ?? Promise.resolve()]);
  return { server, worker: await working, env: stackEnv, broken: processes.broken() };
}

/** A part of a worker's command line, by which a process is recognised as a worker. */
const WORKER_MARKER = 'predictlab.js worker';

/** Starts the worker. Its ports for metrics and health are those that the user has set, else the default ones if free, else free ones. */
async function startWorker({ env, ...options }: Parameters<typeof startWorkerProcess>[0]): Promise<ServingProcess> {
  const [metrics, health] = [await claimPort(9464), await claimPort(9465)];
  try {
    return await startWorkerProcess({
      ...options,
      env: {
        ...env,
        LOG_FORMAT: 'json',
        // At least info, because the line "worker ready" has that level. The log goes to a file and not to the terminal.
        LOG_LEVEL: env.LOG_LEVEL === 'debug' || env.LOG_LEVEL === 'trace' ? env.LOG_LEVEL : 'info',
        METRICS_ADDRESS: env.METRICS_ADDRESS ?? `127.0.0.1:${metrics.port}`,
        HEALTH_ADDRESS: env.HEALTH_ADDRESS ?? `127.0.0.1:${health.port}`,
      },
    });
  } finally {
    metrics.release();
    health.release();
  }
}

/** Waits until all starts have ended, and then throws the first failure, so that the caller can close all that was started. */
async function allSettled(starts: readonly Promise<unknown>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
}

/** The user's environment without Temporal's settings, because a key, profile or TLS for another server would not fit the dev server. */
function localEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name === 'TEMPORAL_CLI' || !name.startsWith('TEMPORAL_')));
}

type StackProcessesOptions = Pick<StackOptions, 'kind' | 'home' | 'closers' | 'log'> & Required<Pick<StackOptions, 'keepUp'>>;

/** Starts the processes of a stack, and keeps a record of them that a later `dev` or `demo` reads. `close` removes the record. */
class StackProcesses {
  readonly #options: StackProcessesOptions;
  readonly #pids = new Map<string, number>();
  readonly #lost: Promise<string>[] = [];
  #addresses: Pick<ProcessRecord, 'address' | 'uiUrl'> | undefined;
  #record: { close(): Promise<void> } | undefined;

  constructor(options: StackProcessesOptions) {
    this.#options = options;
  }

  /**
   * Starts a process, and restarts it when it ends if `keepUp` is set.
   * @param marker a part of the process's command line, by which a later `dev` recognises the process
   * @param start starts the process; for a restart it receives the process that ended
   */
  async start<P extends ServingProcess>(what: string, marker: string, start: (inPlaceOf?: P) => Promise<P>): Promise<P> {
    const { keepUp, closers, log } = this.#options;
    const noted = async (inPlaceOf?: P): Promise<P> => {
      const started = await start(inPlaceOf);
      this.#pids.set(marker, started.pid);
      await this.#write();
      return started;
    };
    const first = await noted();
    const kept = closers.add(what, keepRunning({ what, first, next: keepUp ? noted : undefined, log }));
    this.#lost.push(kept.lost);
    return first;
  }

  async record({ address, uiUrl }: Pick<ProcessRecord, 'address' | 'uiUrl'>): Promise<void> {
    this.#addresses = { address, uiUrl };
    await this.#write();
  }

  /** Resolves with a sentence when one of the processes started so far has ended and is not restarted. */
  broken(): Promise<string> {
    return Promise.race(this.#lost);
  }

  async close(): Promise<void> {
    await this.#record?.close();
  }

  async #write(): Promise<void> {
    if (this.#addresses === undefined) return;
    const { home, kind } = this.#options;
    // The next `dev` ends left processes in this order, the one started last first.
    const children = [...this.#pids].reverse().map(([marker, pid]) => ({ pid, marker }));
    this.#record = await recordProcesses(home, { kind, ...ownRecord(), ...this.#addresses, children });
  }
}

const READY = 'worker ready';
const TAIL_LENGTH = 2_000;
/** Milliseconds after a failed write until the log file is opened again. */
const RETRY_LOG_MS = 5_000;
const START_TIMEOUT_MS = 60_000;
/** Milliseconds that a worker gets to stop. This is longer than the time in which it ends its tasks after SIGTERM. */
const STOP_GRACE_MS = 40_000;

/**
 * Starts `predictlab worker` in its own process group and resolves when it is ready. Its output goes to `logFile`, appended if `again`.
 * @throws PredictLabError SourceUnavailable with the end of its log if it ends before it is ready, or is not ready within a minute
 */
export async function startWorkerProcess(options: { env: NodeJS.ProcessEnv; logFile: string; again?: boolean }): Promise<ServingProcess> {
  const { env, logFile, again = false } = options;
  await makePrivateFolder(path.dirname(logFile));
  const { command, args } = commandLine(['worker']);
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = logInto(logFile, again ? 'a' : 'w');
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(howEnded(code, signal)));
  });
  void exited.then(() => log.end());

  let tail = '';
  let timer: NodeJS.Timeout | undefined;
  const fault = await new Promise<string | undefined>((resolve) => {
    const read = (chunk: Buffer): void => {
      log.write(chunk);
      tail = (tail + chunk.toString()).slice(-TAIL_LENGTH);
      if (tail.includes(READY)) resolve(undefined);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void exited.then(resolve);
    timer = setTimeout(() => resolve(`not ready after ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
  });
  clearTimeout(timer);
  if (fault !== undefined) {
    await stopProcess(child);
    throw new PredictLabError('SourceUnavailable', `the worker did not start (${fault}): ${failureIn(tail)}\n(${logFile})`);
  }
  return { pid: child.pid!, logFile, exited, close: () => stopProcess(child, STOP_GRACE_MS) };
}

/** Writes a log file. On a full disk it drops lines instead of failing, and opens the file again after a while. */
function logInto(file: string, flags: 'a' | 'w'): { write(chunk: Buffer): void; end(): void } {
  const opened = (how: 'a' | 'w') => createWriteStream(file, { flags: how, mode: 0o600 }).on('error', () => (failedAt = Date.now()));
  let failedAt = 0;
  let stream = opened(flags);
  return {
    write(chunk) {
      if (stream.destroyed && Date.now() - failedAt > RETRY_LOG_MS) stream = opened('a');
      if (!stream.destroyed) stream.write(chunk);
    },
    end: () => void stream.end(),
  };
}

/** The worker's last error message, else the end of its log. */
function failureIn(tail: string): string {
  const sentence = tail
    .split(/^predictlab: /m)
    .slice(1)
    .at(-1);
  return (sentence ?? tail.trim().split('\n').slice(-5).join('\n')).trim();
}
