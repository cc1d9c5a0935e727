import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { POINT_IDENTITY } from '../../market/identity.ts';
import { MAX_LATENESS_MS } from '../../market/lateness.ts';
import { identifyPage, type ReadRow, rowsOfWindow, timeBounds } from '../candidate.ts';
import { endOf, SETTLE_MS, timeAfterEnd, timeBeforeOpening, tradableWindow } from '../catalogue/market-life.ts';
import { readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import { type RowRoute, rowsOfAnswer } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import { isRefusal, type VenueError } from '../http/venue-error.ts';
import type { CollectRequest, CoveredRange, PointsPage, PriceCursor, SourcePage } from '../source.ts';
import { missingRanges } from '../walk/time-ranges.ts';
import { inferred, seenUntil } from '../walk/trade-walk.ts';
import { coarser, GRAINS, type LadderStep, ladderSteps } from './price-ladder.ts';
import { nextCursor, VENUE } from './trades.ts';

const WHERE = '/v2/prices-history';
const POINT_FIELDS = ['timestamp', 'price', 'resolution_seconds'];
const ROUTE: RowRoute = {
  venue: VENUE,
  where: WHERE,
  list: 'data',
  required: [['timestamp'], ['price']],
  fields: { known: POINT_FIELDS, neverNull: POINT_FIELDS },
};
/** Maximum number of points per page at the venue. */
const LIMIT = 10_000;
const SECOND = 1000;

/** Number of refused windows after which a market's remaining points are not requested. */
const MAX_REFUSALS = 3;

/**
 * Collects the first outcome's price points for time that is not covered, newest window first, from one grain earlier for a bucket that was
 * open. A window without points is requested at coarser grains; one that the venue refuses stays uncovered.
 */
export async function* collectPrices(data: Http, request: CollectRequest, resume: PriceCursor | undefined): AsyncGenerator<PointsPage> {
  const { instrument, window, asOf } = request;
  const { tradable, missing, claims, known } = planPrices(request);
  // The venue drops old points by its own clock, not by the run's time.
  const now = Math.max(request.clock, asOf);
  const bounds = timeBounds(instrument.opensAt, asOf, now);
  // Ranges that are covered without a request. They go with the first page, or with an empty page if nothing has to be requested.
  let free: readonly CoveredRange[] = inferred([
    ...timeBeforeOpening(instrument, window),
    ...(known ? timeAfterEnd(instrument, window) : []),
  ]);
  let refusals = 0;
  for (const range of missing.reverse()) {
    const to = Math.min(range.to, resume?.below ?? range.to);
    if (to <= range.from) continue;
    for (const step of ladderSteps({ from: range.from, to }, { asOf, now })) {
      let grain: number | undefined = step.grain;
      let found: readonly ReadRow[] = [];
      // A bucket that was still open at the end of an earlier collection is read again.
      const overlap = step.range.from === range.from && range.from > tradable.from;
      try {
        while (grain !== undefined) {
          found = await readPoints(data, instrument, { ...step, grain, overlap, until: tradable.to });
          // A single point after the window's end is no sign that the venue still has the grain: its last bucket may remain after the rest is dropped.
          if (found.some(({ time }) => time === null || time < step.range.to || step.range.to === tradable.to)) break;
          // For an open market and a grain that the venue keeps in full, coarser grains have no more points.
          const isWhole: boolean = !instrument.closed && step.range.from >= now - GRAINS[grain].keptMs;
          grain = isWhole ? undefined : coarser(grain, step.range, now);
        }
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (error.status === 404) {
          // A closed market never gets points later, so its window counts as covered; for an open one, the next run tries again.
          if (instrument.closed) yield emptyPage(inferred([window]));
          return;
        }
        yield refusedPage(instrument, step.range, error);
        if (++refusals >= MAX_REFUSALS) return;
        continue;
      }
      const points = pointsOf(found, GRAINS[grain ?? step.grain].seconds);
      const covers = coversOf(points, step.range);
      const claimed = claims(step.range, points, data.clock);
      yield {
        kind: 'price',
        rows: rowsOfWindow(points, window, bounds),
        ...(covers !== undefined && { points: covers }),
        order: 'oldest-first',
        cursor: { below: step.range.from },
        coverage: [...claimed.ranges, ...free].filter(({ from, to }) => to > from),
        ...(step.range.to === tradable.to && { walked: { looked: claimed.looked, newest: null, lateBy: 0, withdrawnFrom: null } }),
      };
      free = [];
    }
  }
  if (free.length > 0) yield emptyPage(free);
}

/** A run this soon after another leaves the newest missing time to a later run; milliseconds. */
const RIGHT_AFTER_MS = 60_000;

interface PricePlan {
  readonly tradable: TimeRange;
  /** The time to query, oldest first. */
  readonly missing: TimeRange[];
  /** Whether the market has ended and points up to its end are covered already. */
  readonly known: boolean;
  /** Returns the coverage that the points of a window justify: up to the newest point that the venue has shown, less its lateness. */
  readonly claims: (
    range: TimeRange,
    points: readonly CandidateRow[],
    clock: number,
  ) => { looked: number; ranges: readonly CoveredRange[] };
}

/**
 * Plans which time to query: all up to `asOf` that is not covered. Claims end at the earliest of `asOf`, the venue's clock and the newest
 * point, less the venue's lateness, because late points look like a quiet market. Time older than any lateness is always claimed.
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
  // Whether only the end of the time is missing, as it is after a look that could not claim it yet.
  const isTail = missing.every(({ from, to }) => to === tradable.to && until - from <= MAX_LATENESS_MS + RIGHT_AFTER_MS);
  let newest = before.covered.price.at(-1)?.to ?? Number.NEGATIVE_INFINITY;
  return {
    tradable,
    missing: justLooked && isTail && !refetch ? [] : missing,
    known: isOver && missing.length === 0,
    claims(range, points, answeredAt) {
      for (const { time, defect } of points) if (time !== null && defect === null) newest = Math.max(newest, time);
      // A clock that differs by hours is wrong; discovery has checked its own clock.
      const now = Math.abs(answeredAt - clock) > MAX_LATENESS_MS ? clock : answeredAt;
      const seen = seenUntil({ asOf, clock: now });
      const settled = Math.min(seen - lateness, Math.max(newest - lateness, now - MAX_LATENESS_MS));
      const grain = points.reduce((most, point) => Math.max(most, point.grain ?? 0), 0) * SECOND;
      // The last bucket before a market's end is often empty, so one bucket may be missing.
      const reachesEnd = isOver && seen - lateness >= end && (newest + 2 * grain + SETTLE_MS >= end || now - MAX_LATENESS_MS >= end);
      const to = reachesEnd ? range.to : Math.min(range.to, settled);
      const isLast = range.to === tradable.to;
      return {
        looked: seen,
        ranges: [{ from: range.from, to }, ...(reachesEnd && isLast ? inferred(timeAfterEnd(instrument, window)) : [])],
      };
    },
  };
}

/**
 * Converts points into candidate rows with their grain; in storage, finer points replace coarser ones. When one answer has several prices
 * for one time, the first one counts.
 */
function pointsOf(rows: readonly ReadRow[], grain: number): readonly CandidateRow[] {
  const known = new Map<number | null, number | null>();
  const valid = rows.map((row): ReadRow => {
    const price = row.defect === null ? known.get(row.time) : undefined;
    if (row.defect === null && price === undefined) known.set(row.time, row.price);
    return price === undefined || price === row.price ? row : { ...row, defect: 'malformed' };
  });
  return identifyPage(valid).map((row, index) => ({
    ...row,
    grain: rows[index].grain ?? grain,
    ...(row.defect === null && { identity: POINT_IDENTITY }),
  }));
}

/**
 * The time in which a page of points replaces coarser ones; undefined without valid points. It starts with the page's first point: the
 * venue may have dropped earlier ones, and a coarser point before it may describe time before the window.
 */
function coversOf(points: readonly CandidateRow[], range: TimeRange): SourcePage['points'] {
  const valid = points.flatMap(({ time, defect, grain }) => (time === null || defect !== null ? [] : [{ time, grain: grain ?? 0 }]));
  if (valid.length === 0) return undefined;
  const grain = valid.reduce((most, point) => Math.max(most, point.grain), 0);
  const first = valid.reduce((least, { time }) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const last = valid.reduce((most, { time }) => Math.max(most, time), range.from);
  return { grain, range: { from: first, to: Math.max(range.to, last + 1) } };
}

/** A page that has coverage but no rows, as the last page of an instrument. */
const emptyPage = (coverage: readonly CoveredRange[]) => ({ ...NO_ROWS, cursor: { below: 0 }, coverage });

/** The page for a window that the venue refuses. It reports a problem, and the market's trades are collected anyway. */
const refusedPage = ({ id }: Instrument, { from, to }: TimeRange, { message }: VenueError) => ({
  ...NO_ROWS,
  cursor: { below: from },
  coverage: [],
  problems: [
    `${id}: no price points from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}, only its trades: ${message}; the next run requests them again`,
  ],
});

const NO_ROWS = { kind: 'price', rows: [], order: 'oldest-first' } as const;

interface PointsRequest extends LadderStep {
  readonly overlap: boolean;
  /** The end of all time that is requested. The last window includes its end; all others include the bucket that lies across their end. */
  readonly until: number;
}

/** Reads all points of one window at one grain. A window has at most 15 days, so its points fit into memory. */
async function readPoints(
  data: Http,
  instrument: Instrument,
  { range, grain, overlap, until }: PointsRequest,
): Promise<readonly ReadRow[]> {
  const seconds = GRAINS[grain].seconds;
  const width = seconds * SECOND;
  const last = range.to === until;
  // The bucket that lies across the window's end is read too, since finer points of the next window do not cover its start.
  const end = Math.min(until, Math.ceil(range.to / width) * width);
  const query = [
    ['token_id', instrument.outcomeIds[0] ?? ''],
    // The venue refuses a start of 0.
    ['start', Math.max(1, Math.floor(range.from / SECOND) - (overlap ? seconds : 0))],
    ['end', Math.floor(end / SECOND) + 1],
    ['bucket_seconds', seconds],
    ['limit', LIMIT],
  ] as const;
  const rows: ReadRow[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  do {
    const json = await data.get(WHERE, cursor === null ? query : [...query, ['cursor', cursor]], 'data-prices');
    const page = readPricePage(json);
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
  // In a window that ends before now, a point off the grid is the price at the window's end and belongs to no bucket, except for the
  // market's last point.
  const isPoint = (time: number): boolean => time % width === 0 || (end === until && time < range.to);
  return last ? rows : rows.filter(({ time }) => time === null || isPoint(time));
}

/** Reads one page of price points. */
export function readPricePage(json: unknown): { readonly rows: readonly ReadRow[]; readonly next: string | null } {
  return { rows: rowsOfAnswer(json, ROUTE).map(readPoint), next: nextCursor(json, WHERE) };
}

const DAY_SECONDS = DAY_MS / 1000;

/** Reads one price point. A field that cannot be read becomes null, and `defect` says why. */
export function readPoint(row: unknown): ReadRow {
  const point = isObject(row) ? row : {};
  const time = readTime(point.timestamp);
  const price = readNumber(point.price);
  const grain = readNumber(point.resolution_seconds).value;
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
    ...(isGrain(grain) && { grain }),
  };
}

/** Whether a number is a valid grain of a point, in seconds. */
const isGrain = (value: number | null): value is number => Number.isInteger(value) && Number(value) > 0 && Number(value) <= DAY_SECONDS;
