import type { TimeRange } from '../../src/contracts/market-data.ts';
import { MIN_LATENESS_MS, UNSEEN_LATENESS_MS } from '../../src/market/lateness.ts';
import { SETTLE_MS } from '../../src/sources/catalogue/market-life.ts';
import { isWithin, missingRanges } from '../../src/sources/walk/time-ranges.ts';
import { ModelVenue } from './model-venue.ts';
import { type Claims, memorySymbol, type Pipeline } from './pipeline.ts';
import { union } from './price-points.ts';
import { DAY, type Firing, HOUR, type Lateness, MINUTE, marketBeside, type World, type WorldTrade } from './world.ts';

/** Result of a world: how much of it was exercised, and all differences. */
export interface WorldReport {
  readonly runs: number;
  readonly stored: number;
  /** One sentence for each difference; empty when data and coverage are true. */
  readonly wrong: readonly string[];
}

/** Milliseconds between two attempts of a run. */
export const PAUSE = 5 * MINUTE;
export const ATTEMPTS = 3;

/** A market's venue, the pipeline that collects it, and the checks of the stored data. */
interface Side {
  readonly venue: ModelVenue;
  readonly pipeline: Looked;
  readonly checks: Checks;
}

/** Runs each firing in turn until something is wrong. @returns number of runs that came through */
async function runFirings(
  firings: readonly Firing[],
  { sides, attempt }: { readonly sides: readonly Side[]; readonly attempt: Pipeline['attempt'] },
  check: (checks: Checks, ran: Ran) => Promise<void>,
): Promise<number> {
  let runs = 0;
  const venues = sides.map(({ venue }) => venue);
  for (const [index, firing] of firings.entries()) {
    if (sides.some(({ checks }) => checks.wrong.length > 0)) break;
    for (const venue of venues) venue.now = Math.max(venue.now, firing.at);
    const lateness = await Promise.all(sides.map(({ pipeline }) => pipeline.lateness(firing.asOf)));
    const run = `run ${index}`;
    if (!(await attempts(attempt, venues, run, firing))) continue;
    runs++;
    for (const [side, { venue, pipeline, checks }] of sides.entries()) {
      const claims = await pipeline.store(run, firing);
      await check(checks, { run, firing, claims, lateness: lateness[side], venue, pipeline });
    }
  }
  return runs;
}

const reportOf = async (world: World, pipeline: Looked, { wrong }: Checks, runs: number): Promise<WorldReport> => ({
  runs,
  stored: (await pipeline.ticks()).length,
  wrong: wrong.map((sentence) => `seed ${world.seed}: ${sentence}`),
});

/** Runs a world and compares, after each run, what is stored and claimed with the truth. */
export async function runWorld(
  world: World,
  pipelineOf: (venue: ModelVenue) => Pipeline | Promise<Pipeline>,
  type?: ModelVenue['type'],
): Promise<WorldReport> {
  const venue = new ModelVenue(world, type);
  const pipeline = await pipelineOf(venue);
  const checks = new Checks(world);
  const runs = await runFirings(world.firings, { sides: [{ venue, pipeline, checks }], attempt: pipeline.attempt }, (_, ran) =>
    checks.afterRun(ran),
  );
  await checks.atTheEnd(pipeline, venue, (run, firing) => pipeline.attempt(run, firing));
  return await reportOf(world, pipeline, checks, runs);
}

/**
 * Runs a world whose venue lies in several ways at once. While it lies, only its rows can be judged: none is invented, doubled or moved.
 * Long after the lies, the documented recovery (a run with `refetch`) makes rows, coverage and facts equal to the truth.
 */
