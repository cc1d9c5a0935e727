import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Faults } from '../../sandbox/faults.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { DAYS_BACK, fire } from './fire.ts';
import { Injected } from './injected.ts';
import { type FiringPlan, planYear } from './plan.ts';
import { comparePoints, compareResults } from './points.ts';
import { OPEN_GROUPS, SERIES, startYearStack, type YearStack } from './stack.ts';
import { type Comparison, compareWithTruth, type Look } from './truth.ts';

const HOUR = 3_600_000;
const FIRING = 4 * HOUR;
/** Start of the year. It is fixed, so that a seed gives the same trades whenever it runs. */
const BEGIN = Date.UTC(2024, 0, 1);

export interface YearOptions {
  /** The `temporal` executable. */
  readonly cli: string;
  readonly home: string;
  readonly firings: number;
  readonly seed: number;
  /** Last stage of each run, except of those that make pages. @default "backtest" */
  readonly untilStage?: PipelineInput['untilStage'];
  /** Number of firings between two runs that make pages; 0 for none. @default 6, once a day */
  readonly pagesEvery?: number;
  /** Called after each firing. */
  readonly progress?: (sample: FiringSample) => void;
  /** Called before each firing; the year ends early when it returns true. @default never */
  readonly enough?: () => boolean;
}

/** Measurements of one firing; sizes in bytes, times in milliseconds. */
export interface FiringSample {
  readonly index: number;
  readonly result: string;
  readonly ms: number;
  /** CPU milliseconds of the workers and the Temporal server, which do not depend on the machine's load; null when one of them was killed. */
  readonly cpuMs: number | null;
  /** Whether no fault around the firing took time. */
  readonly calm: boolean;
  readonly pages: boolean;
  readonly workerBytes: number;
  readonly databaseBytes: number;
  readonly pageBytes: number;
}

export interface YearReport {
  readonly samples: readonly FiringSample[];
  readonly faults: Readonly<Record<string, number>>;
  readonly results: Readonly<Record<string, number>>;
  readonly instruments: number;
  readonly trades: number;
  readonly venues: Comparison['venues'];
  /** Number of price points that were compared with the venue's. */
  readonly points: number;
  /** Number of markets whose result was compared. */
  readonly settled: number;
  /** Number of candles that were built again and compared. */
  readonly candles: number;
  readonly incidents: number;
  /** Number of outages during runs. */
  readonly outages: number;
  /** Number of reports of runs that a venue took back a close or a result. */
  readonly takenBack: number;
  /** Mean seconds of each stage of each symbol. */
  readonly stages: readonly { readonly task: string; readonly seconds: number }[];
  /** One sentence for each fault; empty when nothing was lost, doubled, invented or reported wrongly. */
  readonly wrong: readonly string[];
}

