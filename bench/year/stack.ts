import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { PredictLab } from '../../src/client.ts';
import { Closers } from '../../src/closers.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import type { Alert } from '../../src/contracts/incident.ts';
import type { Log } from '../../src/contracts/log.ts';
import { type DevServer, startDevServer } from '../../src/set-up/temporal/dev-server.ts';
import { type Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { attachPostgres } from '../../src/storage/embedded/embedded-postgres.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { Waits } from './bounded.ts';
import { commandLine, cpuMs, YearWorker } from './year-worker.ts';

/** All parts that a year needs, each a process that can be killed. Venue and webhook run in this process, which sets the clock. */
export interface YearStack {
  readonly lab: PredictLab;
  readonly database: Database;
  readonly venue: SandboxVenue;
  readonly home: string;
  readonly waits: Waits;
  /** Alerts that were posted to the webhook, by key, in the order of first arrival. */
  readonly alerts: ReadonlyMap<string, Alert>;
  /** Kills a part with SIGKILL and restarts it. */
  kill(part: 'worker' | 'temporal' | 'postgres'): Promise<void>;
  /** Directs half of the new runs, all of them, or none any more to a new build. The build that loses them stops when no run needs it. */
  release(step: 'canary' | 'promote' | 'rollback'): Promise<void>;
  /** Resident memory of the workers, in bytes. */
  residentBytes(): number;
  /** CPU milliseconds that the running workers and the Temporal server have used so far, by process id. */
  cpu(): ReadonlyMap<number, number>;
  close(): Promise<void>;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
export const GROUP = 'bitcoin-above-this-month';
export const SERIES = 'btc-updown-4h';
/** Kalshi's events: two markets that trade for 20 days, one that stays open, and one that has settled before the year. */
export const KALSHI_OPEN = 'KXSOLMONTH-26DEC';
const KALSHI = ['KXRAINNYC-26DEC', KALSHI_OPEN, 'KXRATECUT-26'] as const;
/** The groups with markets that are open for the whole year. */
export const OPEN_GROUPS: readonly string[] = [GROUP, KALSHI_OPEN];

/** Time limit of each step in milliseconds, long enough for a busy machine. */
const PATIENCE_MS = 180_000;

export async function startYearStack({
  cli,
  home,
  seed,
  now,
  days,
}: {
  readonly cli: string;
  readonly home: string;
  readonly seed: number;
  readonly now: () => number;
  /** How long the year is; the markets of OPEN_GROUPS are open as long. */
  readonly days: number;
}): Promise<YearStack> {
  const waits = new Waits();
  const closers = new Closers({ error: (message, fields) => console.error(message, fields) });
  try {
    const venue = closers.add(
      'the venue',
      await startSandboxVenue({ seed, now, markets: [GROUP, SERIES, ...KALSHI], standingDays: days + 30 }),
    );
    const alerts = new Map<string, Alert>();
    const webhook = closers.add('the webhook', await startWebhook(alerts));
    const postgres = closers.add('Postgres', await attachPostgres({ home, log: silent }));
    const serverOptions = { cli, home, headless: true, databaseFile: path.join(home, 'temporal.sqlite'), log: silent } as const;
    let server: DevServer = await startDevServer(serverOptions);
    closers.add('the Temporal server', { close: () => server.close() });
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      ...venue.environment,
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
      DATABASE_URL: postgres.url,
      PREDICTLAB_HOME: home,
      PREDICTLAB_DEPLOYMENT: 'year',
      // days pass in seconds, so the request budget of a minute would not suffice
      PREDICTLAB_RATE_SHARE: '20',
      ALERT_WEBHOOK_URL: webhook.url,
      METRICS_ADDRESS: '127.0.0.1:0',
      HEALTH_ADDRESS: '127.0.0.1:0',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
    };
    const database = closers.add(
      'the database pool',
      await openDatabase({ url: postgres.url, max: 3, applicationName: 'predictlab-year' }),
    );
    await importSymbols(database, CATALOGUE, { replace: true });
    const lab = closers.add('the client', await PredictLab.connect({ env }));

    const workers = new Map<number, YearWorker>();
    let current = 1;
    let newest = 1;
    const envOf = (build: number): NodeJS.ProcessEnv => ({ ...env, PREDICTLAB_BUILD_ID: `year-${build}` });
    const start = async (build: number): Promise<void> => void workers.set(build, await YearWorker.start(envOf(build), waits));
    const stop = async (build: number): Promise<void> => {
      await workers.get(build)?.close();
      workers.delete(build);
    };
    const deploy = async (build: number, ...args: string[]): Promise<void> => {
      // Temporal lists a worker only after its first poll
      await waits.until(`deploy ${args.join(' ')} of build ${build}`, PATIENCE_MS, () =>
        promisify(execFile)(process.execPath, [commandLine(), 'deploy', ...args], { env: envOf(build) }),
      );
    };
    closers.add('the workers', { close: async () => void (await Promise.all([...workers.keys()].map(stop))) });
    await start(current);
    await deploy(current, 'promote');

    return {
      lab,
      database,
      venue,
      home,
      waits,
      alerts,
      async kill(part) {
        if (part === 'worker') {
          const builds = [...workers.keys()];
          await Promise.all([...workers.values()].map((worker) => worker.kill()));
          await Promise.all(builds.map(start));
        } else if (part === 'temporal') {
          process.kill(server.pid, 'SIGKILL');
          await waits.for('the end of a killed server', PATIENCE_MS, server.exited);
          server = await waits.for('the next server', PATIENCE_MS, startDevServer({ ...serverOptions, inPlaceOf: server }));
        } else {
          // an attached process starts it again within a second
          process.kill(Number(readFileSync(path.join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
          await waits.until('Postgres, which somebody starts again,', PATIENCE_MS, () => database.query('select 1'));
        }
      },
      async release(step) {
        if (step === 'canary') {
          newest++;
          await start(newest);
          return await deploy(newest, 'canary', '--percent', '50');
        }
        await deploy(newest, step);
        const [from, to] = step === 'promote' ? [current, newest] : [newest, current];
        // no run is open between two firings, so nothing is pinned to it any more
        await stop(from);
        current = to;
      },
      cpu: () =>
        new Map(
          [...[...workers.values()].map(({ pid }) => pid), server.pid].flatMap((pid) => {
            const used = cpuMs(pid);
            return pid === undefined || used === undefined ? [] : [[pid, used] as const];
          }),
        ),
      residentBytes: () => [...workers.values()].reduce((sum, worker) => sum + worker.bytes(), 0),
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

const CATALOGUE: readonly CatalogueEntry[] = [
  {
    symbol: 'BTC_PRICE',
    title: '',
    enabled: true,
    priority: 1,
    sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] },
  },
  { symbol: 'BTC_UPDOWN', title: '', enabled: true, priority: 2, sources: { polymarket: [{ seriesSlug: SERIES }] } },
  {
    symbol: 'KALSHI',
    title: '',
    enabled: true,
    priority: 2,
    sources: { kalshi: [{ seriesTicker: 'KXRAINNYC' }, { eventTicker: KALSHI_OPEN }, { ticker: 'KXRATECUT-26-Y' }] },
  },
];

async function startWebhook(alerts: Map<string, Alert>): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      if (!alerts.has(key)) alerts.set(key, JSON.parse(body) as Alert);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
