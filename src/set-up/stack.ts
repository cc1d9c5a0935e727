import path from 'node:path';
import type { Closers } from '../closers.ts';
import type { Log } from '../contracts/log.ts';
import type { ProcessRecord } from '../processes/process-record.ts';
import { attachPostgres } from '../storage/embedded/embedded-postgres.ts';
import { localEnvironment } from './local-environment.ts';
import type { ServingProcess } from './processes/kept-process.ts';
import { StackProcesses } from './processes/stack-processes.ts';
import { startWorkerProcess } from './processes/worker-process.ts';
import { type DevServer, startDevServer } from './temporal/dev-server.ts';
import { claimPort } from './temporal/free-port.ts';

export interface StackOptions {
  readonly kind: ProcessRecord['kind'];
  readonly env: NodeJS.ProcessEnv;
  /** The `temporal` executable. */
  readonly cli: string;
  readonly home: string;
  /** Keeps Temporal's state over restarts. @default none */
  readonly databaseFile?: string;
  readonly port: number;
  readonly uiPort: number;
  readonly headless?: boolean;
  /** Start Temporal and the worker again when they end unasked. @default false: the stack is broken then */
  readonly keepUp?: boolean;
  /** A database of the user's own instead of the embedded one. */
  readonly databaseUrl?: string;
  /** More services, started beside Postgres and Temporal; their variables go into the stack's environment. */
  readonly venue?: () => Promise<NodeJS.ProcessEnv>;
  /** Runs beside the start of the worker, once everything else is up. */
  readonly prepare?: (env: NodeJS.ProcessEnv) => Promise<void>;
  /** Takes over what is opened, also when the start fails half-way. */
  readonly closers: Closers;
  readonly log: Log;
}

export interface Stack {
  readonly server: DevServer;
  readonly worker: ServingProcess;
  /** The environment in which `predictlab` commands reach this stack. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves with a sentence once a part of it has ended and stays away. */
  readonly broken: Promise<string>;
}

/** Starts Postgres, the Temporal dev server and a worker, each as soon as what it needs is there. */
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
  // its one worker is replaced, never ramped: nobody would make its build current
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

/** Part of a worker's command line. */
const WORKER_MARKER = 'predictlab.js worker';

/** Ports for metrics and health: the usual ones where they are free, the user's own where they are set. */
async function startWorker({ env, ...options }: Parameters<typeof startWorkerProcess>[0]): Promise<ServingProcess> {
  const [metrics, health] = [await claimPort(9464), await claimPort(9465)];
  try {
    return await startWorkerProcess({
      ...options,
      env: {
        ...env,
        LOG_FORMAT: 'json',
        // it says that it is ready at level info; its log goes to a file, so nobody is disturbed
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

/** Waits for all of them, then throws the first failure: what the others opened is then known to the closers. */
async function allSettled(starts: readonly Promise<unknown>[]): Promise<void> {
  for (const start of await Promise.allSettled(starts)) if (start.status === 'rejected') throw start.reason;
}
