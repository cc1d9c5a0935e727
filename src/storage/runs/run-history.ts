import { groupedBy } from '../../contracts/grouped-by.ts';
import { type RunResult, STAGES, type TaskStatus } from '../../contracts/words.ts';
import type { Queryable } from '../database/database.ts';

export interface HistoryRun {
  readonly runId: string;
  readonly executionId: string;
  /** Whether an earlier run had the same id. */
  readonly idUsedBefore: boolean;
  /** null while it runs */
  readonly result: RunResult | null;
  readonly startedAt: Date;
  /** UTC epoch milliseconds; null where it is not known. */
  readonly asOf: number | null;
  readonly finishedAt: Date | null;
  readonly durationSeconds: number | null;
  readonly totalTasks: number | null;
  readonly reasons: readonly string[];
  /** The symbols of a run that is open; none once it has ended. */
  readonly openSymbols: readonly string[];
  /** The worst state among a symbol's stages in this run, by symbol. */
  readonly states: Readonly<Record<string, TaskStatus | 'degraded'>>;
  /** The worst state among the custom tasks; null when it had none. */
  readonly custom: TaskStatus | 'degraded' | null;
}

const WORST: readonly (TaskStatus | 'degraded')[] = ['failed', 'cancelled', 'degraded', 'running', 'pending', 'skipped', 'success'];

/**
 * The last runs with the worst state of each symbol: from the status recorded at the end; for an open run from its ledger, which knows
 * effects but no failures, so a symbol whose last stage has not taken effect counts as running.
 */
export async function runHistory(queryable: Queryable, limit: number): Promise<readonly HistoryRun[]> {
  const { rows } = await queryable.query<Omit<HistoryRun, 'states' | 'custom'>>(
    `select run_id as "runId", execution_id as "executionId", id_used_before as "idUsedBefore", result, started_at as "startedAt", as_of as "asOf", finished_at as "finishedAt",
       (status->>'durationSeconds')::float8 as "durationSeconds", (status->>'totalTasks')::int as "totalTasks",
       coalesce(array(select jsonb_array_elements_text(status->'reasons')), '{}') as reasons,
       case when finished_at is null then array(select jsonb_path_query(config, '$.symbols[*].symbol') #>> '{}') else '{}' end as "openSymbols"
     from runs order by started_at desc, execution_id limit $1`,
    [limit],
  );
  const ids = rows.map(({ executionId }) => executionId);
  const { rows: worstStates } = await queryable.query<{ execution: string; symbol: string | null; worst: number; whole: boolean }>(
    `with shown as (select execution_id, status, config from runs where execution_id = any($1)),
     symbols as (select s.execution_id, jsonb_path_query(s.config, '$.symbols[*].symbol') #>> '{}' as symbol,
       case when s.status is null then s.config->>'untilStage' end as until from shown s),
     states as (
       select s.execution_id, t.key as task_id,
         case when t.value->>'status' = 'success' and jsonb_array_length(coalesce(nullif(t.value->'degraded', 'null'), '[]')) > 0
           then 'degraded' else t.value->>'status' end as state
       from shown s cross join lateral jsonb_each(s.status->'taskResults') t
       union all
       select s.execution_id, l.task_id, case when l.degraded is not null then 'degraded' else 'success' end
       from shown s join ledger l on l.execution_id = s.execution_id and l.finished_at is not null where s.status is null)
     select t.execution_id as execution, y.symbol, min(array_position($2::text[], t.state)) as worst,
       bool_or(y.until is null or t.task_id = y.symbol || '/' || y.until) as whole
     from states t left join symbols y
       on y.execution_id = t.execution_id and y.symbol = coalesce(left(t.task_id, -length(substring(t.task_id from $3))), t.task_id)
     group by t.execution_id, y.symbol`,
    [ids, WORST, `/(?:${STAGES.join('|')})$`],
  );
  const byRun = groupedBy(worstStates, ({ execution }) => execution);
  return rows.map((row) => {
    const own = byRun.get(row.executionId) ?? [];
    const states: Record<string, TaskStatus | 'degraded'> = Object.create(null);
    for (const { symbol, worst, whole } of own) if (symbol !== null) states[symbol] = whole ? WORST[worst - 1] : 'running';
    const custom = own.find(({ symbol }) => symbol === null);
    return { ...row, states, custom: custom === undefined ? null : WORST[custom.worst - 1] };
  });
}

/** The newest runs whose id contains a text in any letter case; of runs with the same id the newest. */
export async function findRunIds(
  queryable: Queryable,
  text: string,
  limit: number,
): Promise<readonly { readonly runId: string; readonly result: RunResult | null }[]> {
  const { rows } = await queryable.query<{ runId: string; result: RunResult | null }>(
    `select run_id as "runId", (array_agg(result order by started_at desc))[1] as result from runs
     where strpos(lower(run_id), lower($1)) > 0 group by run_id order by max(started_at) desc limit $2`,
    [text, limit],
  );
  return rows;
}

/** A text that changes whenever the result of `runHistory` or the open incidents may have changed; cheap enough to poll. */
export async function historyMark(queryable: Queryable, limit: number): Promise<string> {
  const { rows } = await queryable.query<{ mark: string }>(
    `select concat_ws(' ',
       (select md5(string_agg(execution_id || coalesce(result, ''), ' ')) from (select execution_id, result from runs order by started_at desc, execution_id limit $1) shown),
       (select concat(count(*), ' ', max(l.finished_at)) from runs r join ledger l on l.execution_id = r.execution_id where r.finished_at is null and l.finished_at is not null),
       (select concat(count(*), ' ', max(greatest(opened_at, seen_at, closed_at))) from incidents)) as mark`,
    [limit],
  );
  return rows[0].mark;
}

export interface PagedRun {
  readonly runId: string;
  readonly executionId: string;
  readonly idUsedBefore: boolean;
  /** UTC epoch milliseconds. */
  readonly startedAt: number;
  /** null while it is open */
  readonly finishedAt: number | null;
  readonly symbols: readonly string[];
}

/** All recorded runs with their symbols. */
export async function pagedRuns(queryable: Queryable): Promise<readonly PagedRun[]> {
  const { rows } = await queryable.query<PagedRun>(
    `select run_id as "runId", execution_id as "executionId", id_used_before as "idUsedBefore",
       (extract(epoch from started_at) * 1000)::float8 as "startedAt", (extract(epoch from finished_at) * 1000)::float8 as "finishedAt",
       array(select jsonb_path_query(config, '$.symbols[*].symbol') #>> '{}') as symbols
     from runs`,
  );
  return rows;
}
