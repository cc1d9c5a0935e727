import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { Log } from '../../contracts/log.ts';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes.ts';
import { makePrivateFolder } from '../../processes/home-folder.ts';
import { isListenedOnBy } from '../../processes/process-identity.ts';
import { howEnded, stopProcess } from '../processes/child-process.ts';
import type { ServingProcess } from '../processes/kept-process.ts';
import { type ClaimedPort, claimPort, freePort, PORT_ATTEMPTS } from './free-port.ts';
import { registerAttributes } from './search-attributes.ts';
import { hiddenAddress, startUiProxy } from './ui-proxy.ts';

interface DevServerOptions {
  /** Path of the `temporal` executable. */
  readonly cli: string;
  /** PREDICTLAB_HOME; the server's log goes to its `logs` folder. */
  readonly home: string;
  /** File that keeps workflows when the server restarts. @default none: workflows are lost when the server ends */
  readonly databaseFile?: string;
  /** Preferred port of the server, and `uiPort` of the Web UI. A port in use is replaced by a free one. @default a free port */
  readonly port?: number;
  readonly uiPort?: number;
  /** Additional dynamic configuration of the server. @default none */
  readonly dynamicConfig?: Readonly<Record<string, number | string | boolean>>;
  /** Whether to start the server without the Web UI. @default false */
  readonly headless?: boolean;
  /** A server that has ended and is replaced. The new one takes the same ports or fails, and appends to the same log. @default none */
  readonly inPlaceOf?: DevServer;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn'>;
}

export interface DevServer extends ServingProcess {
  /** Host and port, such as `127.0.0.1:7233`. */
  readonly address: string;
  /** Address of the Web UI; empty without one. */
  readonly uiUrl: string;
  readonly namespace: string;
}

const NAMESPACE = 'default';
const START_TIMEOUT_MS = 60_000;

/** Lets the server read its task queues more often than the default of 20 times a second, by which each short activity costs 50 ms. */
const SPEED = ['history.transferProcessorMaxPollRPS=2000', 'history.timerProcessorMaxPollRPS=2000'];
/**
 * Dynamic configuration that disables the server's HTTP API by allowing only a Host header that no request has. The API has no
 * authentication, and a web page could reach it. The Web UI and PredictLab use gRPC.
 */
const NO_HTTP_API = 'frontend.httpAllowedHosts=["no host"]';
/** Settings of SQLite that make a database file as fast as memory. */
const SQLITE_PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

/**
 * Starts `temporal server start-dev` on loopback, in its own process group so that Ctrl-C does not reach it, and resolves when its
 * namespace answers.
 * @throws PredictLabError SourceUnavailable with the last lines of its log if it ends or does not answer within a minute
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { inPlaceOf } = options;
  const ports = inPlaceOf === undefined ? options : { port: portOf(inPlaceOf.address), uiPort: portOf(inPlaceOf.uiUrl) };
  for (let attempt = 1; ; attempt++) {
    const claimed: ClaimedPort[] = [];
    const claim = async (what: string, wanted: number | undefined): Promise<number> => {
      const port = await claimPort(wanted);
      claimed.push(port);
      if (inPlaceOf && port.port !== wanted) {
        throw new PredictLabError('SourceUnavailable', `port ${wanted} of ${what} was taken by another program; end that`);
      }
      if (wanted !== undefined && port.port !== wanted) options.log.info(`port ${wanted} for ${what} is in use; taking ${port.port}`);
      return port.port;
    };
    try {
      const port = await claim('Temporal', ports.port);
      const uiPort = options.headless ? undefined : await claim('its Web UI', ports.uiPort);
      return await startOnce(options, port, uiPort);
    } catch (error) {
      // Another program may have taken the port meanwhile, because only PredictLab respects the lock files of ports.
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      options.log.debug('a port of the Temporal dev server was taken meanwhile; trying others');
    } finally {
      for (const { release } of claimed) release();
    }
  }
}

/** The port of an address or URL; undefined for an empty text. */
const portOf = (address: string): number | undefined => (address === '' ? undefined : Number(address.split(':').at(-1)));

class PortTaken extends PredictLabError {}

