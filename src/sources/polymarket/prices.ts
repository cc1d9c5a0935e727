import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { POINT_IDENTITY } from '../../market/identity.ts';
import { MOST_LATENESS_MS } from '../../market/lateness.ts';
import { identifyPage, type ReadRow, rowsOfWindow, timeBounds } from '../candidate.ts';
import { endOf, lifelessAfter, lifelessBefore, SETTLE_MS, tradableWindow } from '../catalogue/market-life.ts';
import { readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import { noteFields } from '../http/venue-changes.ts';
import type { VenueClient } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import type { CollectRequest, CoveredRange, SourcePage } from '../source.ts';
import { missingRanges } from '../walk/time-ranges.ts';
import { inferred, seenUntil } from '../walk/trade-walk.ts';
import { type Call, VENUE } from './api.ts';
import { nextCursor } from './pagination.ts';
import { coarser, GRAINS, type LadderStep, ladderSteps } from './price-ladder.ts';

const WHERE = '/v2/prices-history';
const FIELDS: RequiredFields = [['timestamp'], ['price']];
/** The venue gives no more per page. */
const LIMIT = 10_000;
const SECOND = 1000;

/** Points collected down to this moment; the next attempt continues below it. */
export interface PriceCursor {
  readonly below: number;
}

/** Refused windows after which the venue counts as giving no points of a market. */
const MAX_REFUSALS = 3;

/**
 * Price points of the first outcome for the time that coverage lacks, newest window first, with one grain of overlap for the last
 * bucket. A window that is empty at its grain is queried at coarser ones. A window that the venue refuses stays uncovered; the
 * others are still queried.
 */
export async function* collectPrices(
  data: VenueClient,
  request: CollectRequest,
  resume: PriceCursor | undefined,
  call: Call,
): AsyncGenerator<Omit<SourcePage, 'cursor'> & { readonly cursor: PriceCursor }> {
  const { instrument, window, asOf } = request;
  const { tradable, missing, claims, known } = planPrices(request);
  // retention goes by the venue's own clock
  const now = Math.max(request.clock, asOf);
  const bounds = timeBounds(instrument.opensAt, asOf, now);
  // covered without a request: sent with the first page, or alone when there is nothing to request
  let free: readonly CoveredRange[] = inferred([
    ...lifelessBefore(instrument, window),
    ...(known ? lifelessAfter(instrument, window) : []),
  ]);
  let refusals = 0;
  for (const range of missing.reverse()) {
    const to = Math.min(range.to, resume?.below ?? range.to);
    if (to <= range.from) continue;
    for (const step of ladderSteps({ from: range.from, to }, { asOf, now })) {
      let grain: number | undefined = step.grain;
      let found: Points = { rows: [], requests: 0 };
      let requests = 0;
      // where earlier collections end, the bucket that was open then is read again
      const overlap = step.range.from === range.from && range.from > tradable.from;
      try {
        while (grain !== undefined) {
          found = await readPoints(data, instrument, { ...step, grain, overlap, last: step.range.to === tradable.to }, call);
          requests += found.requests;
          if (found.rows.length > 0) break;
          // of an open market the venue still has every point of this grain, so coarser ones know no more
          const isWhole: boolean = !instrument.closed && step.range.from >= now - GRAINS[grain].keptMs;
          grain = isWhole ? undefined : coarser(grain, step.range);
        }
      } catch (error) {
        if (!(error instanceof VenueError) || error.type !== 'BadInput') throw error;
        if (error.status === 404) {
          // what is unknown after its end stays unknown; the token of an open market is requested again by the next run
          if (instrument.closed) yield emptyPage(inferred([window]), requests + 1);
          return;
        }
        yield refusedPage(instrument, step.range, error, requests + 1);
        if (++refusals >= MAX_REFUSALS) return;
        continue;
      }
      const points = pointsOf(found.rows, GRAINS[grain ?? step.grain].seconds);
      const covers = coversOf(points, step.range, now);
      const claimed = claims(step.range, points, data.clock);
      yield {
        kind: 'price',
        rows: rowsOfWindow(points, window, bounds),
        ...(covers !== undefined && { points: covers }),
        order: 'oldest-first',
        cursor: { below: step.range.from },
        coverage: [...claimed.ranges, ...free].filter(({ from, to }) => to > from),
        requests,
        ...(step.range.to === tradable.to && { walked: { looked: claimed.looked, newest: null, lateBy: 0, withdrawnFrom: null } }),
      };
      free = [];
    }
  }
  if (free.length > 0) yield emptyPage(free);
}

/** A shorter stretch that is missing right after a look is left to the next run. */
const RIGHT_AFTER_MS = 60_000;

interface PricePlan {
  readonly tradable: TimeRange;
  /** The time to query, oldest first. */
  readonly missing: TimeRange[];
  /** Whether the market has ended and points up to its end are covered already. */
  readonly known: boolean;
  /** What a window's points let the run claim: nothing beyond the newest point that the venue has shown, less its lateness. */
  readonly claims: (
    range: TimeRange,
    points: readonly CandidateRow[],
    clock: number,
  ) => { looked: number; ranges: readonly CoveredRange[] };
}

/**
 * Plans which time to query. All that coverage lacks up to `asOf` is queried, but claims end at the earliest of `asOf`, the venue's
 * clock and the newest point that was answered, less the venue's lateness: points may be far behind, and a quiet market looks the
 * same. Time that is older than any lateness is claimed whether or not it has points.
 */
function planPrices({ instrument, window, asOf, clock, refetch, before, lateness }: CollectRequest): PricePlan {
  const tradable = tradableWindow(instrument, window);
  const end = endOf(instrument);
  const isOver = end !== null && tradable.to < window.to;
  const covered = refetch ? [] : before.covered.price;
  const missing = tradable.to <= tradable.from ? [] : missingRanges(tradable, covered);
  const { price: looked } = before.looked;
  const until = seenUntil({ asOf, clock });
  const justLooked = looked !== null && Math.abs(until - looked) < RIGHT_AFTER_MS;
  // right after a look only its unclaimed end is missing
  const isTail = missing.every(({ from, to }) => to === tradable.to && until - from <= MOST_LATENESS_MS + RIGHT_AFTER_MS);
  let newest = before.covered.price.at(-1)?.to ?? Number.NEGATIVE_INFINITY;
  return {
    tradable,
    missing: justLooked && isTail && !refetch ? [] : missing,
    known: isOver && missing.length === 0,
    claims(range, points, answeredAt) {
      for (const { time, defect } of points) if (time !== null && defect === null) newest = Math.max(newest, time);
      // a clock that is far off is broken: the one that discovery has checked counts
      const now = Math.abs(answeredAt - clock) > MOST_LATENESS_MS ? clock : answeredAt;
      const seen = seenUntil({ asOf, clock: now });
      const settled = Math.min(seen - lateness, Math.max(newest - lateness, now - MOST_LATENESS_MS));
      const grain = points.reduce((most, point) => Math.max(most, point.grain ?? 0), 0) * SECOND;
      // one empty bucket before the end is common
      const reachesEnd = isOver && seen - lateness >= end && (newest + 2 * grain + SETTLE_MS >= end || now - MOST_LATENESS_MS >= end);
      const to = reachesEnd ? range.to : Math.min(range.to, settled);
      const isLast = range.to === tradable.to;
      return {
        looked: seen,
        ranges: [{ from: range.from, to }, ...(reachesEnd && isLast ? inferred(lifelessAfter(instrument, window)) : [])],
      };
    },
  };
}

/**
 * Points with their identities and the grain that each stands for: where finer ones are, coarse ones give way. Of points that contradict
 * each other in one answer the first one counts.
 */
function pointsOf(rows: readonly ReadRow[], grain: number): readonly CandidateRow[] {
  const known = new Map<number | null, number | null>();
  const sound = rows.map((row): ReadRow => {
    const price = row.defect === null ? known.get(row.time) : undefined;
    if (row.defect === null && price === undefined) known.set(row.time, row.price);
    return price === undefined || price === row.price ? row : { ...row, defect: 'malformed' };
  });
  return identifyPage(sound).map((row, index) => ({
    ...row,
    grain: rows[index].grain ?? grain,
    ...(row.defect === null && { identity: POINT_IDENTITY }),
  }));
}

/**
 * For which time a page of points leaves no room for coarser ones; undefined when it has none. A window that reaches back further than
 * the venue promises to keep the grain is only vouched for from its first point on: what lies before may have been forgotten.
 */
function coversOf(points: readonly CandidateRow[], range: TimeRange, now: number): SourcePage['points'] {
  const sound = points.flatMap(({ time, defect, grain }) => (time === null || defect !== null ? [] : [{ time, grain: grain ?? 0 }]));
  if (sound.length === 0) return undefined;
  const grain = sound.reduce((most, point) => Math.max(most, point.grain), 0);
  const first = sound.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const last = sound.reduce((most, { time }) => Math.max(most, time), range.from);
  const isPromised = range.from >= now - (GRAINS.findLast(({ seconds }) => seconds <= grain)?.keptMs ?? 0);
  return { grain, range: { from: isPromised ? Math.min(range.from, first) : first, to: Math.max(range.to, last + 1) } };
}

/** Covered without a row, the last page of its instrument. */
const emptyPage = (coverage: readonly CoveredRange[], requests = 0) => ({ ...NO_ROWS, cursor: { below: 0 }, coverage, requests });

/** A window that the venue refuses to answer: reported, and no reason to go without the trades. */
const refusedPage = ({ id }: Instrument, { from, to }: TimeRange, { message }: VenueError, requests: number) => ({
  ...NO_ROWS,
  cursor: { below: from },
  coverage: [],
  requests,
  problems: [
    `${id}: no price points from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, only its trades: ${message}; the next run requests them again`,
  ],
});

const NO_ROWS = { kind: 'price', rows: [], order: 'oldest-first' } as const;

interface Points {
  readonly rows: readonly ReadRow[];
  readonly requests: number;
}

/** One question for points: a window, a grain, and which of its ends are taken along. */
interface PointsQuestion extends LadderStep {
  readonly overlap: boolean;
  /** The window ends where the run does: its end belongs to it. */
  readonly last: boolean;
}

/** All points of one window at one grain (at most 15 days, so they fit into memory). */
async function readPoints(
  data: VenueClient,
  instrument: Instrument,
  { range, grain, overlap, last }: PointsQuestion,
  call: Call,
): Promise<Points> {
  const seconds = GRAINS[grain].seconds;
  const query = [
    ['token_id', instrument.outcomeIds[0] ?? ''],
    // a bound of 0 is refused
    ['start', Math.max(1, Math.floor(range.from / SECOND) - (overlap ? seconds : 0))],
    ['end', last ? Math.floor(range.to / SECOND) + 1 : Math.ceil(range.to / SECOND)],
    ['bucket_seconds', seconds],
    ['limit', LIMIT],
  ] as const;
  const rows: ReadRow[] = [];
  const seen = new Set<string>();
  let requests = 0;
  let cursor: string | null = null;
  do {
    const page: Page = await readPage(data, cursor === null ? query : [...query, ['cursor', cursor]], call);
    requests += page.requests;
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor !== null && seen.has(cursor)) {
      throw new PredictLabError(
        'SourceUnavailable',
        `${VENUE} pages the price history of ${instrument.id} in a circle; trying again later`,
      );
    }
    if (cursor !== null) seen.add(cursor);
  } while (cursor !== null);
  // where the window ends before now, a point off the grid is the price at its end, which is ours and no bucket's
  return { rows: last ? rows : rows.filter(({ time }) => time === null || time % (seconds * SECOND) === 0), requests };
}

