import { complementReport } from '../../market/integrity/complement.ts';
import { intervalOf, tickKindOf } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import type { DataWarning } from './data-warning.ts';
import { readCloses } from './read-closes.ts';

/** Hours in which both twins must have a price before they are judged. */
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
 * Compares the same market at two venues: when their prices add up to 1 instead of being equal, one of the two has its outcomes the wrong way
 * round. Reads the closes of the shortest candles that both have.
 *
 * @returns a warning per suspicious pair
 */
export async function suspiciousTwins(queryable: Queryable): Promise<readonly DataWarning[]> {
  const { rows } = await queryable.query<TwinRow>(
    `select i.key, i.id, t.key as twin_key, t.id as twin, s.kind, min(s.interval_minutes)::int as minutes
     from instruments i cross join lateral jsonb_array_elements_text(i.facts->'twins') as x(id) join instruments t on t.id = x.id
     join candle_series s on s.instrument = i.key
     join candle_series o on o.instrument = t.key and o.kind = s.kind and o.interval_minutes = s.interval_minutes
     where i.id < t.id or not t.facts->'twins' ? i.id group by 1, 2, 3, 4, 5 order by i.id, t.id, s.kind`,
  );
  const found: DataWarning[] = [];
  for (const { key, id, twin_key, twin, kind, minutes } of rows) {
    const series = { priceType: tickKindOf(kind), interval: intervalOf(minutes) };
    const [first, second] = await Promise.all([key, twin_key].map((instrumentKey) => readCloses(queryable, { instrumentKey, ...series })));
    const report = complementReport(first, second);
    if (report.polarity !== 'complement' || report.pairs < ENOUGH_PAIRS) continue;
    found.push({
      detail: `${id} and its twin ${twin} add up to 1 (${series.priceType}s, ${report.pairs} times): their outcomes are probably the wrong way round`,
      action: 'compare the rules of the two markets',
    });
  }
  return found;
}
