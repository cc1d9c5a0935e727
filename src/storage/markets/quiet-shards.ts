import { DAY_MS, STAGES, type Stage, stageTaskId } from '../../contracts/words.ts';
import { jsonb } from '../database/codes.ts';
import type { Queryable, Transaction } from '../database/database.ts';

/** Maximum age of a shard's last real run for which its stages are skipped when nothing is new, so that it still runs once a day. */
const MAX_REST_MS = (5 / 6) * DAY_MS;

/** Settings of a run that influence what the stages of a shard write. */
export interface ShardSettings {
  readonly asOf: number;
  readonly untilStage: Stage;
  readonly intervals: readonly string[];
  readonly sourceTypes: readonly string[];
  readonly strategies: readonly unknown[];
  readonly backtest?: unknown;
}

/** A shard whose markets have had no change of their stated totals since the last run that collected them. */
export interface RestingShard {
  readonly shard: string;
  readonly members: number;
  /** `asOf` of the last run that executed the shard's stages; UTC epoch milliseconds. */
  readonly since: number;
}

/**
 * Finds the shards of universes that have nothing to do: no market's stated total has changed since the market was walked, and a run with
 * the same settings executed all their stages without a problem within the last 20 hours.
 * @param listed whether this run must have listed the universe itself
 */
export async function restingShards(
  queryable: Queryable,
  universes: readonly string[],
  { asOf, untilStage, intervals, sourceTypes, strategies, backtest }: ShardSettings,
  { listed }: { readonly listed: boolean },
): Promise<readonly RestingShard[]> {
  const stages = STAGES.slice(0, STAGES.indexOf(untilStage) + 1);
  const { rows } = await queryable.query<RestingShard>(
    `with still as (
       select m.shard, count(*)::int as members from universe_members m
       where m.universe = any($1) and m.until is null and not exists (
         select from symbols u cross join lateral jsonb_object_keys(u.sources) as venue
         where $8 and u.symbol = m.universe and not exists (
           select from universe_listings l where l.universe = u.symbol and l.source = venue and l.as_of = $2))
       group by m.shard having bool_and(coalesce(m.walked_at >= m.moved_at, false)))
     select s.shard, s.members, ran.as_of as since from still s
     cross join lateral (
       select r.as_of, r.execution_id, r.config from runs r join ledger l on l.execution_id = r.execution_id and l.task_id = s.shard || '/collect'
       where r.as_of between $2 - $3::bigint and $2 - 1 and l.finished_at is not null and not l.output ? 'nothingNewSince'
       order by r.as_of desc limit 1) as ran
     where ran.config @> $4 and jsonb_array_length(ran.config->'intervals') = $5 and jsonb_array_length(ran.config->'strategies') = $6
       and ran.config->'backtest' is not distinct from $9
       and $7 = (select count(*) from ledger l where l.execution_id = ran.execution_id
         and l.task_id = any(select s.shard || '/' || stage from unnest($10::text[]) as stage)
         and l.finished_at is not null and l.degraded is null and not l.output ? 'failedSources')
     order by s.shard collate "C"`,
    [
      universes,
      Math.floor(asOf),
      MAX_REST_MS,
      jsonb({ untilStage, intervals, sourceTypes, strategies }),
      intervals.length,
      strategies.length,
      stages.length,
      listed,
      backtest === undefined ? null : jsonb(backtest),
      stages,
    ],
  );
  return rows;
}

/** Records in the ledger the skipped stages of a shard that has nothing new. @returns their outputs by task id */
export async function recordRest(
  transaction: Transaction,
  { runId, executionId, startedAt }: { readonly runId: string; readonly executionId: string; readonly startedAt: number },
  { shard, members, since }: RestingShard,
  untilStage: Stage,
): Promise<ReadonlyMap<string, { readonly output: { readonly nothingNewSince: string } }>> {
  const nothing = { nothingNewSince: new Date(since).toISOString() };
  const stages = STAGES.slice(0, STAGES.indexOf(untilStage) + 1).map((stage) => ({
    stage,
    taskId: stageTaskId(shard, stage),
    output: stage === 'collect' ? { ...nothing, ticks: 0, requests: 0, instruments: 0, members, quiet: members } : nothing,
  }));
  await transaction.query(
    `insert into ledger (execution_id, task_id, run_id, symbol, stage, output, attempts, started_at, finished_at, duration_seconds)
     select $1, s->>'taskId', $2, $3, s->>'stage', s->'output', 0, to_timestamp($5::float8 / 1000), clock_timestamp(), 0
     from jsonb_array_elements($4::jsonb) as s on conflict do nothing`,
    [executionId, runId, shard, jsonb(stages), startedAt],
  );
  return new Map(stages.map(({ taskId, output }) => [taskId, { output }]));
}
