import type { Queryable } from '../database/database.ts';
import type { StoredInstrument } from './instruments.ts';

/**
 * Finds the same questions at other venues, among the instruments that runs have found, by instrument key: first the twins that the market itself
 * names, in its order, then those that name it, by id. Both directions count, since not every venue names twins.
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
