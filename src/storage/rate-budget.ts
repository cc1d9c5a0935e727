import type { BucketStore, Grant } from '../sources/token-pool.ts';
import type { Queryable } from './database.ts';

const CREATE = `
insert into rate_budgets (name, tokens, refilled_at) values ($1, $2, clock_timestamp()) on conflict (name) do nothing`;

/** $1 name, $2 capacity, $3 tokens per millisecond, $4 wanted, $5 reserve. */
const TAKE = `
with held as (
  select name, tokens, refilled_at, paused_until from rate_budgets where name = $1 for update
), filled as (
  select name, paused_until, clock_timestamp() as at,
    least($2::float8, tokens + greatest(0, extract(epoch from clock_timestamp() - refilled_at)::float8 * 1000) * $3::float8) as tokens
  from held
), granted as (
  select name, paused_until, at, tokens,
    case when paused_until > at then 0 else greatest(0, least($4::float8, floor(tokens - $5::float8))) end as granted
  from filled
)
update rate_budgets b set tokens = g.tokens - g.granted, refilled_at = g.at
from granted g where b.name = g.name
returning g.granted::int as granted,
  case when g.granted > 0 then 0
    else greatest(case when g.paused_until > g.at then extract(epoch from g.paused_until - g.at)::float8 * 1000 else 0 end,
      (1 + $5::float8 - g.tokens) / $3::float8)
  end as wait_ms`;

const PAUSE = `
insert into rate_budgets as b (name, tokens, refilled_at, paused_until)
values ($1, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => $2::float8 / 1000))
on conflict (name) do update set tokens = 0, refilled_at = clock_timestamp(), paused_until = greatest(b.paused_until, excluded.paused_until)`;

/** Token buckets in Postgres: every worker of one database draws on the same budget. A grant costs one indexed update. */
export function createPostgresBuckets(database: Queryable): BucketStore {
  return {
    async take(name, bucket, want, reserve): Promise<Grant> {
      const kept = Math.min(reserve, bucket.capacity - 1);
      const values = [name, bucket.capacity, bucket.rate, want, kept];
      let rows = (await database.query<{ granted: number; wait_ms: number }>(TAKE, values)).rows;
      if (rows.length === 0) {
        await database.query(CREATE, [name, bucket.capacity]);
        rows = (await database.query<{ granted: number; wait_ms: number }>(TAKE, values)).rows;
      }
      const row = rows[0];
      return row === undefined ? { granted: 0, waitMs: 50 } : { granted: row.granted, waitMs: Math.max(1, row.wait_ms) };
    },
    async pause(name, _bucket, waitMs) {
      await database.query(PAUSE, [name, waitMs]);
    },
  };
}