export async function runMixedWorld(world: World): Promise<WorldReport> {
  const venue = new ModelVenue(world);
  const markets = [{ venue, world }];
  if (world.sharesIds) {
    const other = marketBeside(world);
    markets.push({ venue: new ModelVenue(other, venue.type, venue), world: other });
  }
  const symbol = memorySymbol(markets.map((market) => market.venue));
  const sides = markets.map((market) => ({ venue: market.venue, pipeline: symbol.of(market.venue), checks: new Checks(market.world) }));
  const end = Math.max(...world.firings.map(({ at }) => at), ...world.lies.map(({ to }) => to)) + 2 * DAY;
  const recovery = [end, end + HOUR, end + 26 * HOUR].map((at, index) => ({
    at,
    asOf: at,
    daysBack: 40,
    refetch: index === 0,
    killedAt: [],
  }));
  const attempt = async (run: string, firing: Firing): Promise<void> => {
    await symbol.attempt(run, firing, false);
  };
  const runs = await runFirings([...world.firings, ...recovery], { sides, attempt }, (checks, ran) => checks.afterLyingRun(ran));
  for (const side of sides) await side.checks.afterRecovery(side.pipeline, side.venue, recovery[recovery.length - 1]);
  const reports = await Promise.all(sides.map(({ pipeline, checks }) => reportOf(world, pipeline, checks, runs)));
  return { ...reports[0], wrong: reports.flatMap(({ wrong }) => wrong) };
}

/** Tries a collection as a run does. @returns whether it came through */
async function attempts(attempt: Pipeline['attempt'], venues: readonly ModelVenue[], run: string, firing: Firing): Promise<boolean> {
  for (const venue of venues) {
    venue.requests = 0;
    venue.firstLook = 0;
  }
  for (let tried = 1; tried <= ATTEMPTS; tried++) {
    for (const venue of venues) venue.killedAt = firing.killedAt;
    try {
      await attempt(run, firing);
      return true;
    } catch (error) {
      if (!isExpected(error)) throw error;
      for (const venue of venues) venue.now += PAUSE;
    }
  }
  return false;
}

/** Whether an error is one that a world's venue raises on purpose. */
export const isExpected = (error: unknown): boolean =>
  error instanceof Error &&
  /venue is down|worker was killed|repeats the same page|refuses its own cursors|so nothing of this market counts as collected/.test(
    error.message,
  );

/** Grain of the oldest points of a mixed world, in seconds. */
const COARSEST_GRAIN = 1800;

/** The part of the pipeline that checks read. */
type Looked = Omit<Pipeline, 'attempt'>;

export interface Ran {
  readonly run: string;
  readonly firing: Firing;
  readonly claims: Claims;
  /** The lateness that was expected before the run, in milliseconds. */
  readonly lateness: number;
  readonly venue: ModelVenue;
  readonly pipeline: Looked;
  /** Whether the venue did not answer, while another one of the symbol did. @default false */
  readonly failed?: boolean;
}

/** Kinds of lateness that lose no row, however late it comes. */
const REACHED: readonly Lateness[] = ['rarely', 'blackout', 'with-the-close'];

/** Compares what is stored and claimed with the truth of a world. */
export class Checks {
  readonly wrong: string[] = [];
  readonly #world: World;
  readonly #content = new Map<string, { price: number | null; size: number | null }>();
  /** Trades that become ticks. */
  readonly #good: readonly WorldTrade[];
  #closedSeen = Number.POSITIVE_INFINITY;
  /** Number of runs that have read everything that there was. */
  #whole = 0;
  /** Whether some run's window was shorter than rows may be late: rows before such a window may stay missing. */
  #narrow = false;

  constructor(world: World) {
    this.#world = world;
    this.#good = world.trades.filter(({ bad }) => !bad);
  }

