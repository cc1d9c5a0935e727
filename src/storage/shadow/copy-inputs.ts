import type { Database } from '../database/database.ts';
import type { FrozenInputs } from './frozen-inputs.ts';

/** The execution id of everything in a shadow. */
export const SHADOW_EXECUTION = 'shadow';

/**
 * Copies a symbol's frozen inputs into another schema as if they had just been collected: catalogue, instruments under the same keys, coverage as
 * it was, and every tick up to the run's `asOf` as a staged row, in the order in which ticks were first seen.
 *
 * @param main where the inputs are; its connection's first schema
 * @param schema a schema with the same tables, without rows of that symbol
 * @returns how many rows are staged
 */
export async function copyInputs(
  main: Database,
  { schema, inputs, asOf }: { readonly schema: string; readonly inputs: FrozenInputs; readonly asOf: number },
): Promise<number> {
  const { symbol, instruments } = inputs;
  return await main.transaction(async (transaction) => {
    await transaction.query("set local statement_timeout = '30min'");
    const columns = 'symbol, title, enabled, priority, sources';
    await transaction.query(
      `insert into ${schema}.symbols (${columns}) select ${columns} from symbols where symbol = $1 on conflict do nothing`,
      [symbol],
    );
    const keys = instruments.map(({ key }) => key);
    await transaction.query(
      `insert into ${schema}.instruments (key, id, source, facts) overriding system value
       select i.key, i.id, i.source, coalesce(x.facts::jsonb, i.facts) from instruments i join unnest($1::int[], $2::text[]) as x(key, facts) using (key)
       on conflict do nothing`,
      [keys, instruments.map(({ facts }) => facts)],
    );
    await transaction.query(`insert into ${schema}.instrument_state (instrument) select unnest($1::int[]) on conflict do nothing`, [keys]);
    await transaction.query(`insert into ${schema}.symbol_instruments (symbol, instrument) select $1, unnest($2::int[])`, [symbol, keys]);
    await transaction.query(
      `insert into ${schema}.coverage (instrument, kind, ranges)
       select key, kind, ranges::int8multirange from unnest($1::int[], $2::text[], $3::text[]) as x(key, trades, prices)
       cross join lateral (values (0, trades), (1, prices)) as y(kind, ranges) where ranges <> '{}' on conflict do nothing`,
      [keys, instruments.map(({ trades }) => trades), instruments.map(({ prices }) => prices)],
    );
    let staged = 0;
    for (const { key, nextSeq } of instruments) {
      const { rows } = await transaction.query<{ id: number }>(
        `insert into ${schema}.staging_batches (execution_id, symbol, instrument) values ($1, $2, $3) returning id`,
        [SHADOW_EXECUTION, symbol, key],
      );
      const { rowCount } = await transaction.query(
        `insert into ${schema}.staged_rows (position, time, price, size, batch, kind, side, identity, outcome, trade_id, raw)
         select row_number() over (order by seq), time, price, size, $1, kind, side, identity, outcome, trade_id, '' from ticks
         where instrument = $2 and time <= $3 and ($4::bigint is null or seq < $4)`,
        [rows[0].id, key, asOf, nextSeq],
      );
      staged += rowCount ?? 0;
    }
    return staged;
  });
}
