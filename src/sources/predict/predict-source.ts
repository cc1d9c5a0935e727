import { precedenceOf } from '../../budget/precedence.ts';
import type { PredictSelector } from '../../contracts/catalogue.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import { wantsBook } from '../book-freshness.ts';
import { venueFailure } from '../describe-error.ts';
import type { CollectRequest, Source, SourcePage } from '../source.ts';
import { type WalkCursor, walkNewestFirst } from '../walk/newest-first-walk.ts';
import { TradeOrder } from '../walk/page-seam.ts';
import { type Call, type PredictApi, VENUE } from './api.ts';
import { lookAtBook } from './book.ts';
import { discoverPredict } from './discover.ts';
import { matches } from './matches.ts';

/** Creates the source for Predict.fun: markets and categories for discovery, order matches as trades, and the order book. */
export function createPredictSource(api: PredictApi): Source<PredictSelector> {
  const order = new TradeOrder();
  return {
    type: VENUE,
    discover: (request) => discoverPredict(api, request, { precedence: precedenceOf(request.asOf), signal: request.signal }),
    collect: (request) => collect(api, order, request),
    selectorOf: ({ id }) => ({ marketId: Number(id.slice(`${VENUE}:`.length)) }),
    describe: (error) => venueFailure(VENUE, error),
  };
}

/** Progress of a collection: the position in the matches, or null after them. */
interface Cursor {
  readonly trades: WalkCursor | null;
}

async function* collect(api: PredictApi, order: TradeOrder, request: CollectRequest): AsyncGenerator<SourcePage> {
  const { instrument, asOf } = request;
  const call: Call = { precedence: precedenceOf(asOf), signal: request.signal };
  const cursor = request.cursor as unknown as Cursor | undefined;
  if (cursor?.trades !== null) {
    const pages = walkNewestFirst({
      ...request,
      venue: VENUE,
      resume: cursor?.trades,
      fetch: matches(api, instrument, call),
      repeats: 'retry',
      order,
    });
    for await (const page of pages) yield { ...page, cursor: { trades: page.cursor } as unknown as Json };
  }
  if (wantsBook(instrument, asOf)) {
    const { book, requests } = await lookAtBook(api, instrument, asOf, call);
    yield { kind: 'trade', rows: [], order: 'newest-first', cursor: { trades: null }, coverage: [], requests, book };
  }
}