  async afterRun(ran: Ran): Promise<void> {
    this.#narrow ||= ran.firing.daysBack < 1;
    const ticks = await ran.pipeline.ticks();
    const stored = new Set(ticks.map(({ id }) => id));
    this.#rows(ran, ticks);
    // a market that the venue wrongly calls closed is believed until the venue corrects it, or its result has stood
    const { closed = false, confirmedAt } = (await ran.pipeline.instrument()) ?? {};
    if (closed && confirmedAt === undefined && this.#world.lies.some(({ kind }) => kind === 'closed')) return;
    this.#claims(ran, stored);
    // rows beyond the reach of a paging are lost, and not claimed
    if (ran.claims.whole && this.#world.reaches === null) {
      this.#overlap(ran, stored);
      await this.#coverage(ran, stored);
    }
    await this.#caughtUp(ran);
    await this.#facts(ran);
    if (ran.claims.whole) this.#whole++;
  }

  /** Checks the rows of a run whose venue may be lying. */
  async afterLyingRun(ran: Ran): Promise<void> {
    this.#rows(ran, await ran.pipeline.ticks());
    this.#prices(ran);
    const beyond = ran.claims.ranges.find(({ to }) => to > ran.firing.asOf);
    if (beyond !== undefined) this.wrong.push(`${ran.run} claims what is after its own instant`);
  }

  /** Checks that every trade of the venue is stored, the window is covered, and the market's facts are the true ones. */
  async afterRecovery(pipeline: Looked, venue: ModelVenue, { asOf, daysBack }: Firing): Promise<void> {
    if (this.wrong.length > 0) return;
    // what lies beyond the venue's horizon was gone before the recovery
    const shownFrom = this.#world.horizon === null ? Number.NEGATIVE_INFINITY : asOf - 25 * HOUR - this.#world.horizon;
    const window = { from: Math.max(asOf - daysBack * DAY, shownFrom), to: asOf - 12 * HOUR };
    const stored = new Set((await pipeline.ticks()).map(({ id }) => id));
    const lost = this.#good.filter(({ id, stamp, visible }) => stamp >= window.from && visible < asOf - 2 * DAY && !stored.has(id));
    if (lost.length > 0) this.wrong.push(`${lost.length} trades were lost for good, the first is ${lost[0].id}`);
    const [hole] = missingRanges(window, union(await pipeline.covered()));
    if (hole !== undefined) this.wrong.push(`the recovery leaves a hole from ${ago(asOf, hole.from)} to ${ago(asOf, hole.to)}`);
    const prices = this.#world.pointLag === null ? undefined : pipeline.points?.();
    if (prices !== undefined) {
      const [gap] = missingRanges({ ...window, from: asOf - daysBack * DAY }, prices.covered);
      if (gap !== undefined) this.wrong.push(`the recovery leaves no points from ${ago(asOf, gap.from)} to ${ago(asOf, gap.to)}`);
      const unpriced = this.#good.find(({ stamp }) => !prices.has(stamp, COARSEST_GRAIN));
      if (unpriced !== undefined) this.wrong.push(`the price of ${unpriced.id} has no point although its time is covered`);
    }
    const end = await pipeline.instrument();
    if (end?.outcomes.join() !== 'Yes,No') this.wrong.push('in the end its outcomes have changed places');
    if ((end?.closed === true) !== venue.isClosed) this.wrong.push(`in the end it is taken for ${venue.isClosed ? 'open' : 'closed'}`);
    if (end?.resolution.kind === 'settled' && end.resolution.payout !== 1) this.wrong.push('in the end the loser is paid');
  }

  /** Checks that each tick is one of the venue's trades, stored once, as the venue showed it last. */
  #rows({ run, claims }: Ran, ticks: Awaited<ReturnType<Pipeline['ticks']>>): void {
    for (const [id, { price, size }] of claims.kept) this.#content.set(id, { price, size });
    const byId = new Map(this.#world.trades.map((trade) => [trade.id, trade]));
    const met = new Set<string>();
    for (const { id, time, price, size } of ticks) {
      const trade = byId.get(id);
      const shown = this.#content.get(id);
      if (trade === undefined || trade.bad) this.wrong.push(`${run} invented ${id}`);
      else if (!trade.versions.some((version) => version.price === price))
        this.wrong.push(`${run} has ${id} at ${price}, which it never was: the other outcome's?`);
      else if (met.has(id)) this.wrong.push(`${run} has ${id} twice`);
      else if (trade.stamp !== time) this.wrong.push(`${run} moved ${id}`);
      else if (shown === undefined || shown.price !== price || shown.size !== size)
        this.wrong.push(`${run} has ${id} at ${price} × ${size}, the venue showed ${shown?.price} × ${shown?.size} last`);
      met.add(id);
    }
    for (const id of this.#content.keys()) if (!met.has(id)) this.wrong.push(`${run} lost ${id}`);
  }

  /** Checks that each price point is the price of a trade in its bucket. */
  #prices({ run, pipeline }: Ran): void {
    for (const [time, { price, grain }] of pipeline.points?.().points ?? []) {
      const isTrue = this.#good.some(
        ({ stamp, versions: [first] }) => stamp <= time && stamp > time - grain * 1000 && first.price === price,
      );
      if (isTrue) continue;
      this.wrong.push(`${run} has a point at ${price}, which the market never was in the ${grain} s before`);
      return;
    }
  }

