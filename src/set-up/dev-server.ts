import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import type { Log } from '../activities/stage-work.ts';
import { PredictLabError } from '../contracts/errors.ts';
import { stopProcess } from './child-process.ts';
import { freePort } from './free-port.ts';

export interface DevServerOptions {
  /** The `temporal` executable, see `findTemporalCli`. */
  readonly cli: string;
  /** Where its log goes (`<home>/logs`). */
  readonly home: string;
  /** Keeps workflows over restarts. @default none: everything is forgotten at the end */
  readonly databaseFile?: string;
  /** Wanted ports; a free one is taken when they are in use. @default a free one */
  readonly port?: number;
  readonly uiPort?: number;
  /** More of the server's dynamic configuration. @default none */
  readonly dynamicConfig?: Readonly<Record<string, number | string | boolean>>;
  /** Without the Web UI. @default false */
  readonly headless?: boolean;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn'>;
}

export interface DevServer {
  /** `127.0.0.1:7233` */
  readonly address: string;
  /** Empty when headless. */
  readonly uiUrl: string;
  readonly namespace: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when the process is gone, whoever ended it. */
  readonly exited: Promise<void>;
  close(): Promise<void>;
}

const NAMESPACE = 'default';
const START_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS = 3;
const POLL_MS = 20;

/**
 * The task queues of the server are read 20 times a second by default, which pins a chain of short activities to 50 ms a
 * step; these values lift that. The pragmas make a database file as fast as memory.
 */
const SPEED = ['history.transferProcessorMaxPollRPS=2000', 'history.timerProcessorMaxPollRPS=2000'];
const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

/**
 * Starts `temporal server start-dev` on loopback and resolves when its namespace answers. The process is in its own group,
 * so that Ctrl-C in a terminal reaches only us and things close in our order.
 *
 * @throws PredictLabError SourceUnavailable with the last lines of its log when it dies or does not answer within a minute
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      // another process may have taken the port between our look and the server's
      const portTaken = error instanceof PredictLabError && /address already in use/i.test(error.message);
      if (!portTaken || attempt === PORT_ATTEMPTS) throw error;
      options.log.debug('a port of the Temporal dev server was taken meanwhile; trying others');
    }
  }
}

async function startOnce(options: DevServerOptions): Promise<DevServer> {
  const { cli, home, databaseFile, headless = false, log } = options;
  const port = await pickPort('Temporal', options.port, log);
  const uiPort = headless ? undefined : await pickPort('its Web UI', options.uiPort, log);
  const logFolder = path.join(home, 'logs');
  await mkdir(logFolder, { recursive: true });
  if (databaseFile) await mkdir(path.dirname(databaseFile), { recursive: true });
  const logFile = path.join(logFolder, `temporal-${port}.log`);

  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort), '--ui-disable-news-fetch']));
  const extra = Object.entries(options.dynamicConfig ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  for (const value of [...SPEED, ...extra]) args.push('--dynamic-config-value', value);
  if (databaseFile) args.push('--db-filename', databaseFile, ...SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]));

  const output = await open(logFile, 'w');
  const child = spawn(cli, args, { stdio: ['ignore', output.fd, output.fd], detached: true });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  await output.close();
  const address = `127.0.0.1:${port}`;
  const fault = await Promise.race([ended, waitUntilReady(address)]);
  if (fault !== undefined) {
    await stopProcess(child);
    const message = `the Temporal dev server (${cli}) did not start on ${address}: ${await accountOf(fault, logFile)}`;
    throw new PredictLabError('SourceUnavailable', message);
  }
  return {
    address,
    uiUrl: uiPort === undefined ? '' : `http://127.0.0.1:${uiPort}`,
    namespace: NAMESPACE,
    pid: child.pid!,
    logFile,
    exited: ended.then(() => undefined),
    close: () => stopProcess(child),
  };
}

async function pickPort(what: string, wanted: number | undefined, log: Pick<Log, 'info'>): Promise<number> {
  const port = await freePort(wanted);
  if (wanted !== undefined && port !== wanted) log.info(`port ${wanted} for ${what} is in use; taking ${port}`);
  return port;
}

/**
 * Ready = the frontend answers and the namespace is there; both are asked, nothing is assumed from the clock. Resolves with a
 * reason when that takes too long.
 */
async function waitUntilReady(address: string): Promise<string | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    // the port first: a gRPC client that finds it closed waits a second before it looks again
    if ((await isListening(address)) && (await answers(address))) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no answer within ${START_TIMEOUT_MS / 1000} s`;
}

function isListening(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function answers(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace: NAMESPACE }));
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

/** What the server says about its end, else how it ended. */
async function accountOf(fault: string, logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  const lines = text.trim().split('\n').slice(-5).join('\n');
  return `${lines === '' ? fault : lines}\n(${logFile})`;
}