/** Runs a year and compares stored data, coverage and reports with the venues' truth and the injected faults. */
export async function runYear(options: YearOptions): Promise<YearReport> {
  const { firings, seed, home, untilStage = 'backtest', pagesEvery = 6 } = options;
  let clock = BEGIN;
  const stack = await startYearStack({ cli: options.cli, home, seed, now: () => clock, days: Math.ceil(firings / 6) });
  const samples: FiringSample[] = [];
  const looks: Look[] = [];
  const injected = new Injected();
  const faults: Record<string, number> = {};
  const fireNow = async (plan: FiringPlan | null, pages: boolean, refetch = false): Promise<string> => {
    const down = plan?.down ?? new Set();
    const results = await fire(stack, plan, { clock, untilStage: pages ? 'visualize' : untilStage, refetch });
    for (const result of results) injected.ended(result, down);
    if (results.some((result) => result !== undefined && result.result !== 'cancelled')) looks.push({ asOf: clock, away: down });
    return results.map((result) => result?.result ?? 'cancelled at once').join('+');
  };
  try {
    for (const plan of planYear({ count: firings, seed })) {
      if (options.enough?.() === true) break;
      clock = BEGIN + plan.index * FIRING;
      if (plan.asleep) {
        count(faults, 'firings asleep', true);
        continue;
      }
      if (plan.release !== null) await stack.release(plan.release);
      const late = plan.lateTrades > 0 && addLate(stack, plan.lateTrades);
      const corrected = plan.corrections > 0 && correct(stack, plan.corrections);
      if (plan.correctedPoints > 0) correctPoints(stack, plan);
      const misreported = misreportedBy(stack, plan);
      countAll(faults, plan, { late, corrected, misreported });
      stack.venue.setFaults({ ...faultsOf(plan), ...misreported });
      const pages = pagesEvery > 0 && plan.index % pagesEvery === 0;
      const before = stack.cpu();
      const started = performance.now();
      const result = await fireNow(plan, pages);
      const ms = performance.now() - started;
      const cpuMs = usedSince(before, stack.cpu());
      stack.venue.requests.length = 0;
      const { down, kill, cut, hiccups, overlaps, cancelAfterMs } = plan;
      const sample = {
        index: plan.index,
        result,
        ms,
        cpuMs,
        calm: kill === null && cut === null && down.size === 0 && hiccups === 0 && !overlaps && cancelAfterMs === null,
        pages,
        workerBytes: stack.residentBytes(),
        ...(await sizes(stack, samples.at(-1), plan.index)),
      };
      samples.push(sample);
      options.progress?.(sample);
    }
    // two calm firings end everything that is open; the second collects the whole window again, and with it all corrections
    stack.venue.setFaults({});
    clock += FIRING;
    await fireNow(null, false);
    clock += FIRING;
    await fireNow(null, false, true);
    const span = { database: stack.database, venue: stack.venue, from: BEGIN - DAYS_BACK * 24 * HOUR, to: clock };
    const windowMs = DAYS_BACK * 24 * HOUR;
    const { instruments, venues, wrong } = await compareWithTruth({ ...span, looks, windowMs });
    const { points, wrong: wrongPoints } = await comparePoints({ ...span, refetchedFrom: clock - windowMs });
    const { results: settled, wrong: wrongResults } = await compareResults(span);
    const { candles, findings } = await verifyData(stack.database);
    const { incidents, outages, takenBack, wrong: wrongAlerts } = await injected.compare(stack);
    const results: Record<string, number> = {};
    for (const { result } of samples) for (const one of result.split('+')) count(results, one, true);
    return {
      samples,
      faults,
      results,
      instruments,
      trades: Object.values(venues).reduce((sum, { stored }) => sum + stored, 0),
      venues,
      points,
      settled,
      candles,
      incidents,
      outages,
      takenBack,
      stages: await stageSeconds(stack),
      wrong: [...wrong, ...wrongPoints, ...wrongResults, ...findings, ...wrongAlerts],
    };
  } finally {
    await stack.close();
  }
}

