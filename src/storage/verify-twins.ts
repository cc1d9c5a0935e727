import type { TickColumns } from '../contracts/market-data.ts';
import type { TickKind } from '../contracts/words.ts';
import { complementReport } from '../market/integrity/complement.ts';
import { readCandles } from './candles.ts';
import { intervalOf, kindOf } from './codes.ts';
import type { Queryable } from './database.ts';

/** Hours in which both twins have a price, below which nothing is said. */
const ENOUGH_PAIRS = 10;

interface TwinRow {
  readonly key: number;
  readonly id: string;
  readonly twin_key: number;
  readonly twin: string;
  readonly kind: number;
  readonly minutes: number;
}

/**
 * Compares the same market at two venues: when their prices add up to 1 instead of being equal, one of the two has its
 * outcomes the wrong way round. Looks at the closes of the shortest candles that both have.
 *
 * @returns one sentence per suspicious pair
 */
export async function suspiciousTwins(queryable: Queryable): Promise<readonly string[]> {
  const { rows } = await queryable.query<TwinRow>(
    `select i.key, i.id, t.key as twin_key, t.id as twin, s.kind, min(s.interval_minutes)::int as minutes
     from instruments i cross join lateral jsonb_array_elements_text(i.facts->'twins') as x(id) join instruments t on t.id = x.id
     join candle_series s on s.instrument = i.key
     join candle_series o on o.instrument = t.key and o.kind = s.kind and o.interval_minutes = s.interval_minutes
     where i.id < t.id or not t.facts->'twins' ? i.id group by 1, 2, 3, 4, 5 order by i.id, t.id, s.kind`,
  );
  const found: string[] = [];
  for (const { key, id, twin_key, twin, kind, minutes } of rows) {
    const series = { priceType: kindOf(kind), interval: intervalOf(minutes) };
    const [first, second] = await Promise.all([closes(queryable, key, series), closes(queryable, twin_key, series)]);
    const report = complementReport(first, second);
    if (report.polarity !== 'complement' || report.pairs < ENOUGH_PAIRS) continue;
    found.push(
      `${id} and its twin ${twin} add up to 1 (${series.priceType}s, ${report.pairs} times): their outcomes are probably the wrong way round`,
    );
  }
  return found;
}

async function closes(
  queryable: Queryable,
  instrumentKey: number,
  series: { priceType: TickKind; interval: ReturnType<typeof intervalOf> },
): Promise<TickColumns> {
  const candles = await readCandles(queryable, { instrumentKey, ...series });
  return {
    length: candles.length,
    time: candles.openTime,
    price: candles.close,
    size: candles.volume,
    buy: new Uint8Array(candles.length),
  };
}
