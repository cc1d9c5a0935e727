import type { Queryable } from '../database/database.ts';
import type { StoredInstrument } from './instruments.ts';

/**
 * The same questions at other venues, as far as some run has found them, by instrument key: first those that the market itself names, in
 * its order, then those that name it, by their ids. One venue names twins and the other does not, so both directions count.
 */
export async function twinsOf(
  queryable: Queryable,
  instruments: readonly StoredInstrument[],
): Promise<ReadonlyMap<number, readonly StoredInstrument[]>> {
  if (instruments.length === 0) return new Map();
  const { rows } = await queryable.query<{ key: number; facts: Omit<StoredInstrument, 'key'> }>(
    `select key, facts from instruments where id = any($1) or facts->'twins' ?| $2 order by id collate "C"`,
    [instruments.flatMap(({ twins }) => twins), instruments.map(({ id }) => id)],
  );
  const found = rows.map(({ key, facts }): StoredInstrument => ({ ...facts, key }));
  return new Map(
    instruments.map(({ key, id, twins }) => {
      const named = twins.flatMap((twin) => found.filter((one) => one.id === twin));
      const naming = found.filter((one) => one.twins.includes(id) && !named.includes(one));
      return [key, [...named, ...naming].filter((one) => one.key !== key)];
    }),
  );
}