interface Page extends Points {
  readonly next: string | null;
}

async function readPage(data: VenueClient, query: readonly (readonly [string, string | number])[], call: Call): Promise<Page> {
  const answer = await data.get({ path: WHERE, query, family: 'polymarket/data-prices', ...call });
  return { ...readPricePage(answer.json), requests: answer.requests };
}

/** Reads one page of price points. */
export function readPricePage(json: unknown): { readonly rows: readonly ReadRow[]; readonly next: string | null } {
  const list = listInAnswer(json, 'data', { venue: VENUE, where: WHERE });
  refuseRenamedFields(list, FIELDS, { venue: VENUE, where: WHERE, list: 'data' });
  noteFields(VENUE, WHERE, list, { known: ['timestamp', 'price', 'resolution_seconds'] });
  return { rows: list.map(readPoint), next: nextCursor(json, WHERE) };
}

function readPoint(row: unknown): ReadRow {
  const point = isObject(row) ? row : {};
  const time = readTime(point.timestamp);
  const price = readNumber(point.price);
  return {
    kind: 'price',
    time: time.value,
    price: price.value,
    size: null,
    side: null,
    outcome: null,
    tradeId: null,
    content: ['point', time.value, price.value],
    raw: JSON.stringify(row),
    defect: time.defect ?? price.defect,
    ...(isGrain(point.resolution_seconds) && { grain: point.resolution_seconds }),
  };
}

/** Whether the venue says how fine a point is, in seconds. */
const isGrain = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= DAY_MS / SECOND;
