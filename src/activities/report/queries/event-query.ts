import type { OrderBook } from '../../../contracts/market-data.ts';
import { DAY_MS } from '../../../contracts/words.ts';
import { mirrorPrice } from '../../../market/mirror-price.ts';
import { areReversed, MAX_APART_MS, mirrorBook, tradeCosts, twinBasis } from '../../../market/twin-basis.ts';
import type { EventPageData, EventQuote, TwinPair } from '../../../report/site/event-page.ts';
import { priceDifference } from '../../../report/site/event-prices.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { instrumentsOfEvent, keysOf, type StoredInstrument, symbolsOfInstruments } from '../../../storage/markets/instruments.ts';
import { openTwins, twinsOf } from '../../../storage/markets/twins.ts';
import { recentCloses } from '../../../storage/runs/run-rows.ts';
import { type LastTick, lastTicks } from '../../../storage/ticks/symbol-rows.ts';
import { VERSION } from '../../../version.ts';

const HOUR_MS = 3_600_000;

/** Reads the data of an event's page; undefined if no run has found a market of the event. @param now UTC epoch milliseconds */
export async function loadEventPage(queryable: Queryable, event: string, now: number): Promise<EventPageData | undefined> {
  const own = await instrumentsOfEvent(queryable, event);
  if (own.length === 0) return undefined;
  const twins = await twinsOf(queryable, own);
  const rows = own.map((instrument) => [instrument, ...(twins.get(instrument.key) ?? []).filter((twin) => twin.event !== event)]);
  const quoteOf = await quotes(queryable, rows.flat(), now);
  return { event, now, outcomes: rows.map((row) => row.map((one) => quoteOf(one, row[0]))), madeBy: `PredictLab ${VERSION}` };
}

/** Maximum numbers of open markets with twins to read, of pairs to list on the page, and of pairs to export as metrics. */
const MAX_TWINS = 1_000;
const MAX_PAIRS = 12;
const MAX_MEASURED = 50;

type Pair = readonly [StoredInstrument, StoredInstrument];

/** The pairs of open twins, those that end soonest first. */
async function openPairs(queryable: Queryable): Promise<readonly Pair[]> {
  const naming = await openTwins(queryable, MAX_TWINS);
  const twins = await twinsOf(queryable, naming);
  const pairs = naming.flatMap((one) =>
    (twins.get(one.key) ?? []).filter(({ closed }) => !closed).map((twin): Pair => (one.key < twin.key ? [one, twin] : [twin, one])),
  );
  return [...new Map(pairs.map((pair) => [pair.map(({ key }) => key).join(' '), pair])).values()];
}

/** Reads the pairs of open twins whose prices differ most, the largest difference first. @param now UTC epoch milliseconds */
export async function loadTwinPairs(queryable: Queryable, now: number): Promise<readonly TwinPair[]> {
  const pairs = await openPairs(queryable);
  const last = await lastPrices(queryable, keysOf(pairs.flat()), now);
  const ranked = pairs
    .flatMap(([a, b]) => {
      const [own, other] = [a, b].map((one) => seenFrom(a, { book: one.book, last: last(one.key) ?? null }, one));
      const difference = priceDifference([own, other], [own.last?.price ?? null, other.last?.price ?? null]);
      return difference === null ? [] : [{ markets: [a, b] as const, difference }];
    })
    .sort((a, b) => Math.abs(b.difference.value) - Math.abs(a.difference.value))
    .slice(0, MAX_PAIRS);
  const markets = ranked.flatMap((pair) => pair.markets);
  const quoteOf = await quotes(queryable, markets, now);
  return ranked.map(({ markets: [a, b], difference }) => ({ quotes: [quoteOf(a, a), quoteOf(b, a)], difference }));
}

/** The basis after fees of open twins whose order books were recorded together, for `/metrics`; at most 50 pairs that end soonest. */
export async function twinBases(
  queryable: Queryable,
): Promise<readonly { readonly market: string; readonly twin: string; readonly profit: number }[]> {
  return (await openPairs(queryable))
    .flatMap(([a, b]) => {
      const found = twinBasis([a, b].map((one) => priced(seenFrom(a, one, one))));
      return found === null || found.apartMs > MAX_APART_MS ? [] : [{ market: a.id, twin: b.id, profit: found.profit }];
    })
    .slice(0, MAX_MEASURED);
}

/** Quotes of a market converted to prices of the first outcome of the market `first`, which may list its outcomes in the other order. */
function seenFrom<Seen extends { readonly book: OrderBook | null; readonly last?: LastTick | null }>(
  first: StoredInstrument,
  seen: Seen,
  { outcomes }: StoredInstrument,
): Seen {
  if (!areReversed(first.outcomes, outcomes)) return seen;
  const { book, last } = seen;
  return {
    ...seen,
    book: book === null ? null : mirrorBook(book),
    ...(last && { last: { ...last, price: mirrorPrice(last.price) } }),
  };
}

const priced = <Market extends Pick<StoredInstrument, 'book' | 'fees'>>(market: Market) => ({
  ...market,
  ...tradeCosts(market.book ?? { bid: null, ask: null }, market.fees),
});

/** The newest tick of each instrument: of a market with trades its last trade, of any other one its last price point. */
const lastPrices = async (queryable: Queryable, keys: readonly number[], now: number): Promise<(key: number) => LastTick | undefined> => {
  const [trades, points] = await Promise.all(
    (['trade', 'price'] as const).map((kind) => lastTicks(queryable, { keys, kinds: keys.map(() => kind), until: now })),
  );
  return (key) => trades.get(key) ?? points.get(key);
};

const quotes = async (
  queryable: Queryable,
  instruments: readonly StoredInstrument[],
  now: number,
): Promise<(instrument: StoredInstrument, first: StoredInstrument) => EventQuote> => {
  const keys = keysOf(instruments);
  const [last, symbols, trades] = await Promise.all([
    lastPrices(queryable, keys, now),
    symbolsOfInstruments(queryable, keys),
    lastTicks(queryable, { keys, kinds: keys.map(() => 'trade'), until: now }),
  ]);
  const closes = await recentCloses(queryable, {
    instruments: keys.map((instrumentKey) => ({ symbol: '', instrumentKey, kind: trades.has(instrumentKey) ? 'trade' : 'price' })),
    from: now - 7 * DAY_MS,
    to: now,
  });
  return (instrument, first) => ({
    instrument: priced(seenFrom(first, instrument, instrument)),
    last: seenFrom(first, { book: null, last: last(instrument.key) ?? null }, instrument).last,
    spark: closes.get(instrument.key)?.points ?? [],
    sparkStep: closes.get(instrument.key)?.step ?? HOUR_MS,
    symbols: symbols.get(instrument.key) ?? [],
  });
};
