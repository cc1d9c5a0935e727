import { INTERVAL_MS, type Interval, type TickKind } from '../../contracts/words.ts';
import { type BasisPoint, basisSeries } from '../../market/twin-basis.ts';
import { candleSeriesOf, readCandles } from '../candles/candles.ts';
import { intervalOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { orderBooks, type StoredInstrument } from './instruments.ts';

interface BasisFilter {
  readonly intervals?: readonly Interval[] | undefined;
  readonly priceType?: TickKind | undefined;
  /** `from ≤ close of the bar < to`, UTC epoch milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly asOf: number;
}

interface StoredBasis {
  readonly priceType: TickKind;
  readonly interval: Interval;
  readonly points: readonly BasisPoint[];
}

/** Reads the basis of a market to its twin for each price type and interval that both have candles of, the shortest interval first. */
export async function* readBasis(
  queryable: Queryable,
  [market, twin]: readonly [StoredInstrument, StoredInstrument],
  { intervals, priceType: only, from, to, asOf }: BasisFilter,
): AsyncGenerator<StoredBasis> {
  const [own, others] = await Promise.all([market, twin].map(({ key }) => candleSeriesOf(queryable, key)));
  const books = await orderBooks(queryable, [market.key, twin.key], asOf);
  for (const { priceType, intervalMinutes } of own) {
    const interval = intervalOf(intervalMinutes);
    const isCommon = others.some((other) => other.priceType === priceType && other.intervalMinutes === intervalMinutes);
    if (!isCommon || !(intervals?.includes(interval) ?? true) || (only ?? priceType) !== priceType) continue;
    const barMs = INTERVAL_MS[interval];
    const range = { ...(from !== undefined && { from: from - barMs }), ...(to !== undefined && { to: to - barMs }) };
    const sideOf = async (one: StoredInstrument) => ({
      ...one,
      bars: await readCandles(queryable, { instrumentKey: one.key, priceType, interval, completeOnly: true, ...range }),
      books: books.get(one.key) ?? [],
    });
    yield { priceType, interval, points: basisSeries(await sideOf(market), await sideOf(twin), { barMs, asOf }) };
  }
}
