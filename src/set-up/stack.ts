import path from 'node:path';
import type { Closers } from '../closers.ts';
import type { Log } from '../contracts/log.ts';
import { ownRecord, type ProcessRecord, recordProcesses } from '../processes/process-record.ts';
import { attachPostgres } from '../storage/embedded/embedded-postgres.ts';
import { keepRunning, type ServingProcess } from './processes/kept-process.ts';
import { startWorkerProcess } from './processes/worker-process.ts';
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
  /** Restarts Temporal and the worker when they end unexpectedly. @default false: the stack is broken then */
  readonly keepUp?: boolean;
  /** The user's own database instead of the embedded one. */
  readonly databaseUrl?: string;
  /** Starts more services at the same time as Postgres and Temporal; their variables become part of the stack's environment. */
  readonly venue?: () => Promise<NodeJS.ProcessEnv>;
  /** Runs while the worker starts, once everything else is running. */
  readonly prepare?: (env: NodeJS.ProcessEnv) => Promise<void>;
  readonly closers: Closers;
  readonly log: Log;
}

interface Stack {
  readonly server: DevServer;
  readonly worker: ServingProcess;
  readonly env: NodeJS.ProcessEnv;
  /** Resolves with a sentence once a part of the stack has ended for good. */
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
  // The worker is unversioned, because nothing here would make its build current.
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

/** A part of a worker's command line, by which its process is recognised. */
const WORKER_MARKER = 'predictlab.js worker';

/** Starts the worker with ports for metrics and health: the user's where they are set, else the defaults where they are free. */
async function startWorker({ env, ...options }: Parameters<typeof startWorkerProcess>[0]): Promise<ServingProcess> {
  const [metrics, health] = [await claimPort(9464), await claimPort(9465)];
  try {
    return await startWorkerProcess({
      ...options,
      env: {
        ...env,
        LOG_FORMAT: 'json',
        // "worker ready" is logged at level info; the log goes to a file and does not appear on the terminal.
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

/** Waits for all starts, then throws the first failure, so that everything that was opened gets closed. */
async function allSettled(starts: readonly Promise<unknown>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
}

/** The user's environment without Temporal's settings: a key, profile or TLS for another server must not reach the server we start. */
function localEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name === 'TEMPORAL_CLI' || !name.startsWith('TEMPORAL_')));
}

interface StackProcessesOptions {
  readonly kind: ProcessRecord['kind'];
  readonly home: string;
  readonly keepUp: boolean;
  readonly closers: Closers;
  readonly log: Log;
}

/** The processes of one stack, and the record of them that a later `dev` or `demo` reads. `close` removes the record. */
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
   * Starts a process, and restarts it where processes are kept running.
   * @param marker a part of the process's command line, by which a later `dev` recognises the process
   * @param start starts the process; a restart passes the one that ended
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

  /** Resolves with a sentence once one of the processes started so far has ended for good. */
  broken(): Promise<string> {
    return Promise.race(this.#lost);
  }

  async close(): Promise<void> {
    await this.#record?.close();
  }

  async #write(): Promise<void> {
    if (this.#addresses === undefined) return;
    const { home, kind } = this.#options;
    // The next `dev` ends them in this order: the last started first.
    const children = [...this.#pids].reverse().map(([marker, pid]) => ({ pid, marker }));
    this.#record = await recordProcesses(home, { kind, ...ownRecord(), ...this.#addresses, children });
  }
}
