import { PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../contracts/market-data.ts';
import { POINT_IDENTITY } from '../../market/identity.ts';
import { identifyPage, type ReadRow, rowsOfWindow, timeBounds } from '../candidate.ts';
import type { VenueClient } from '../http/venue-client.ts';
import { VenueError } from '../http/venue-error.ts';
import { endOf, lifelessAfter, lifelessBefore, tradableWindow } from '../market-life.ts';
import { readNumber, readTime } from '../scalars.ts';
import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../schema-drift.ts';
import type { CollectedBefore, CollectRequest, SourcePage } from '../source.ts';
import { missingRanges } from '../time-ranges.ts';
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
  const now = Math.max(Date.now(), asOf);
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
      yield {
        kind: 'price',
        rows: rowsOfWindow(await worthTaking(request.before, found.rows, grain ?? 0), window, bounds),
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
 * Points with their identities. A coarse one gives way where finer ones are stored: the grain belongs to the point, and asking
 * again after the venue has forgotten the finer ones must not put coarse ones between them.
 */
async function worthTaking(before: CollectedBefore, rows: readonly ReadRow[], grain: number): Promise<readonly CandidateRow[]> {
  const points = identifyPage(rows).map((row) => (row.defect === null ? { ...row, identity: POINT_IDENTITY } : row));
  const times = points.flatMap(({ time }) => time ?? []);
  if (grain === 0 || times.length === 0) return points;
  const width = GRAINS[grain].seconds * SECOND;
  const from = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY) - width;
  const to = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY) + width;
  const stored = await before.pointTimes({ from, to });
  return points.filter(({ time }) => time === null || !hasFiner(stored, time, width));
}

/** Whether another point is stored closer to a time than its grain is wide. @param stored ascending */
export function hasFiner(stored: readonly number[], time: number, width: number): boolean {
  let low = 0;
  for (let high = stored.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (stored[middle] > time - width) high = middle;
    else low = middle + 1;
  }
  // at most the point itself, if it is stored, lies before another one
  for (let i = low; i < stored.length && stored[i] < time + width; i++) if (stored[i] !== time) return true;
  return false;
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
  };
}
