import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { RunEnded } from '../../src/client.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import { listIncidents } from '../../src/storage/incidents/incidents.ts';
import { type FiringPlan, planYear } from './plan.ts';
import { startYearStack, type YearStack } from './stack.ts';
import { compareWithTruth } from './truth.ts';

const HOUR = 3_600_000;
const FIRING = 4 * HOUR;

export interface YearOptions {
  /** The `temporal` executable. */
  readonly cli: string;
  readonly home: string;
  readonly firings: number;
  readonly seed: number;
  /** How far each run goes. @default "visualize" */
  readonly untilStage?: PipelineInput['untilStage'];
  /** Told after each firing. */
  readonly progress?: (sample: FiringSample) => void;
  /** Asked before each firing; the year ends early once it says so. @default never */
  readonly enough?: () => boolean;
}

/** One firing as it went. Bytes, milliseconds. */
export interface FiringSample {
  readonly index: number;
  readonly result: string;
  readonly ms: number;
  readonly calm: boolean;
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
  readonly incidents: number;
  /** One sentence each; none: nothing was lost, doubled, invented or told wrongly. */
  readonly wrong: readonly string[];
}

/** Lets a year happen and compares what is stored, claimed and told with what was made and injected. */
export async function runYear(options: YearOptions): Promise<YearReport> {
  const { firings, seed, home } = options;
  const begin = Math.floor((Date.now() - (firings + 2) * FIRING) / FIRING) * FIRING;
  let clock = begin;
  const stack = await startYearStack({ cli: options.cli, home, seed, now: () => clock });
  const samples: FiringSample[] = [];
  const injected = new Injected();
  const faults: Record<string, number> = {};
  try {
    for (const plan of planYear({ count: firings, seed })) {
      if (options.enough?.() === true) break;
      clock = begin + plan.index * FIRING;
      count(faults, plan);
      if (plan.asleep) continue;
      if (plan.lateTrades > 0) addLate(stack, plan.lateTrades);
      stack.venue.setFaults(faultsOf(plan));
      const started = performance.now();
      const results = await fire(stack, plan, { clock, untilStage: options.untilStage });
      const ms = performance.now() - started;
      for (const result of results) injected.ended(result, plan.down);
      stack.venue.requests.length = 0;
      const sample = {
        index: plan.index,
        result: results.map((result) => result?.result ?? 'none').join('+'),
        ms,
        calm: plan.kill === null && plan.down.size === 0 && plan.hiccups === 0 && !plan.overlaps && plan.cancelAfterMs === null,
        workerBytes: stack.residentBytes(),
        ...(await sizes(stack, samples.at(-1), plan.index)),
      };
      samples.push(sample);
      options.progress?.(sample);
    }
    // two calm firings end whatever is open
    stack.venue.setFaults({});
    for (let i = 0; i < 2; i++) {
      clock += FIRING;
      const [result] = await fire(stack, null, { clock, untilStage: options.untilStage });
      injected.ended(result, new Set());
    }
    const { instruments, trades, wrong } = await compareWithTruth({
      database: stack.database,
      venue: stack.venue,
      from: begin - DAYS_BACK * 24 * HOUR,
      to: clock,
    });
    const told = await injected.compare(stack);
    const results: Record<string, number> = {};
    for (const { result } of samples) for (const one of result.split('+')) results[one] = (results[one] ?? 0) + 1;
    return { samples, faults, results, instruments, trades, incidents: told.incidents, wrong: [...wrong, ...told.wrong] };
  } finally {
    await stack.close();
  }
}

/** A sleep of three days, and the days before the first firing. */
const DAYS_BACK = 4;

