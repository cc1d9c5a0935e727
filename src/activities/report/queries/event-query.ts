import { feeModel } from '../../../backtest/engine/fees.ts';
import { DAY_MS } from '../../../contracts/words.ts';
import type { EventPageData, EventQuote } from '../../../report/site/event-page.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { instrumentsOfEvent, type StoredInstrument, symbolsOfInstruments, twinsOf } from '../../../storage/markets/instruments.ts';
import { recentCloses } from '../../../storage/runs/run-rows.ts';
import { lastTicks } from '../../../storage/ticks/symbol-rows.ts';
import { VERSION } from '../../../version.ts';

const HOUR_MS = 3_600_000;

/** Reads the page of an event; undefined where no run has found a market of it. @param now UTC epoch milliseconds */
export async function loadEventPage(queryable: Queryable, event: string, now: number): Promise<EventPageData | undefined> {
  const own = await instrumentsOfEvent(queryable, event);
  if (own.length === 0) return undefined;
  const twins = await twinsOf(queryable, own);
  const rows = own.map((instrument) => [instrument, ...(twins.get(instrument.key) ?? []).filter((twin) => twin.event !== event)]);
  const keys = [...new Set(rows.flat().map(({ key }) => key))];
  const window = { from: now - 7 * DAY_MS, to: now };
  // a market of trades shows its trades, any other one its price points
  const [trades, points, symbols] = await Promise.all([
    lastTicks(queryable, { keys, kinds: keys.map(() => 'trade'), until: now }),
    lastTicks(queryable, { keys, kinds: keys.map(() => 'price'), until: now }),
    symbolsOfInstruments(queryable, keys),
  ]);
  const closes = await recentCloses(queryable, {
    instruments: keys.map((instrumentKey) => ({ symbol: '', instrumentKey, kind: trades.has(instrumentKey) ? 'trade' : 'price' })),
    ...window,
  });
  const quoteOf = (instrument: StoredInstrument): EventQuote => ({
    instrument: { ...instrument, ...afterFees(instrument) },
    last: trades.get(instrument.key) ?? points.get(instrument.key) ?? null,
    spark: closes.get(instrument.key)?.points ?? [],
    sparkStep: closes.get(instrument.key)?.step ?? HOUR_MS,
    symbols: symbols.get(instrument.key) ?? [],
  });
  return { event, now, outcomes: rows.map((row) => row.map(quoteOf)), madeBy: `PredictLab ${VERSION}` };
}

/** Cost of one unit at the best ask and proceeds at the best bid, after the taker's fee; null without a quote. */
const afterFees = ({ book, fees }: StoredInstrument): { cost: number | null; proceeds: number | null } => {
  const [ask, bid] = [book?.ask ?? null, book?.bid ?? null];
  const unitCost = (price: number): number => (fees === null ? price : feeModel(fees).unitCost(price));
  return { cost: ask === null ? null : unitCost(ask), proceeds: bid === null ? null : 2 * bid - unitCost(bid) };
};
