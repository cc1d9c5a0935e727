import type { TimeRange } from '../../contracts/market-data.ts';
import { kindCode } from '../database/codes.ts';
import type { Transaction } from '../database/database.ts';
import { ensureBatch, type StagingBatch, type StagingKey } from './staging.ts';

/** Records that a range `[from, to)` was collected with price points of this grain, its finest. @param grain seconds */
export async function stageGrain(
  transaction: Transaction,
  { grain, range: { from, to }, ...key }: StagingKey & { readonly grain: number; readonly range: TimeRange },
): Promise<void> {
  if (!(to > from)) return;
  const batch = await ensureBatch(transaction, key);
  await transaction.query(
    `insert into staged_grains (batch, grain, ranges) values ($1, $2, int8multirange(int8range($3, $4)))
     on conflict (batch, grain) do update set ranges = staged_grains.ranges + excluded.ranges`,
    [batch, grain, Math.floor(from), Math.floor(to)],
  );
}

/**
 * Removes staged and stored coarse price points where finer ones were collected, whatever the order of collections. Hours that lose stored
 * points get the instrument's new version. Returns the numbers of removed staged rows and stored points.
 */
export async function settleGrains(
  transaction: Transaction,
  { id, instrumentKey }: StagingBatch,
  version: number,
): Promise<{ readonly staged: number; readonly stored: number }> {
  const { rows: come } = await transaction.query<TimeRange & { grain: number }>(
    'select grain, lower(r) as "from", upper(r) as "to" from staged_grains, unnest(ranges) as r where batch = $1 order by 1, 2',
    [id],
  );
  if (come.length === 0) return { staged: 0, stored: 0 };
  await transaction.query(
    `insert into point_grains (instrument, grain, ranges) select $2, grain, ranges from staged_grains where batch = $1
     on conflict (instrument, grain) do update set ranges = point_grains.ranges + excluded.ranges`,
    [id, instrumentKey],
  );
  let staged = 0;
  const { rows: grains } = await transaction.query<{ grain: number; finer: string }>(
    `select s.grain, range_agg(p.ranges)::text as finer from staged_grains s join point_grains p on p.instrument = $2 and p.grain < s.grain
     where s.batch = $1 group by s.grain`,
    [id, instrumentKey],
  );
  for (const { grain, finer } of grains) {
    const { rowCount } = await transaction.query(
      'delete from staged_rows where batch = $1 and grain >= $2 and time <@ $3::int8multirange and defect is null and reason is null',
      [id, grain, finer],
    );
    staged += rowCount ?? 0;
  }
  let stored = 0;
  for (const { grain, from, to } of come)
    stored += await deleteCoarser(transaction, { instrumentKey, grain, range: { from, to }, version });
  return { staged, stored };
}

interface Displaced {
  readonly instrumentKey: number;
  readonly grain: number;
  readonly range: TimeRange;
  readonly version: number;
}

/** Deletes stored points of a coarser grain in the range. @returns how many */
async function deleteCoarser(transaction: Transaction, { instrumentKey, grain, range, version }: Displaced): Promise<number> {
  const { rows } = await transaction.query<{ hour: number; ticks: number }>(
    `with gone as (delete from ticks where instrument = $1 and kind = $2 and time >= $3 and time < $4 and grain > $5 returning time)
     select (time / 3600000)::int as hour, count(*)::int as ticks from gone group by 1`,
    [instrumentKey, kindCode('price'), range.from, range.to, grain],
  );
  if (rows.length === 0) return 0;
  const hours = [instrumentKey, kindCode('price'), rows.map(({ hour }) => hour)] as const;
  await transaction.query(
    `update tick_hours h set ticks = h.ticks - g.ticks, version = $5 from unnest($3::int[], $4::int[]) as g(hour, ticks)
     where h.instrument = $1 and h.kind = $2 and h.hour = g.hour`,
    [...hours, rows.map(({ ticks }) => ticks), version],
  );
  // an hour without ticks has no row
  await transaction.query('delete from tick_hours where instrument = $1 and kind = $2 and hour = any($3) and ticks <= 0', [...hours]);
  return rows.reduce((sum, { ticks }) => sum + ticks, 0);
}
