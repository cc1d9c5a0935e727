import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startSandboxVenue } from '../sandbox/venue.ts';
import { PredictLab } from '../src/client.ts';
import type { CatalogueEntry } from '../src/contracts/catalogue.ts';
import type { ServingProcess } from '../src/set-up/processes/kept-process.ts';
import { startWorkerProcess } from '../src/set-up/stack.ts';
import { openDatabase } from '../src/storage/database/open-database.ts';
import { importSymbols } from '../src/storage/markets/catalogue.ts';
import { createLog } from '../src/telemetry/log.ts';
import { type BenchStack, withBenchStack } from './bench-stack.ts';
import { startChild } from './child.ts';
import { commandLook, type Look, lookResults, pageLook, timeLooks } from './looks.ts';
import type { BenchOptions, BenchResult } from './result.ts';
import { untrueCoverage } from './untrue-coverage.ts';

const log = createLog({ LOG_LEVEL: 'error' });
const HOUR = 3_600_000;
const STEP_HOURS = 4;

/** `markets/events/active/trades in four hours`: a tenth of a venue; the whole one is 50000/8000/3000/500000. */
const [MARKETS, EVENTS, ACTIVE, TRADES] = (process.env.BENCH_VENUE ?? '5000/800/300/50000').split('/').map(Number);
const INCREMENTS = Number(process.env.BENCH_INCREMENTS ?? 4);
/** Markets that are run as symbols, for comparison; 0 for none. */
const SYMBOLS = Number(process.env.BENCH_SYMBOLS ?? 300);
/** Most looks at each page and command while an increment is under way, and after its end; 0 for none, which leaves the machine to the run. */
const LOOKS = Number(process.env.BENCH_LOOKS ?? 0);

