import { type SourceType, stageTaskId } from '../../contracts/words.ts';
import type { Queryable } from '../database/database.ts';

/** The state of an instrument when a run had built its candles. */
export interface FrozenInstrument {
  readonly key: number;
  readonly id: string;
  /** The instrument's version then; hours of a later version have changed since. */
  readonly version: number;
  /** Ticks from this sequence number on were stored later; null: none were. */
  readonly nextSeq: number | null;
  /** Coverage of trades then, as Postgres writes multiranges. */
  readonly trades: string;
  readonly prices: string;
  /** Its facts then, as JSON; null: what is stored now. */
  readonly facts: string | null;
  /** Whether its facts then are no longer known. */
  readonly factsChanged: boolean;
  /** Ticks before this instant are pruned; null: none. */
  readonly prunedBefore: number | null;
}

/** The inputs of a run's symbol, as far as the database still has them. */
export interface FrozenInputs {
  readonly symbol: string;
  readonly instruments: readonly FrozenInstrument[];
  /** Whether the run went on to backtests. */
  readonly backtested: boolean;
  /** What is left out and why, one sentence each. */
  readonly leftOut: readonly string[];
}

interface Row extends FrozenInstrument {
  readonly disturbed: boolean;
}

/**
 * Reads the inputs of a run's symbol as they were when its candles were built: the ticks and coverage that were there then and still are.
 *
 * @returns a sentence that says why where that is no longer known
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
    `select i.key, i.id, coalesce(n.version_before, st.version) as version, n.next_seq_before as "nextSeq", st.ticks_pruned_before as "prunedBefore",
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
 * Seconds by stage, over the symbols, of those stages of a run that did the same work as a shadow: every candle built from nothing, every backtest
 * computed. A run that continued from earlier ones did less, so its times cannot be compared.
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
