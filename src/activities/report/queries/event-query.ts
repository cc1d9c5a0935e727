import { feeModel } from '../../../backtest/engine/fees.ts';
import { DAY_MS } from '../../../contracts/words.ts';
import type { EventPageData, EventQuote, TwinPair } from '../../../report/site/event-page.ts';
import { priceDifference } from '../../../report/site/event-prices.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { instrumentsOfEvent, type StoredInstrument, symbolsOfInstruments } from '../../../storage/markets/instruments.ts';
import { openTwins, twinsOf } from '../../../storage/markets/twins.ts';
import { recentCloses } from '../../../storage/runs/run-rows.ts';
import { type LastTick, lastTicks } from '../../../storage/ticks/symbol-rows.ts';
import { VERSION } from '../../../version.ts';

const HOUR_MS = 3_600_000;

/** Reads the page of an event; undefined where no run has found a market of it. @param now UTC epoch milliseconds */
export async function loadEventPage(queryable: Queryable, event: string, now: number): Promise<EventPageData | undefined> {
  const own = await instrumentsOfEvent(queryable, event);
  if (own.length === 0) return undefined;
  const twins = await twinsOf(queryable, own);
  const rows = own.map((instrument) => [instrument, ...(twins.get(instrument.key) ?? []).filter((twin) => twin.event !== event)]);
  const quoteOf = await quotes(queryable, rows.flat(), now);
  return { event, now, outcomes: rows.map((row) => row.map(quoteOf)), madeBy: `PredictLab ${VERSION}` };
}

/** Open markets with twins that are looked at, and pairs that the page lists. */
const MAX_TWINS = 1_000;
const MAX_PAIRS = 12;

/** Reads the pairs of open twins whose prices differ most, the largest difference first. @param now UTC epoch milliseconds */
export async function loadTwinPairs(queryable: Queryable, now: number): Promise<readonly TwinPair[]> {
  const naming = await openTwins(queryable, MAX_TWINS);
  const twins = await twinsOf(queryable, naming);
  const pairs = new Map(
    naming.flatMap((one) =>
      (twins.get(one.key) ?? [])
        .filter(({ closed }) => !closed)
        .map((twin): [string, readonly [StoredInstrument, StoredInstrument]] => {
          const [a, b] = one.key < twin.key ? [one, twin] : [twin, one];
          return [`${a.key} ${b.key}`, [a, b]];
        }),
    ),
  );
  const last = await lastPrices(queryable, keysOf([...pairs.values()].flat()), now);
  const ranked = [...pairs.values()]
    .flatMap(([a, b]) => {
      const prices = [last(a.key)?.price ?? null, last(b.key)?.price ?? null] as const;
      const difference = priceDifference([a, b], prices);
      return difference === null ? [] : [{ markets: [a, b] as const, difference }];
    })
    .sort((a, b) => Math.abs(b.difference.value) - Math.abs(a.difference.value))
    .slice(0, MAX_PAIRS);
  const quoteOf = await quotes(
    queryable,
    ranked.flatMap(({ markets }) => markets),
    now,
  );
  return ranked.map(({ markets: [a, b], difference }) => ({ quotes: [quoteOf(a), quoteOf(b)], difference }));
}

const keysOf = (instruments: readonly StoredInstrument[]): readonly number[] => [...new Set(instruments.map(({ key }) => key))];

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
): Promise<(instrument: StoredInstrument) => EventQuote> => {
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
  return (instrument) => ({
    instrument: { ...instrument, ...afterFees(instrument) },
    last: last(instrument.key) ?? null,
    spark: closes.get(instrument.key)?.points ?? [],
    sparkStep: closes.get(instrument.key)?.step ?? HOUR_MS,
    symbols: symbols.get(instrument.key) ?? [],
  });
};

/** Cost of one unit at the best ask and proceeds at the best bid, after the taker's fee; null without a quote. */
const afterFees = ({ book, fees }: StoredInstrument): { cost: number | null; proceeds: number | null } => {
  const [ask, bid] = [book?.ask ?? null, book?.bid ?? null];
  const unitCost = (price: number): number => (fees === null ? price : feeModel(fees).unitCost(price));
  return { cost: ask === null ? null : unitCost(ask), proceeds: bid === null ? null : 2 * bid - unitCost(bid) };
};