/** A whole venue as a universe on two workers: a first run and increments of four hours, a worker killed in the second one. */
export async function run(options: BenchOptions): Promise<readonly BenchResult[]> {
  return await withBenchStack(log, async (stack) => {
    const start = Math.floor(Date.now() / HOUR) * HOUR - (INCREMENTS + 2) * STEP_HOURS * HOUR;
    let clock = start;
    const wholeVenue = { markets: MARKETS, events: EVENTS, active: ACTIVE, tradesPerHour: TRADES / STEP_HOURS, steady: true };
    const venue = await startSandboxVenue({ now: () => clock, wholeVenue });
    stack.closers.add('the sandbox', venue);
    const env = {
      ...stack.env,
      ...venue.environment,
      PREDICTLAB_RATE_SHARE: '1000',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
      METRICS_ADDRESS: '127.0.0.1:0',
      HEALTH_ADDRESS: '127.0.0.1:0',
    };
    const database = await openDatabase({ url: stack.databaseUrl });
    stack.closers.add('the database', database);
    const universe: CatalogueEntry = {
      symbol: 'PM',
      title: '',
      enabled: true,
      priority: 3,
      sources: { polymarket: [{ active: true }] },
      kind: 'universe',
    };
    await importSymbols(database, [universe], { replace: true });
    const lab = stack.closers.add('the client', await PredictLab.connect({ env }));
    let number = 0;
    const startOne = (): Promise<ServingProcess> =>
      startWorkerProcess({ env, logFile: path.join(stack.home, 'logs', `worker-${number++}.log`) });
    const workers = [await startOne(), await startOne()];
    stack.closers.add('the workers', { close: () => Promise.all(workers.map((worker) => worker.close())) });
    const results: BenchResult[] = [];
    const add = (result: BenchResult): void => {
      results.push(result);
      options.print(result);
    };
    const looksAt = (runId: string): readonly Look[] => [
      ...['/', `/runs/${runId}`, '/find?text=will+number+4', '/find?text=event-77', '/symbols', '/symbols/PM.001', '/events'].map((page) =>
        pageLook(pages?.said ?? '', page),
      ),
      commandLook(env, ['status', runId], runId),
      commandLook(env, ['why', runId, 'PM.001/kline'], 'PM'),
    ];
    const measured = async (name: string, symbols: readonly string[], { kills = false, looks = false } = {}): Promise<Cost> => {
      const before = cpuOf(stack, workers);
      venue.requests.length = 0;
      const began = performance.now();
      const input = {
        symbols: [...symbols],
        asOf: new Date(clock).toISOString(),
        daysBack: 1,
        intervals: ['1h' as const],
        maxConcurrent: 8,
      };
      const { runId } = await lab.start(input);
      let lost = 0;
      if (kills) {
        while ((await lab.status(runId)).statusBreakdown.success < 5) await new Promise((resolve) => setTimeout(resolve, 50));
        lost = cpuOfProcess(workers[0].pid);
        process.kill(workers[0].pid, 'SIGKILL');
        await workers[0].exited;
        workers[0] = await startOne();
      }
      let isOver = false;
      const ended = lab.result(runId).finally(() => (isOver = true));
      ended.catch(() => undefined);
      const seen = looks ? await timeLooks(looksAt(runId), { turns: LOOKS, pauseMs: 300, isOver: () => isOver }) : undefined;
      const { result, reasons } = await ended;
      if (result === 'failed') throw new Error(`${name}: ${result}: ${reasons.join('; ')}`);
      const seconds = (performance.now() - began) / 1000;
      const after = cpuOf(stack, workers);
      if (seen !== undefined) {
        for (const found of lookResults(seen, `during ${name}`)) add(found);
        for (const found of lookResults(await timeLooks(looksAt(runId), { turns: LOOKS, pauseMs: 300 }), `after ${name}`)) add(found);
      }
      return {
        seconds,
        cpu: after.workers + lost - before.workers + after.postgres - before.postgres + after.temporal - before.temporal,
        shares: [after.workers + lost - before.workers, after.postgres - before.postgres, after.temporal - before.temporal],
        requests: venue.requests.length,
        kinds: kindsOf(venue.requests.map(({ url }) => url)),
        memory: Math.max(...workers.map(({ pid }) => memoryOf(pid))),
        ...(await historyOf(env, runId)),
        reasons: `${result}${reasons.length === 0 ? '' : `: ${reasons[0]?.slice(0, 200)}`}`,
      };
    };
    const report = (name: string, cost: Cost): void => {
      const [node, postgres, temporal] = cost.shares.map((share) => share.toFixed(0));
      add({
        name: `${name}: ${MARKETS} markets in ${EVENTS} events, ${ACTIVE} active, ${TRADES} trades in ${STEP_HOURS} h`,
        ours: Math.round(cost.cpu),
        unit: 'CPU s',
        better: 'lower',
        note: `workers ${node}, Postgres ${postgres}, Temporal ${temporal}; ${cost.requests} requests (${cost.kinds}), ${cost.seconds.toFixed(0)} s, ${cost.memory.toFixed(0)} MB a worker at most, ${(cost.history / 1e6).toFixed(1)} MB of history, ${cost.children} child workflows; ${cost.reasons}`,
      });
    };
    const pages = LOOKS === 0 ? undefined : stack.closers.add('the pages', await startChild<string>('pages-server.js', env));
    for (let increment = 0; increment <= INCREMENTS; increment++) {
      const name = increment === 0 ? 'first run of a universe' : `increment ${increment}${increment === 2 ? ', a worker killed' : ''}`;
      report(name, await measured(name, ['PM'], { kills: increment === 2, looks: LOOKS > 0 && increment % 2 === 1 }));
      if (increment < INCREMENTS) clock += STEP_HOURS * HOUR;
    }
    const wrong = await differences();
    add({
      name: 'markets whose stored trades or hourly candles differ from the truth',
      ours: wrong,
      unit: 'markets',
      better: 'lower',
      note: 'all trades of all markets',
    });
    const untrue = await untrueCoverage(database, venue.truth, clock);
    const { rows: evidence } = await database.query<{ part: string; hours: number }>(
      `select part, round(sum(upper(r) - lower(r)) / ${HOUR})::float8 as hours
       from coverage c cross join lateral (values ('all', c.ranges), ('inferred', c.inferred), ('confirmed', c.confirmed)) as x(part, ranges)
       cross join unnest(x.ranges) as r where c.kind = 0 group by part order by part`,
    );
    add({
      name: 'ranges of coverage that claim time in which a true trade is missing',
      ours: untrue.length,
      unit: 'ranges',
      better: 'lower',
      note: `market hours: ${evidence.map(({ part, hours }) => `${part} ${hours}`).join(', ')}${untrue.length > 0 ? `; ${untrue[0]}` : ''}`,
    });

    if (SYMBOLS === 0) return results;
    // the same venue, market by market as symbols, in a later increment
    const chosen = venue.truth.instruments({ venue: 'polymarket' }).slice(0, SYMBOLS);
    const entries = chosen.map(
      ({ id, slug }, n): CatalogueEntry => ({
        symbol: `S${n}`,
        title: slug,
        enabled: true,
        priority: 3,
        sources: { polymarket: [{ conditionId: id.slice('polymarket:'.length) }] },
      }),
    );
    await importSymbols(database, entries);
    for (const name of ['first run of symbols', 'increment of symbols']) {
      const cost = await measured(
        name,
        entries.map(({ symbol }) => symbol),
      );
      add({
        name: `${name}, ${SYMBOLS} markets of the same venue, per market`,
        ours: Number((cost.cpu / SYMBOLS).toFixed(3)),
        unit: 'CPU s',
        better: 'lower',
        note: `${(cost.requests / SYMBOLS).toFixed(1)} requests, ${(cost.history / SYMBOLS / 1000).toFixed(1)} KB of history a market; ${cost.children} child workflows, ${cost.seconds.toFixed(0)} s, ${cost.memory.toFixed(0)} MB a worker at most; ${cost.reasons}`,
      });
      clock += STEP_HOURS * HOUR;
    }
    return results;

    async function differences(): Promise<number> {
      let wrong = 0;
      for (const { id } of venue.truth.instruments({ venue: 'polymarket' })) {
        const truth = venue.truth.ticks(id, { from: start - 24 * HOUR, to: clock });
        const { rows } = await database.query<{ time: number; price: number; size: number; side: number }>(
          'select t.time, t.price, t.size, t.side from ticks t join instruments i on i.key = t.instrument where i.id = $1 and t.kind = 0 order by t.time, t.seq',
          [id],
        );
        const { rows: candles } = await database.query<{ time: number; close: number; trades: number }>(
          'select c.open_time as time, c.close, c.trades from candles c join instruments i on i.key = c.instrument where i.id = $1 and c.kind = 0 and c.interval_minutes = 60 order by 1',
          [id],
        );
        const hours = new Map<number, { close: number; trades: number }>();
        for (const { time, price } of truth) {
          const hour = Math.floor(time / HOUR) * HOUR;
          hours.set(hour, { close: price, trades: (hours.get(hour)?.trades ?? 0) + 1 });
        }
        const same =
          rows.length === truth.length &&
          rows.every(
            (row, n) =>
              row.time === truth[n]?.time &&
              row.price === truth[n]?.price &&
              row.size === truth[n]?.size &&
              (row.side === 1 ? 'buy' : 'sell') === truth[n]?.side,
          ) &&
          candles.length === hours.size &&
          candles.every(({ time, close, trades }) => hours.get(time)?.close === close && hours.get(time)?.trades === trades);
        if (!same) wrong++;
      }
      return wrong;
    }
  });
}

