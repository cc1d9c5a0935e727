import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { PredictLab } from '../../src/client.ts';
import type { Log } from '../../src/contracts/log.ts';
import type { Alert } from '../../src/incidents/incident-text.ts';
import { type DevServer, startDevServer } from '../../src/set-up/temporal/dev-server.ts';
import { type Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';

/** Everything a year needs, each part a process of its own that can be killed; venue and webhook are here, so that the clock is ours. */
export interface YearStack {
  readonly lab: PredictLab;
  readonly database: Database;
  readonly venue: SandboxVenue;
  readonly home: string;
  /** What was posted to the webhook, by its key, in the order in which it came first. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Kills a part with SIGKILL and brings it back. */
  kill(part: 'worker' | 'temporal' | 'postgres'): Promise<void>;
  /** Of the worker; 0 while there is none. */
  residentBytes(): number;
  close(): Promise<void>;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const GROUP = 'bitcoin-above-this-month';
const SERIES = 'btc-updown-1h';

/** The command line of the build, wherever this module runs from. */
function commandLine(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'bin', 'predictlab.js');
    if (existsSync(file)) return file;
    if (path.dirname(folder) === folder) throw new Error('bin/predictlab.js is not above this module');
  }
}

export async function startYearStack({
  cli,
  home,
  seed,
  now,
}: {
  readonly cli: string;
  readonly home: string;
  readonly seed: number;
  readonly now: () => number;
}): Promise<YearStack> {
  const venue = await startSandboxVenue({ seed, now, markets: [GROUP, SERIES] });
  const alerts = new Map<string, Alert>();
  const webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      if (!alerts.has(key)) alerts.set(key, JSON.parse(body) as Alert);
      response.end();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
  const postgres = await attachPostgres({ home, log: silent });
  let server: DevServer = await startDevServer({
    cli,
    home,
    headless: true,
    databaseFile: path.join(home, 'temporal.sqlite'),
    log: silent,
  });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...venue.environment,
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    DATABASE_URL: postgres.url,
    PREDICTLAB_HOME: home,
    // days pass in seconds here, so a minute's budget of requests does not do
    PREDICTLAB_RATE_SHARE: '20',
    ALERT_WEBHOOK_URL: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`,
    METRICS_ADDRESS: '127.0.0.1:0',
    HEALTH_ADDRESS: '127.0.0.1:0',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
  };
  const database = await openDatabase({ url: postgres.url, max: 3, applicationName: 'predictlab-year' });
  await importSymbols(
    database,
    [
      {
        symbol: 'BTC_PRICE',
        title: '',
        enabled: true,
        priority: 1,
        sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] },
      },
      { symbol: 'BTC_UPDOWN', title: '', enabled: true, priority: 2, sources: { polymarket: [{ seriesSlug: SERIES }] } },
    ],
    { replace: true },
  );
  let worker = await startWorker(env);
  const lab = await PredictLab.connect({ env });
  return {
    lab,
    database,
    venue,
    home,
    alerts,
    async kill(part) {
      if (part === 'worker') {
        const ended = new Promise((resolve) => worker.once('close', resolve));
        worker.kill('SIGKILL');
        await ended;
        worker = await startWorker(env);
      } else if (part === 'temporal') {
        process.kill(server.pid, 'SIGKILL');
        await server.exited;
        server = await startDevServer({
          cli,
          home,
          headless: true,
          databaseFile: path.join(home, 'temporal.sqlite'),
          inPlaceOf: server,
          log: silent,
        });
      } else {
        // whoever is attached starts it again within a second
        process.kill(Number(readFileSync(path.join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
        await answering(database);
      }
    },
    residentBytes() {
      try {
        return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))?.[1] ?? 0);
      } catch {
        return 0;
      }
    },
    async close() {
      const ended = new Promise((resolve) => worker.once('close', resolve));
      worker.kill('SIGTERM');
      await ended;
      await lab.close();
      await server.close();
      await database.close();
      await postgres.close();
      await venue.close();
      webhook.closeAllConnections();
      webhook.close();
    },
  };
}

/** Waits until the database answers again. */
async function answering(database: Database): Promise<void> {
  for (;;) {
    try {
      await database.query('select 1');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** A worker in a process of its own, once it polls. */
async function startWorker(env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const child = spawn(process.execPath, [commandLine(), 'worker'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
      if (!said.includes('worker ready')) return;
      child.stderr.off('data', listen);
      child.stderr.resume();
      resolve();
    };
    child.stderr.on('data', listen);
    child.once('close', (code) => reject(new Error(`the worker ended with ${code}: ${said}`)));
  });
  return child;
}