  /** Checks that claimed time lacks no trade that was shown, or that comes no later than the known lateness. */
  #claims({ run, claims, lateness, venue, firing }: Ran, stored: ReadonlySet<string>): void {
    const looked = venue.requests === 0 ? venue.now : venue.firstLook;
    for (const trade of this.#good) {
      if (stored.has(trade.id) || !isWithin(trade.stamp, claims.ranges)) continue;
      const late = trade.visible - trade.stamp;
      // the lateness of an index that no run has read yet is unknown, but its last hour is not claimed
      const expected = this.#whole === 0 && this.#world.lateness === 'behind' ? UNSEEN_LATENESS_MS : MIN_LATENESS_MS;
      if (trade.visible > looked && late > Math.max(lateness, expected)) continue;
      this.wrong.push(
        `${run} (as of ${ago(firing.at, firing.asOf)}) claims ${ago(firing.at, trade.stamp)} but lacks ${trade.id}, seen ${ago(firing.at, trade.visible)}`,
      );
      return;
    }
    const beyond = claims.ranges.find(({ to }) => to > firing.asOf);
    if (beyond !== undefined) this.wrong.push(`${run} claims what is after its own instant`);
  }

  /** Checks that earlier claims are withdrawn where the lateness that is known now makes them doubtful. */
  async #coverage({ run, firing, venue, pipeline }: Ran, stored: ReadonlySet<string>): Promise<void> {
    if (this.#narrow || !['prompt', 'behind'].includes(this.#world.lateness) || firing.asOf < firing.at - HOUR) return;
    const covered = await pipeline.covered();
    const lateness = Math.max(MIN_LATENESS_MS, await pipeline.lateness(firing.asOf));
    const lost = this.#good.find(
      ({ id, stamp, visible }) =>
        !stored.has(id) && isWithin(stamp, covered) && visible - stamp <= lateness && stamp >= firing.asOf - firing.daysBack * DAY,
    );
    if (lost !== undefined)
      this.wrong.push(`${run} leaves ${ago(firing.at, lost.stamp)} covered, but ${lost.id} comes ${ago(venue.now, lost.visible)}`);
  }

  /** Checks that every walk down to covered time finds rows that are at most twice as late as usual. */
  #overlap({ run, firing, venue, claims }: Ran, stored: ReadonlySet<string>): void {
    if (firing.asOf < firing.at - HOUR) return;
    const from = Math.max(firing.asOf - firing.daysBack * DAY, Math.min(...claims.ranges.map((range) => range.from)) - MIN_LATENESS_MS);
    const lost = this.#good.find(
      ({ id, stamp, visible }) =>
        !stored.has(id) && visible <= venue.firstLook && stamp <= firing.asOf && stamp >= from && visible - stamp <= 2 * MIN_LATENESS_MS,
    );
    if (lost !== undefined) this.wrong.push(`${run} looked and did not find ${lost.id} of ${ago(firing.at, lost.stamp)}`);
  }

  /** Checks that a run covers its whole window, whatever was read before it and however long ago its instant is. */
  async #caughtUp({ run, firing, venue, pipeline, failed = false }: Ran): Promise<void> {
    if (failed || this.#world.reaches !== null || this.#world.lies.length > 0) return;
    const { from, to } = { from: firing.asOf - firing.daysBack * DAY, to: firing.asOf };
    const lateness = Math.max(MIN_LATENESS_MS, await pipeline.lateness(firing.asOf));
    // a first look leaves up to an hour of the present, and the venue's clock may be behind
    const settled = Math.min(to, venue.now - UNSEEN_LATENESS_MS + Math.min(0, this.#world.headerSkew)) - lateness - MINUTE;
    const holes = missingRanges({ from, to: Math.max(from, settled) }, union(await pipeline.covered()));
    const [hole] = holes.filter((each) => each.to > each.from);
    if (hole !== undefined)
      this.wrong.push(`${run} (as of ${ago(firing.at, to)}) leaves a hole from ${ago(to, hole.from)} to ${ago(to, hole.to)}`);
  }

  /** Checks that a close is never dated before the last trade, nor a result before a run saw it. */
  async #facts({ run, firing, venue, pipeline }: Ran): Promise<void> {
    const instrument = await pipeline.instrument();
    const { closedFrom, statesClose } = this.#world;
    if (instrument !== undefined && instrument.outcomes.join() !== 'Yes,No') this.wrong.push(`${run} lets its outcomes change places`);
    const isFlipped = this.#world.lies.some(({ kind }) => kind === 'flipped');
    if (instrument?.resolution.kind === 'settled' && instrument.resolution.payout !== 1 && !isFlipped)
      this.wrong.push(`${run} pays the loser`);
    if (instrument?.closed !== true || closedFrom === null) return;
    this.#closedSeen = Math.min(this.#closedSeen, venue.now);
    const last = Math.max(...this.#world.trades.map(({ stamp }) => stamp));
    if (instrument.closedAt === undefined || instrument.closedAt + SETTLE_MS + MIN_LATENESS_MS < last)
      this.wrong.push(`${run} has it end ${ago(firing.at, instrument.closedAt ?? 0)}, it was traded ${ago(firing.at, last)}`);
    const { resolution } = instrument;
    const isEarly = this.#world.lies.some(({ kind }) => kind === 'closed');
    if (!statesClose && !isEarly && resolution.kind === 'settled' && (resolution.at === null || resolution.at < closedFrom - HOUR))
      this.wrong.push(`${run} knows the result ${ago(firing.at, resolution.at ?? 0)}, it was there ${ago(firing.at, closedFrom)}`);
  }

  /** Checks the state after the last firing. @param again makes one more attempt to collect */
  async atTheEnd(pipeline: Looked, venue: ModelVenue, again: Pipeline['attempt']): Promise<void> {
    if (this.wrong.length > 0 || this.#world.reaches !== null) return;
    const final = this.#world.firings.at(-1) as Firing;
    const end = await pipeline.instrument();
    if (end?.resolution.kind === 'settled' && end.resolution.payout !== 1) this.wrong.push('in the end the loser is paid');
    if ((end?.closed === true) !== venue.isClosed) this.wrong.push(`in the end it is taken for ${venue.isClosed ? 'open' : 'closed'}`);
    const stored = new Set((await pipeline.ticks()).map(({ id }) => id));
    const covered = union(await pipeline.covered());
    const inWindow: TimeRange = { from: final.asOf - final.daysBack * DAY, to: final.asOf };
    const lateness = await pipeline.lateness(final.asOf);
    // an index that is behind by a constant is found out by its first late row; stragglers only within their reach
    const known = REACHED.includes(this.#world.lateness)
      ? Number.POSITIVE_INFINITY
      : Math.max(2 * MIN_LATENESS_MS, this.#world.lateness === 'behind' ? lateness : 0);
    const lost = this.#good.find(
      ({ id, stamp, visible }) => stamp >= inWindow.from && stamp < inWindow.to && visible - stamp <= known && !stored.has(id),
    );
    if (lost !== undefined) this.wrong.push(`${lost.id} was lost for good`);
    // quiet and ended time is covered, up to what may still come
    if (
      !covered.some(({ from, to }) => from <= inWindow.from && to >= inWindow.to - lateness - 1000 - Math.max(0, -this.#world.headerSkew))
    )
      this.wrong.push(`${final.daysBack} days are not covered in the end`);
    venue.requests = 0;
    venue.killedAt = [];
    await again('right after', { ...final, asOf: final.asOf + 20_000 });
    const over = this.#closedSeen + lateness + 2 * MINUTE < final.at;
    if (venue.requests > (over ? 0 : 2)) this.wrong.push(`a run right after another asks ${venue.requests} times for trades`);
  }
}

/** A moment as minutes before another: easier to read than two times. */
const ago = (now: number, time: number): string => `${((now - time) / MINUTE).toFixed(1)} min before`;