/** Counts requests by what they ask for. */
function kindsOf(urls: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const url of urls) {
    const query = new URL(url, 'http://localhost').searchParams;
    const isTrades = url.includes('/trades');
    const kind = !isTrades
      ? 'listing'
      : query.has('cursor')
        ? 'further pages'
        : query.get('condition')?.includes(',') === true
          ? 'shared pages'
          : 'first pages of one market';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

interface Cost {
  readonly seconds: number;
  readonly cpu: number;
  /** CPU seconds of the workers, of Postgres and of Temporal. */
  readonly shares: readonly number[];
  readonly requests: number;
  /** Numbers of requests by what they ask for. */
  readonly kinds: string;
  /** Most memory of a worker so far, in MB. */
  readonly memory: number;
  /** Bytes of the histories of the run and its children, and the number of children. */
  readonly history: number;
  readonly children: number;
  readonly reasons: string;
}

const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU seconds of a process and of its children that have ended; 0 for one that has ended itself. */
function cpuOfProcess(pid: number): number {
  const fields = statOf(pid);
  return fields === undefined ? 0 : [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / TICKS;
}

function cpuOf({ postgresPid, serverPid }: BenchStack, workers: readonly ServingProcess[]) {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === postgresPid);
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + cpuOfProcess(pid), 0);
  return {
    workers: sum(workers.map(({ pid }) => pid)),
    postgres: sum([postgresPid, ...children.map(Number)]),
    temporal: cpuOfProcess(serverPid),
  };
}

const parentOf = (pid: number): number => Number(statOf(pid)?.[1]);

/** The fields of a process after its name; undefined for one that has ended. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  } catch {
    return undefined;
  }
}

const memoryOf = (pid: number): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Bytes of the histories of a run and of its child workflows, and the number of these. */
async function historyOf(env: NodeJS.ProcessEnv, runId: string): Promise<Pick<Cost, 'history' | 'children'>> {
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS });
  try {
    const client = new Client({ connection });
    let [history, children] = [0, 0];
    for await (const { workflowId, historySize } of client.workflow.list()) {
      const isChild = workflowId.startsWith(`${runId}/`);
      if (isChild) children++;
      if (isChild || workflowId === runId) history += historySize ?? 0;
    }
    return { history, children };
  } finally {
    await connection.close();
  }
}