function usedSince(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number | null {
  let used = 0;
  for (const [pid, ms] of after) {
    const then = before.get(pid);
    if (then === undefined) return null;
    used += ms - then;
  }
  return used;
}

function faultsOf(plan: FiringPlan) {
  const { down, hiccups, untidy } = plan;
  return {
    ...(down.size > 0
      ? { unavailable: 1, only: [...down].map((venue) => `/${venue}`) }
      : hiccups > 0
        ? { unavailable: { count: hiccups } }
        : {}),
    ...(untidy && down.size === 0 ? { repeatRows: 0.3, shuffle: 0.3 } : {}),
  };
}

/** Adds late trades to a market. @returns whether there was a suitable market */
function addLate({ venue }: YearStack, trades: number): boolean {
  const now = venue.now();
  // Kalshi's markets at every second firing
  const at = (now / FIRING) % 2 === 0 ? 'polymarket' : 'kalshi';
  const open = venue.truth.instruments({ venue: at }).filter(({ closesAt }) => closesAt === null || closesAt > now);
  // among trades of this firing: a late trade of a market without trades may be older than any range that runs still read
  const first = open.find(({ id }) => venue.truth.ticks(id, { from: now - FIRING, to: now }).length > 3 * trades);
  if (first !== undefined) venue.addLateTrades(first.id, trades);
  return first !== undefined;
}

/** Corrects trades of a market, of another one at each firing. @returns whether there were trades to correct */
function correct({ venue }: YearStack, count: number): boolean {
  const now = venue.now();
  const markets = [...venue.truth.instruments({ venue: 'predict' }), ...venue.truth.instruments({ venue: 'kalshi' })];
  const { id } = markets[(now / FIRING) % markets.length];
  return venue.reviseTrades(id, { from: now - FIRING - 2 * HOUR, to: now - FIRING, count }) > 0;
}

/** Corrects points that an earlier firing has collected and no later one requests again, of another market at each firing. */
function correctPoints({ venue }: YearStack, { correctedPoints }: FiringPlan): void {
  const now = venue.now();
  const open = venue.truth.instruments({ venue: 'polymarket' }).filter(({ closesAt }) => closesAt === null || closesAt > now);
  const market = open[(now / FIRING) % open.length];
  if (market !== undefined) venue.revisePoints(market.id, { to: now - FIRING / 2, count: correctedPoints });
}

/** The faults by which venues misreport the ends of markets and single rows. */
function misreportedBy({ venue }: YearStack, { calledClosed, flipped, contradicted, down }: FiringPlan): Faults {
  const now = venue.now();
  const open =
    calledClosed === null ? [] : venue.truth.instruments({ venue: calledClosed }).filter(({ group }) => OPEN_GROUPS.includes(group));
  const market = open[(now / FIRING) % open.length];
  const isOpen = market !== undefined && (market.closesAt === null || market.closesAt > now);
  const closed = venue.truth
    .instruments({ venue: 'polymarket', group: SERIES })
    .filter(({ closesAt, payout }) => payout !== null && (closesAt ?? now + 1) <= now);
  const last = closed.sort((a, b) => (b.closesAt ?? 0) - (a.closesAt ?? 0))[0];
  return {
    ...(isOpen && calledClosed !== null && !down.has(calledClosed) && { calledClosed: { [market.id]: now - FIRING / 4 } }),
    ...(flipped && last !== undefined && !down.has('polymarket') && { flipped: [last.id] }),
    ...(contradicted && { contradicted: 0.005 }),
  };
}

const count = (counts: Record<string, number>, what: string, hit: boolean): void => {
  if (hit) counts[what] = (counts[what] ?? 0) + 1;
};

function countAll(
  faults: Record<string, number>,
  plan: FiringPlan,
  { late, corrected, misreported }: { late: boolean; corrected: boolean; misreported: Faults },
): void {
  for (const venue of plan.down) count(faults, `${venue} away`, true);
  count(faults, 'hiccups', plan.hiccups > 0);
  count(faults, 'venues cut off', plan.cut !== null);
  count(faults, 'untidy answers', plan.untidy);
  count(faults, 'late trades', late);
  count(faults, 'corrected trades', corrected);
  count(faults, 'corrected points', plan.correctedPoints > 0);
  count(faults, 'contradicting rows', misreported.contradicted !== undefined);
  count(faults, 'called closed', misreported.calledClosed !== undefined);
  count(faults, 'results turned round', misreported.flipped !== undefined);
  count(faults, 'overlapping runs', plan.overlaps);
  count(faults, 'cancelled', plan.cancelAfterMs !== null);
  if (plan.kill !== null) count(faults, `${plan.kill.part} killed`, true);
  if (plan.release !== null) count(faults, `release: ${plan.release}`, true);
}

async function stageSeconds({ database }: YearStack): Promise<YearReport['stages']> {
  const { rows } = await database.query<{ task: string; seconds: number }>(
    `select task_id as task, avg(extract(epoch from finished_at - started_at))::float8 as seconds from ledger group by task_id order by 2 desc`,
  );
  return rows;
}

/** Number of firings between two requests of all pages. */
const PAGES_EVERY = 25;

async function sizes(
  stack: YearStack,
  before: FiringSample | undefined,
  index: number,
): Promise<{ databaseBytes: number; pageBytes: number }> {
  const { rows } = await stack.waits.until('the size of the database', 60_000, () =>
    stack.database.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes'),
  );
  const pageBytes =
    before === undefined || index % PAGES_EVERY === 0 ? await folderBytes(path.join(stack.home, 'reports')) : before.pageBytes;
  return { databaseBytes: rows[0].bytes, pageBytes };
}

/** Size of a folder's files in bytes; several hard links to one file count once. */
async function folderBytes(folder: string): Promise<number> {
  const seen = new Set<number>();
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue;
    const info = await stat(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    if (info === undefined || seen.has(info.ino)) continue;
    seen.add(info.ino);
    bytes += info.size;
  }
  return bytes;
}
