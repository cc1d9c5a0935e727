import type { SourceType } from '../../contracts/words.ts';
import { latenessAt, rememberLateness, type SeenLateness } from '../../market/lateness.ts';
import type { Queryable, Transaction } from '../database/database.ts';

interface LatenessRow extends SeenLateness {
  readonly source: SourceType;
}

/** How late rows of each source are expected at `asOf`, in milliseconds. Files are never late. */
export async function latenessBySource(queryable: Queryable, asOf: number): Promise<(source: SourceType) => number> {
  const { rows } = await queryable.query<LatenessRow>('select source, lateness_ms as ms, seen_at as at from source_lateness');
  const seen = new Map(rows.map((row) => [row.source, row]));
  return (source) => (source === 'file' ? 0 : latenessAt(seen.get(source), asOf));
}

/** Expected lateness of a symbol's instruments at `asOf` in milliseconds, from their own late rows, else from those of their source. */
export async function latenessByInstrument(
  queryable: Queryable,
  symbol: string,
  asOf: number,
): Promise<(instrument: { readonly id: string; readonly source: SourceType }) => number> {
  const bySource = await latenessBySource(queryable, asOf);
  const { rows } = await queryable.query<SeenLateness & { id: string }>(
    `select i.id, l.lateness_ms as ms, l.seen_at as at from instrument_lateness l join symbol_instruments s on s.instrument = l.instrument
     join instruments i on i.key = l.instrument where s.symbol = $1`,
    [symbol],
  );
  const own = new Map(rows.map((row) => [row.id, row]));
  return ({ id, source }) => (own.has(id) && source !== 'file' ? latenessAt(own.get(id), asOf) : bySource(source));
}

/** Records by how much a row of one instrument was late, or that a second look found no late row. @param lateBy milliseconds */
export const noteInstrumentLateness = (transaction: Transaction, instrumentKey: number, lateBy: number, asOf: number): Promise<void> =>
  remember(transaction, 'instrument', instrumentKey, (seen) => rememberLateness(seen, lateBy, asOf) ?? { ms: 0, at: asOf });

/** Records by how much a row of a source was late. @param lateBy milliseconds from the row's time to the look that had missed it */
export const noteLateness = (transaction: Transaction, source: SourceType, lateBy: number, asOf: number): Promise<void> =>
  remember(transaction, 'source', source, (seen) => rememberLateness(seen, lateBy, asOf));

async function remember(
  transaction: Transaction,
  what: 'source' | 'instrument',
  id: string | number,
  next: (seen: SeenLateness | undefined) => SeenLateness | undefined,
): Promise<void> {
  const { rows } = await transaction.query<SeenLateness>(
    `select lateness_ms as ms, seen_at as at from ${what}_lateness where ${what} = $1 for update`,
    [id],
  );
  const seen = next(rows[0]);
  if (seen === undefined || seen === rows[0]) return;
  await transaction.query(
    `insert into ${what}_lateness (${what}, lateness_ms, seen_at) values ($1, $2, $3)
     on conflict (${what}) do update set lateness_ms = excluded.lateness_ms, seen_at = excluded.seen_at`,
    [id, seen.ms, Math.floor(seen.at)],
  );
}

/** Time after a run during which another run reads only the newest pages and claims no coverage. */
const GLANCE_MS = 60_000;

/** Time until which each source's instruments must be covered after a run as of `asOf`, as two parallel lists for `unnest`. */
export async function coverableUntil(
  queryable: Queryable,
  sourceTypes: readonly SourceType[],
  asOf: number,
): Promise<readonly [sources: readonly SourceType[], until: readonly number[]]> {
  const lateness = await latenessBySource(queryable, asOf);
  return [sourceTypes, sourceTypes.map((source) => Math.floor(asOf - lateness(source) - GLANCE_MS))];
}
