import type { Queryable } from '../database/database.ts';

/** Of these symbols those that are not in the catalogue any more, or disabled. */
export async function disabledAmong(queryable: Queryable, symbols: readonly string[]): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ name: string }>(
    'select distinct name from unnest($1::text[]) as name where not exists (select from symbols s where s.symbol = name and s.enabled)',
    [symbols],
  );
  return rows.map(({ name }) => name);
}

/** Open incidents whose trouble was last seen before an instant. @param before UTC epoch milliseconds */
export async function unseenSince(queryable: Queryable, before: number): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ id: string }>(
    'select id::text from incidents where closed_at is null and seen_at < to_timestamp($1::float8 / 1000)',
    [before],
  );
  return rows.map(({ id }) => id);
}
