import { precedenceOf } from '../../budget/precedence.ts';
import type { PolymarketSelector } from '../../contracts/catalogue.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { wantsBook } from '../book-freshness.ts';
import { withTradeAt } from '../catalogue/market-life.ts';
import { venueFailure } from '../describe-error.ts';
import type { CollectRequest, Source, SourcePage } from '../source.ts';
import { type WalkCursor, walkNewestFirst } from '../walk/newest-first-walk.ts';
import { TradeOrder } from '../walk/page-seam.ts';
import { type Call, type PolymarketApi, VENUE } from './api.ts';
import { lookAtBook } from './book.ts';
import { discoverPolymarket } from './catalogue/discover.ts';
import { collectPrices, type PriceCursor } from './prices.ts';
import { conditionIdOf, tradesV1, tradesV2 } from './trades.ts';

export interface PolymarketOptions {
  /** Version of the Data API for trades; v1 is a fallback that the venue is retiring. @default "v2" */
  readonly tradesRoute?: 'v2' | 'v1';
  /** Whether price points are collected in addition to trades. @default true */
  readonly pricePoints?: boolean;
}

/** Time span that the trades route shows: a fixed window of three years. */
const TRADES_SHOWN_MS = 3 * 365 * DAY_MS;

/** Progress of a collection: within the trades, within the price points, or before the order book. */
type Cursor = { readonly trades: WalkCursor } | { readonly prices: PriceCursor | null };

/** Creates the source for Polymarket: Gamma for discovery, Data v2 for trades and price points, the CLOB for the order book. */
export function createPolymarketSource(api: PolymarketApi, options: PolymarketOptions = {}): Source<PolymarketSelector> {
  const order = new TradeOrder();
  return {
    type: VENUE,
    horizon: { trade: TRADES_SHOWN_MS, price: null },
    discover: (request) => discoverPolymarket(api, request, { precedence: precedenceOf(request.asOf), signal: request.signal }),
    collect: (request) => collect(api, options, order, request),
    selectorOf: (instrument) => ({ conditionId: conditionIdOf(instrument) }),
    describe: (error) => venueFailure(VENUE, error),
  };
}

async function* collect(
  api: PolymarketApi,
  options: PolymarketOptions,
  order: TradeOrder,
  request: CollectRequest,
): AsyncGenerator<SourcePage> {
  const { asOf } = request;
  let { instrument } = request;
  const call: Call = { precedence: precedenceOf(asOf), signal: request.signal };
  const cursor = readCursor(request.cursor);
  if (cursor === undefined || 'trades' in cursor) {
    const version1 = options.tradesRoute === 'v1';
    const pages = walkNewestFirst({
      ...request,
      venue: VENUE,
      horizonMs: TRADES_SHOWN_MS,
      resume: cursor?.trades,
      fetch: (version1 ? tradesV1 : tradesV2)(api.data, instrument, call),
      repeats: version1 ? 'end-of-paging' : 'retry',
      order,
    });
    for await (const page of pages) {
      // a trade after the market's end moves the end, since price points may follow it too
      if (page.walked !== undefined) instrument = withTradeAt(instrument, page.walked.newest);
      yield { ...page, cursor: toJson(page.cursor === null ? { prices: null } : { trades: page.cursor }) };
    }
  }
  if (options.pricePoints !== false) {
    const resume = cursor !== undefined && 'prices' in cursor ? (cursor.prices ?? undefined) : undefined;
    for await (const page of collectPrices(api.data, { ...request, instrument }, resume, call))
      yield { ...page, cursor: toJson({ prices: page.cursor }) };
  }
  if (wantsBook(instrument, asOf)) {
    const { book, requests } = await lookAtBook(api.clob, instrument, asOf, call);
    yield { kind: 'price', rows: [], order: 'oldest-first', cursor: toJson({ prices: { below: 0 } }), coverage: [], requests, book };
  }
}

const toJson = (cursor: Cursor): Json => cursor as unknown as Json;
const readCursor = (json: Json | undefined): Cursor | undefined =>
  json === undefined || json === null ? undefined : (json as unknown as Cursor);