/** One firing with all that goes wrong meanwhile. @returns how its runs ended */
async function fire(
  stack: YearStack,
  plan: FiringPlan | null,
  { clock, untilStage = 'visualize' }: { clock: number; untilStage?: PipelineInput['untilStage'] },
): Promise<readonly (PipelineResult | undefined)[]> {
  const asOf = new Date(clock).toISOString();
  const input: PipelineInput = { asOf, daysBack: DAYS_BACK, untilStage, retry: { maxRetries: 2, retryDelay: '100ms', backoff: 1 } };
  const start = async (runId: string): Promise<string> => {
    for (;;) {
      try {
        return (await stack.lab.start(input, { runId })).runId;
      } catch (error) {
        // the server is being killed
        if (error instanceof Error && /already open/.test(error.message)) return runId;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  };
  const names = [`year-${asOf}`, ...(plan?.overlaps === true ? [`year-${asOf}-again`] : [])];
  const runs = await Promise.all(names.map(start));
  const ends = Promise.all(runs.map((runId) => ended(stack, runId)));
  if (plan?.cancelAfterMs !== null && plan !== null) {
    await new Promise((resolve) => setTimeout(resolve, plan.cancelAfterMs ?? 0));
    await stack.lab.cancel(runs[0]).catch(() => undefined);
  }
  if (plan?.kill) {
    await new Promise((resolve) => setTimeout(resolve, plan.kill?.afterMs ?? 0));
    await stack.kill(plan.kill.part);
  }
  return await ends;
}

/** Waits as long as it takes: what is killed comes back. */
async function ended({ lab }: YearStack, runId: string): Promise<PipelineResult | undefined> {
  for (;;) {
    try {
      return await lab.result(runId);
    } catch (error) {
      if (error instanceof RunEnded) return error.partial;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
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

function addLate({ venue }: YearStack, trades: number): void {
  const now = venue.now();
  const open = venue.truth.instruments({ venue: 'polymarket' }).filter(({ closesAt }) => closesAt === null || closesAt > now);
  // among trades of this firing: what a market without trades gets late may lie before all that any run still looks at
  const first = open.find(({ id }) => venue.truth.ticks(id, { from: now - FIRING, to: now }).length > 3 * trades);
  if (first !== undefined) venue.addLateTrades(first.id, trades);
}

function count(faults: Record<string, number>, plan: FiringPlan): void {
  const add = (what: string, hit: boolean): void => {
    if (hit) faults[what] = (faults[what] ?? 0) + 1;
  };
  add('firings asleep', plan.asleep);
  if (plan.asleep) return;
  for (const venue of plan.down) add(`${venue} away`, true);
  add('hiccups', plan.hiccups > 0);
  add('untidy answers', plan.untidy);
  add('late trades', plan.lateTrades > 0);
  add('overlapping runs', plan.overlaps);
  add('cancelled', plan.cancelAfterMs !== null);
  if (plan.kill !== null) add(`${plan.kill.part} killed`, true);
}

/** What incidents there should be, by who was away when runs ended. */
class Injected {
  readonly #open = new Set<string>();
  #opened = 0;
  readonly #unexplained: string[] = [];

  /** Takes note of how a run ended while these venues were away. */
  ended(result: PipelineResult | undefined, down: ReadonlySet<string>): void {
    if (result === undefined || result.result === 'cancelled') return;
    for (const venue of ['polymarket', 'predict']) {
      // a symbol that has no source left says what the first of them failed with
      if (venue === 'predict' && down.size === 2) continue;
      if (down.has(venue) && !this.#open.has(venue)) this.#opened++;
      if (down.has(venue)) this.#open.add(venue);
      else this.#open.delete(venue);
    }
    if (down.size === 0 && result.result !== 'success')
      this.#unexplained.push(`${result.runId} is ${result.result}: ${result.reasons.join('; ')}`);
  }

  async compare({ database, alerts }: YearStack): Promise<{ incidents: number; wrong: readonly string[] }> {
    // what is in the outbox is told within seconds
    for (let tries = 0; tries < 100; tries++) {
      const { rows } = await database.query<{ waiting: number }>(
        'select count(*)::int as waiting from alert_deliveries where told_at is null',
      );
      if (rows[0].waiting === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const incidents = await listIncidents(database, { open: false, limit: 100_000 });
    const away = incidents.filter(({ cause }) => /SourceUnavailable/.test(cause));
    const wrong = this.#unexplained.slice(0, 10);
    if (away.length !== this.#opened) wrong.push(`${this.#opened} outages that a run met, but ${away.length} incidents of them`);
    for (const { id, cause, closedAt } of incidents) {
      if (closedAt === null) wrong.push(`incident ${id} is still open: ${cause}`);
      const told = [...alerts.values()].filter(({ incident }) => incident.id === id).map(({ event }) => event);
      if (
        told.filter((event) => event === 'opened').length !== 1 ||
        (closedAt !== null && told.filter((event) => event === 'closed').length !== 1)
      )
        wrong.push(`incident ${id} was told ${told.join(', ') || 'to nobody'}`);
      if (told.length > 0 && told[0] !== 'opened') wrong.push(`incident ${id} was told ${told[0]} first`);
    }
    for (const other of incidents.filter((incident) => !away.includes(incident)))
      wrong.push(`an incident that was not injected: ${other.cause}`);
    return { incidents: incidents.length, wrong };
  }
}

/** Pages are walked now and then only. */
const PAGES_EVERY = 25;

async function sizes(
  stack: YearStack,
  before: FiringSample | undefined,
  index: number,
): Promise<{ databaseBytes: number; pageBytes: number }> {
  const { rows } = await stack.database.query<{ bytes: number }>('select pg_database_size(current_database())::float8 as bytes');
  const pageBytes =
    before === undefined || index % PAGES_EVERY === 0 ? await folderBytes(path.join(stack.home, 'reports')) : before.pageBytes;
  return { databaseBytes: rows[0].bytes, pageBytes };
}

/** Files that are several names of one count once. */
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
