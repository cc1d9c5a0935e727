import type { SourceType } from '../../contracts/words.ts';
import { sideOf, tickKindOf } from '../database/codes.ts';
import { CopyDecoder } from '../database/copy-decoder.ts';
import type { Queryable } from '../database/database.ts';
import type { TickRecord } from './ticks.ts';

/** An instrument of one symbol; an instrument of two symbols is exported once for each. */
export interface ExportedInstrument {
  readonly symbol: string;
  readonly source: SourceType;
  readonly instrument: string;
  readonly key: number;
}

/** The instruments of these symbols, or of all, by symbol, source and id. */
export async function exportedInstruments(queryable: Queryable, symbols?: readonly string[]): Promise<readonly ExportedInstrument[]> {
  const { rows } = await queryable.query<ExportedInstrument>(
    `select s.symbol, i.source, i.id as instrument, i.key from symbol_instruments s join instruments i on i.key = s.instrument
     where $1::text[] is null or s.symbol = any($1) order by s.symbol collate "C", i.source, i.id collate "C"`,
    [symbols ?? null],
  );
  return rows;
}

export interface ExportedTick extends TickRecord {
  readonly of: ExportedInstrument;
}

const TICK_COLUMNS = 't.kind, t.time, t.price, t.size, t.side, t.outcome, t.trade_id';

/**
 * Reads the ticks of several instruments by time, then instrument in the order given, then the venue's own order; in batches.
 *
 * @param range `from ≤ time < to`, UTC epoch milliseconds
 */
export async function* readTicksByTime(
  queryable: Queryable,
  instruments: readonly ExportedInstrument[],
  range: { readonly from?: number | undefined; readonly to?: number | undefined } = {},
): AsyncIterable<readonly ExportedTick[]> {
  if (instruments.length === 0) return;
  // COPY takes no parameters: only whole numbers are put into the text
  const conditions = [
    ...(range.from === undefined ? [] : [`t.time >= ${Math.ceil(range.from)}`]),
    ...(range.to === undefined ? [] : [`t.time < ${Math.ceil(range.to)}`]),
  ];
  const [only] = instruments;
  const select =
    instruments.length === 1
      ? // one instrument is read in the order of the key, without a sort
        `select 0::bigint, ${TICK_COLUMNS} from ticks t where ${[`t.instrument = ${Math.trunc(only.key)}`, ...conditions].join(' and ')}
         order by t.time, t.seq`
      : `select l.label::bigint, ${TICK_COLUMNS} from (values ${instruments.map(({ key }, label) => `(${label}, ${Math.trunc(key)})`).join(', ')})
         as l(label, instrument) join ticks t on ${['t.instrument = l.instrument', ...conditions].join(' and ')} order by t.time, l.label, t.seq`;
  const decoder = new CopyDecoder();
  for await (const chunk of queryable.copyOut(`copy (${select}) to stdout (format binary)`)) {
    decoder.push(chunk);
    const batch: ExportedTick[] = [];
    while (decoder.nextRow()) {
      batch.push({
        of: instruments[decoder.int8()],
        kind: tickKindOf(decoder.int2() as number),
        time: decoder.int8(),
        price: decoder.float8(),
        size: decoder.nullableFloat8(),
        side: sideOf(decoder.int2()),
        outcome: decoder.text(),
        tradeId: decoder.text(),
      });
    }
    if (batch.length > 0) yield batch;
  }
}