async function startOnce(options: DevServerOptions, port: number, uiPort: number | undefined): Promise<DevServer> {
  const { cli, home, databaseFile } = options;
  const logFolder = path.join(home, 'logs');
  await makePrivateFolder(logFolder);
  // The folder is private, because the file contains the histories of all workflows.
  if (databaseFile) await makePrivateFolder(path.dirname(databaseFile));
  const logFile = path.join(logFolder, `temporal-${port}.log`);

  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  const ui = uiPort === undefined ? undefined : { host: hiddenAddress(), port: await freePort() };
  args.push(...(ui === undefined ? ['--headless'] : ['--ui-ip', ui.host, '--ui-port', String(ui.port), '--ui-disable-news-fetch']));
  const extra = Object.entries(options.dynamicConfig ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  for (const value of [...SPEED, NO_HTTP_API, ...extra]) args.push('--dynamic-config-value', value);
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) args.push('--search-attribute', `${name}=${type}`);
  if (databaseFile) args.push('--db-filename', databaseFile, ...SQLITE_PRAGMAS.flatMap((pragma) => ['--sqlite-pragma', pragma]));

  const output = await open(logFile, options.inPlaceOf ? 'a' : 'w');
  const { size: loggedBefore } = await output.stat();
  const child = spawn(cli, args, { stdio: ['ignore', output.fd, output.fd], detached: true });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(howEnded(code, signal)));
  });
  await output.close();
  const address = `127.0.0.1:${port}`;
  const waiting = new AbortController();
  const ready = waitUntilReady({ address, namespace: NAMESPACE, timeoutMs: START_TIMEOUT_MS, signal: waiting.signal });
  const answer = await Promise.race([ended, ready]);
  waiting.abort();
  // The server that answers may be that of another user, started at the same moment; the lock files of ports are kept per user.
  const isTheirs = answer === undefined && isListenedOnBy(port, child.pid!) === false;
  const fault = isTheirs ? `another program has taken port ${port}` : answer;
  if (fault !== undefined) {
    await stopProcess(child);
    const logged = await readFile(logFile).then(
      (bytes) => bytes.subarray(loggedBefore).toString(),
      () => '',
    );
    const message = `the Temporal dev server (${cli}) did not start on ${address}: ${failureIn(fault, logged)}\n(${logFile})`;
    throw new (isTheirs || /address already in use/i.test(logged) ? PortTaken : PredictLabError)('SourceUnavailable', message);
  }
  const proxy =
    ui === undefined || uiPort === undefined
      ? undefined
      : await startUiProxy({ port: uiPort, target: ui }).catch(async (error: unknown) => {
          await stopProcess(child);
          throw new PortTaken('SourceUnavailable', `port ${uiPort} of the Web UI was taken by another program: ${messageOf(error)}`);
        });
  // The proxy is closed with the server, because a server that replaces this one uses the same port.
  void ended.then(() => proxy?.close());
  return {
    address,
    uiUrl: uiPort === undefined ? '' : `http://127.0.0.1:${uiPort}`,
    namespace: NAMESPACE,
    pid: child.pid!,
    logFile,
    exited: ended,
    async close() {
      await proxy?.close();
      await stopProcess(child);
    },
  };
}

/** The error message in the server's log, without the stack of a Go panic; else the log's last lines, else `fault`. */
function failureIn(fault: string, logged: string): string {
  const lines = logged.trim().split('\n');
  const reason = lines.findIndex((line) => /^(Error|panic|fatal error):/.test(line));
  const telling = reason >= 0 ? lines.slice(reason, reason + 3) : lines.slice(-5);
  return telling.join('\n').trim() || fault;
}

const POLL_MS = 20;

/** Waits until the server answers and its namespace has PredictLab's search attributes. Resolves with a reason if that takes too long. */
async function waitUntilReady(options: {
  address: string;
  namespace: string;
  timeoutMs: number;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const { address, namespace, timeoutMs, signal } = options;
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline && !signal.aborted) {
    // The port is checked first, because a gRPC client that finds it closed waits a second before it tries again.
    if ((await isListening(address)) && (await answers(address, namespace))) return undefined;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return `no answer within ${timeoutMs / 1000} s`;
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

async function answers(address: string, namespace: string): Promise<boolean> {
  try {
    // The client is loaded here, because most commands never start a server.
    const { connectTemporal } = await import('../../client/connection/connect-temporal.ts');
    const connection = await connectTemporal({ address, connectTimeout: 2_000 });
    try {
      await connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.describeNamespace({ namespace }));
      // The attributes are registered here, because the option `--search-attribute` only works with a new database.
      await connection.withDeadline(Date.now() + 2_000, () => registerAttributes(connection.operatorService, namespace));
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}
