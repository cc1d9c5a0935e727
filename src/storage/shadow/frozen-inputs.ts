import { type SourceType, stageTaskId } from '../../contracts/words.ts';
import type { Database, Queryable } from '../database/database.ts';

/** The state of an instrument when a run had built its candles. */
export interface FrozenInstrument {
  readonly key: number;
  readonly id: string;
  /** The instrument's version at the end of the run; hours with a later version have changed since. */
  readonly version: number;
  /** Ticks from this sequence number on were stored after the run; null when no ticks were. */
  readonly nextSeq: number | null;
  /** Coverage of trades at the end of the run, as Postgres writes multiranges. */
  readonly trades: string;
  readonly prices: string;
  /** The instrument's facts at the end of the run, as JSON; null: the facts stored now. */
  readonly facts: string | null;
  /** Whether the instrument's facts at that time are no longer known. */
  readonly factsChanged: boolean;
  /** Ticks before this instant are pruned; null: none. */
  readonly prunedBefore: number | null;
}

export interface FrozenInputs {
  readonly symbol: string;
  readonly instruments: readonly FrozenInstrument[];
  /** Whether the run also ran backtests. */
  readonly backtested: boolean;
  /** One sentence for each input that is left out, with the reason. */
  readonly leftOut: readonly string[];
}

interface Row extends FrozenInstrument {
  readonly disturbed: boolean;
}

/**
 * Reads the inputs of a run's symbol as they were when its candles were built: the ticks and coverage of that time that still exist.
 * Returns the reason as a sentence if they are no longer known.
 */
export async function frozenInputs(
  queryable: Queryable,
  {
    executionId,
    symbol,
    sourceTypes,
  }: { readonly executionId: string; readonly symbol: string; readonly sourceTypes: readonly SourceType[] },
): Promise<FrozenInputs | string> {
  const stored = await endOf(queryable, executionId, stageTaskId(symbol, 'store'));
  const built = await endOf(queryable, executionId, stageTaskId(symbol, 'kline'));
  if (stored === undefined || built === undefined)
    return `${symbol}: this run did not ${stored === undefined ? 'store' : 'build candles of'} it itself`;
  const { rows } = await queryable.query<Row>(
    `select i.key, i.id, coalesce(n.version_before, st.version) as version, n.next_seq_before as "nextSeq", greatest(st.ticks_pruned_before, upper(st.moved)) as "prunedBefore",
       coalesce(n.trades_covered_before, t.ranges, '{}')::text as trades, coalesce(n.prices_covered_before, p.ranges, '{}')::text as prices,
       own.facts::text as facts, own.facts is null and i.updated_at > $4 as "factsChanged",
       exists (select from instrument_changes c where c.instrument = i.key and c.execution_id <> $5 and c.at > $3 and c.at <= $4) as disturbed
     from symbol_instruments s join instruments i on i.key = s.instrument join instrument_state st on st.instrument = i.key
     left join coverage t on t.instrument = i.key and t.kind = 0 left join coverage p on p.instrument = i.key and p.kind = 1
     left join lateral (select * from instrument_changes c where c.instrument = i.key and c.at > $4 order by c.at limit 1) n on true
     left join lateral (select facts from instrument_changes c where c.instrument = i.key and c.execution_id = $5 order by c.at desc limit 1) own on true
     where s.symbol = $1 and i.source = any($2) order by i.key`,
    [symbol, sourceTypes, stored, built, executionId],
  );
  const disturbed = rows.filter((row) => row.disturbed);
  return {
    symbol,
    instruments: rows.filter((row) => !row.disturbed),
    backtested: (await endOf(queryable, executionId, stageTaskId(symbol, 'backtest'))) !== undefined,
    leftOut: disturbed.map(({ id }) => `${id}: another run stored it while this one built its candles`),
  };
}

async function endOf(queryable: Queryable, executionId: string, taskId: string): Promise<Date | undefined> {
  const { rows } = await queryable.query<{ finished_at: Date | null }>(
    'select finished_at from ledger where execution_id = $1 and task_id = $2',
    [executionId, taskId],
  );
  return rows[0]?.finished_at ?? undefined;
}

/**
 * Total seconds of the symbols' tasks by stage, for stages in which a run did as much work as a shadow: it built all candles or computed
 * all backtests. A run that reused earlier results did less, so its times cannot be compared.
 */
export async function sameWorkSeconds(
  queryable: Queryable,
  executionId: string,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await queryable.query<{ stage: string; seconds: number }>(
    `select stage, sum(duration_seconds)::float8 as seconds from ledger where execution_id = $1 and symbol = any($2) and stage in ('kline', 'backtest')
     group by stage having bool_and(case stage when 'kline' then output->>'changed' = output->>'candles'
       else coalesce((output->>'unchanged')::int, 0) = 0 end) and count(*) = $3`,
    [executionId, symbols, symbols.length],
  );
  return new Map(rows.map(({ stage, seconds }) => [stage, seconds]));
}

/** The execution id under which a shadow stores its rows. */
export const SHADOW_EXECUTION = 'shadow';

/**
 * Copies a symbol's frozen inputs into another schema as if just collected: catalogue, instruments under the same keys, coverage, and every
 * tick up to the run's `asOf` as a staged row in the order first seen.
 *
 * @param main the connection whose first schema has the inputs
 * @param schema a schema with the same tables, without rows of that symbol
 */
export async function copyInputs(
  main: Database,
  { schema, inputs, asOf }: { readonly schema: string; readonly inputs: FrozenInputs; readonly asOf: number },
): Promise<void> {
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
    await transaction.query(
      `insert into ${schema}.order_books select * from order_books where instrument = any($1) on conflict do nothing`,
      [keys],
    );
    await transaction.query(`insert into ${schema}.instrument_state (instrument) select unnest($1::int[]) on conflict do nothing`, [keys]);
    await transaction.query(`insert into ${schema}.symbol_instruments (symbol, instrument) select $1, unnest($2::int[])`, [symbol, keys]);
    await transaction.query(
      `insert into ${schema}.coverage (instrument, kind, ranges)
       select key, kind, ranges::int8multirange from unnest($1::int[], $2::text[], $3::text[]) as x(key, trades, prices)
       cross join lateral (values (0, trades), (1, prices)) as y(kind, ranges) where ranges <> '{}' on conflict do nothing`,
      [keys, instruments.map(({ trades }) => trades), instruments.map(({ prices }) => prices)],
    );
    for (const { key, nextSeq } of instruments) {
      const { rows } = await transaction.query<{ id: number }>(
        `insert into ${schema}.staging_batches (execution_id, symbol, instrument) values ($1, $2, $3) returning id`,
        [SHADOW_EXECUTION, symbol, key],
      );
      await transaction.query(
        `insert into ${schema}.staged_rows (position, time, price, size, batch, kind, side, identity, outcome, trade_id, raw)
         select row_number() over (order by seq), time, price, size, $1, kind, side, identity, outcome, trade_id, '' from ticks
         where instrument = $2 and time <= $3 and ($4::bigint is null or seq < $4)`,
        [rows[0].id, key, asOf, nextSeq],
      );
    }
  });
}
