import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { POINT_IDENTITY } from '../../market/identity.ts';
import { identifyPage, type ReadRow, rowsOfWindow, timeBounds } from '../candidate.ts';
import { endOf, lifelessAfter, lifelessBefore, tradableWindow } from '../catalogue/market-life.ts';
import { readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import type { VenueClient } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import type { CollectRequest, SourcePage } from '../source.ts';
import { missingRanges } from '../walk/time-ranges.ts';
import { type Call, VENUE } from './api.ts';
import { nextCursor } from './pagination.ts';
import { coarser, GRAINS, type LadderStep, ladderSteps } from './price-ladder.ts';

const WHERE = '/v2/prices-history';
const FIELDS: RequiredFields = [['timestamp'], ['price']];
/** The venue gives no more per page. */
const LIMIT = 10_000;
const SECOND = 1000;

/** Points collected down to this moment; the next attempt goes on below it. */
export interface PriceCursor {
  readonly below: number;
}

/**
 * Price points of the first outcome for what `covered` lacks, newest window first, one grain of overlap for the last bucket.
 * A window that is empty at its grain is asked for at coarser ones; empty at all of them it is covered and quiet.
 */
export async function* collectPrices(
  data: VenueClient,
  request: CollectRequest,
  resume: PriceCursor | undefined,
  call: Call,
): AsyncGenerator<Omit<SourcePage, 'cursor'> & { readonly cursor: PriceCursor }> {
  const { instrument, window, asOf } = request;
  const { tradable, missing, ended, settled } = pricesToAsk(request);
  // what the venue still has, it has by its own clock
  const now = Math.max(request.clock, asOf);
  const bounds = timeBounds(instrument.opensAt, asOf, now);
  // covered without asking: goes along with the first page, or alone when there is nothing to ask
  let free = [...lifelessBefore(instrument, window), ...(ended ? lifelessAfter(instrument, window) : [])];
  for (const range of missing.reverse()) {
    const to = Math.min(range.to, resume?.below ?? range.to);
    if (to <= range.from) continue;
    for (const step of ladderSteps({ from: range.from, to }, { asOf, now })) {
      let grain: number | undefined = step.grain;
      let found: Points = { rows: [], requests: 0 };
      let requests = 0;
      // where earlier collections end, the bucket that was open then is read again
      const overlap = step.range.from === range.from && range.from > tradable.from;
      while (grain !== undefined) {
        try {
          found = await readPoints(data, instrument, { ...step, grain, overlap, last: step.range.to === tradable.to }, call);
        } catch (error) {
          if (!(error instanceof VenueError) || error.type !== 'BadInput') throw error;
          // coarser grains know no more; the trades are there all the same
          if (error.status !== 404) yield refusedPage(instrument, step.range.from, error);
          // what is unknown after its end stays unknown; an open market's token is asked for again
          else if (instrument.closed) yield emptyPage([window], 1);
          return;
        }
        requests += found.requests;
        if (found.rows.length > 0) break;
        grain = coarser(grain, step.range);
      }
      const points = pointsOf(found.rows, GRAINS[grain ?? step.grain].seconds);
      const covers = coversOf(points, step.range, now);
      yield {
        kind: 'price',
        rows: rowsOfWindow(points, window, bounds),
        ...(covers !== undefined && { points: covers }),
        order: 'oldest-first',
        cursor: { below: step.range.from },
        coverage: [{ from: step.range.from, to: Math.min(step.range.to, settled) }, ...free].filter(({ from, to }) => to > from),
        requests,
      };
      free = [];
    }
  }
  if (free.length > 0) yield emptyPage(free);
}

/** Less than this that is missing at the end of what is covered is the next run's business. */
const RIGHT_AFTER_MS = 60_000;

/**
 * What to ask for: what coverage lacks up to `asOf`, although nothing younger than the venue's lateness will count as covered.
 * Once the market's end is older than that, everything after it is covered as well.
 */
function pricesToAsk({ instrument, window, asOf, refetch, before, lateness }: CollectRequest) {
  const tradable = tradableWindow(instrument, window);
  const end = endOf(instrument);
  const ended = end !== null && end <= asOf - lateness;
  const settled = ended ? window.to : asOf - lateness;
  const covered = refetch ? [] : before.covered.price;
  const missing = tradable.to <= tradable.from ? [] : missingRanges(tradable, covered);
  const claimable = missing.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, settled) - from), 0);
  const isKnown = covered.some(({ to }) => to >= settled - RIGHT_AFTER_MS);
  return { tradable, missing: claimable < RIGHT_AFTER_MS && isKnown && !ended ? [] : missing, ended, settled };
}

/**
 * Points with their identities and the grain that each stands for: where finer ones are, coarse ones give way. Of points that contradict
 * each other in one answer the first one counts.
 */
function pointsOf(rows: readonly ReadRow[], grain: number): readonly CandidateRow[] {
  const told = new Map<number | null, number | null>();
  const sound = rows.map((row): ReadRow => {
    const price = row.defect === null ? told.get(row.time) : undefined;
    if (row.defect === null && price === undefined) told.set(row.time, row.price);
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
const emptyPage = (coverage: readonly TimeRange[], requests = 0) => ({ ...NO_ROWS, cursor: { below: 0 }, coverage, requests });

/** A venue that does not give points (any more): said, but no reason to go without the trades. */
const refusedPage = (instrument: Instrument, below: number, { message }: VenueError) => ({
  ...NO_ROWS,
  cursor: { below },
  coverage: [],
  requests: 1,
  problems: [`${instrument.id}: no price points, its trades only: ${message}`],
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
  const list = listInAnswer(answer.json, 'data', { venue: VENUE, where: WHERE });
  refuseRenamedFields(list, FIELDS, { venue: VENUE, where: WHERE, list: 'data' });
  return { rows: list.map(readPoint), requests: answer.requests, next: nextCursor(answer.json, WHERE) };
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
