import type { TwinIds } from '../../contracts/catalogue.ts';
import { jsonb } from '../database/codes.ts';
import type { Queryable } from '../database/database.ts';
import { type InstrumentRow, type StoredInstrument, storedInstrument } from './instruments.ts';

/** SQL rows `(symbol, pair)` of the twins that the user accepted. */
export const ACCEPTED_TWINS = 'select s.symbol, p.pair from symbols s cross join jsonb_array_elements(s.twins) as p(pair)';

/** Ids of the twins that the user accepted, by the id of either market. */
export async function acceptedTwins(queryable: Queryable): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await queryable.query<{ pair: TwinIds }>(`${ACCEPTED_TWINS} order by 1`);
  const twins = new Map<string, Set<string>>();
  for (const { pair } of rows)
    for (const [one, other] of [pair, pair.toReversed()]) twins.set(one, (twins.get(one) ?? new Set()).add(other));
  return new Map([...twins].map(([id, others]) => [id, [...others].sort()]));
}

/** Adds a pair of twins to an entry of the catalogue. */
export async function addTwins(queryable: Queryable, symbol: string, pair: TwinIds): Promise<void> {
  await queryable.query('update symbols set twins = twins || jsonb_build_array($2::jsonb), updated_at = now() where symbol = $1', [
    symbol,
    jsonb(pair),
  ]);
}

/** Removes an accepted pair of twins from the catalogue. @returns the entries that had it */
export async function removeTwins(queryable: Queryable, pair: TwinIds): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ symbol: string }>(
    `update symbols set updated_at = now(),
       twins = (select coalesce(jsonb_agg(p), '[]') from jsonb_array_elements(twins) as p where not p @> $1::jsonb)
     where twins @> jsonb_build_array($1::jsonb) returning symbol`,
    [jsonb(pair)],
  );
  return rows.map(({ symbol }) => symbol).sort();
}

/**
 * Finds the twins of instruments, by instrument key: first the twins that the market names and those that the user accepted, then
 * those that name it, by id, then the twins of all of these.
 */
export async function twinsOf(
  queryable: Queryable,
  instruments: readonly StoredInstrument[],
): Promise<ReadonlyMap<number, readonly StoredInstrument[]>> {
  if (instruments.length === 0) return new Map();
  const accepted = await acceptedTwins(queryable);
  const namedBy = ({ id, twins }: StoredInstrument): readonly string[] => [...new Set([...twins, ...(accepted.get(id) ?? [])])];
  const found = new Map(instruments.map((one) => [one.id, one]));
  let last = instruments;
  for (let step = 0; step < 2 && last.length > 0; step++) {
    const { rows } = await queryable.query<InstrumentRow>(
      `select key, facts from instruments where (id = any($1) or facts->'twins' <> '[]' and facts->'twins' ?| $2) and id <> all($3) order by id collate "C"`,
      [last.flatMap(namedBy), last.map(({ id }) => id), [...found.keys()]],
    );
    last = rows.map(storedInstrument);
    for (const one of last) found.set(one.id, one);
  }
  const naming = new Map<string, StoredInstrument[]>();
  for (const one of [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1)))
    for (const id of one.twins) naming.set(id, [...(naming.get(id) ?? []), one]);
  const linked = (one: StoredInstrument): readonly StoredInstrument[] => [
    ...namedBy(one).flatMap((id) => found.get(id) ?? []),
    ...(naming.get(one.id) ?? []),
  ];
  return new Map(
    instruments.map((one) => {
      const direct = linked(one);
      const all = new Set([...direct, ...direct.flatMap(linked).filter(({ source }) => source !== one.source)]);
      return [one.key, [...all].filter(({ key }) => key !== one.key)];
    }),
  );
}

/** Open instruments with a twin that their venue names or that the user accepted, those that end soonest first. */
export async function openTwins(queryable: Queryable, limit: number): Promise<readonly StoredInstrument[]> {
  const { rows } = await queryable.query<InstrumentRow>(
    `with accepted as (${ACCEPTED_TWINS}) select key, facts from instruments
     where not (facts->>'closed')::boolean and (facts->'twins' <> '[]' or id in (select pair->>0 from accepted))
     order by (facts->>'closesAt')::float8 nulls last, key limit $1`,
    [limit],
  );
  return rows.map(storedInstrument);
}
