import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { badInput } from '../../contracts/errors.ts';
import type { SourceType } from '../../contracts/words.ts';
import { jsonb } from '../database/codes.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';

const COLUMNS = 'symbol, title, enabled, priority, sources, twins';

interface SymbolRow extends Omit<CatalogueEntry, 'kind'> {
  readonly kind: 'symbol' | 'universe' | 'shard';
}

const entryOf = ({ kind, twins = [], ...entry }: SymbolRow): CatalogueEntry => ({
  ...entry,
  ...(twins.length > 0 && { twins }),
  ...(kind === 'universe' && { kind }),
});

/** The whole catalogue, by symbol; without the shards of universes, which runs create. */
export async function listSymbols(queryable: Queryable): Promise<readonly CatalogueEntry[]> {
  const { rows } = await queryable.query<SymbolRow>(
    `select ${COLUMNS}, kind from symbols where kind <> 'shard' order by symbol collate "C"`,
  );
  return rows.map(entryOf);
}

export interface SymbolName extends Pick<CatalogueEntry, 'symbol' | 'enabled' | 'priority' | 'kind'> {
  /** The universe of a shard. */
  readonly universe?: string;
  /** Source types for which the symbol has selectors or instruments. */
  readonly sourceTypes: readonly SourceType[];
}

/** Symbols that a run's input may name, including universes and their shards. @param only these symbols and their shards @default all */
export async function symbolNames(queryable: Queryable, only?: readonly string[]): Promise<readonly SymbolName[]> {
  const { rows } = await queryable.query<Omit<SymbolName, 'kind' | 'universe'> & { kind: SymbolRow['kind']; universe: string | null }>(
    `select s.symbol, coalesce(u.enabled, s.enabled) as enabled, coalesce(u.priority, s.priority) as priority, s.kind, s.universe, array(
       select key from jsonb_each(coalesce(u.sources, s.sources)) where jsonb_array_length(value) > 0
       union select i.source from symbol_instruments m join instruments i on i.key = m.instrument
       where m.symbol = s.symbol and s.kind = 'symbol'
     ) as "sourceTypes"
     from symbols s left join symbols u on u.symbol = s.universe
     where $1::text[] is null or s.symbol = any($1) or s.universe = any($1) order by s.symbol collate "C"`,
    [only ?? null],
  );
  return rows.map(({ kind, universe, ...name }) => ({
    ...name,
    ...(kind === 'universe' && { kind }),
    ...(universe !== null && { universe }),
  }));
}

/** Symbols whose name or title contains a text in any letter case; names that start with it come first. */
export async function findSymbols(
  queryable: Queryable,
  text: string,
  limit: number,
): Promise<readonly Pick<CatalogueEntry, 'symbol' | 'title'>[]> {
  const { rows } = await queryable.query<Pick<CatalogueEntry, 'symbol' | 'title'>>(
    `select symbol, title from symbols where strpos(lower(symbol), lower($1)) > 0 or strpos(lower(title), lower($1)) > 0
     order by strpos(lower(symbol), lower($1)) <> 1, strpos(lower(symbol), lower($1)) = 0, symbol collate "C" limit $2`,
    [text, limit],
  );
  return rows;
}

/** An entry by name; a shard has the rules of its universe. */
export type NamedEntry = CatalogueEntry & { readonly universe?: string };

/** Entries with these names, by name; names that are not in the catalogue are absent. */
export async function symbolsByName(queryable: Queryable, names: readonly string[]): Promise<ReadonlyMap<string, NamedEntry>> {
  const { rows } = await queryable.query<SymbolRow & { universe: string | null }>(
    `select s.symbol, s.title, s.enabled, s.priority, coalesce(u.sources, s.sources) as sources, s.twins, s.kind, s.universe
     from symbols s left join symbols u on u.symbol = s.universe where s.symbol = any($1)`,
    [names],
  );
  return new Map(rows.map(({ universe, ...row }) => [row.symbol, { ...entryOf(row), ...(universe !== null && { universe }) }]));
}

/**
 * Merges entries into the catalogue by symbol, or replaces the whole catalogue by them (`replace`). When merging, an entry without `twins`
 * keeps the stored twins. Collected data of removed symbols stays.
 */
export async function importSymbols(
  queryable: Queryable,
  entries: readonly CatalogueEntry[],
  { replace = false }: { replace?: boolean } = {},
): Promise<{ added: number; updated: number; removed: number }> {
  return await withinTransaction(queryable, async (transaction) => {
    const names = entries.map(({ symbol }) => symbol);
    const { rows: shards } = await transaction.query<{ symbol: string }>(
      "select symbol from symbols where symbol = any($1) and kind = 'shard' limit 1",
      [names],
    );
    if (shards.length > 0) throw badInput(`${shards[0].symbol} is a shard of a universe, which runs manage; choose another name`);
    const removed = replace
      ? await transaction.query("delete from symbols where symbol <> all($1) and kind <> 'shard'", [names])
      : undefined;
    const { rows } = await transaction.query<{ added: boolean }>(
      `insert into symbols (${COLUMNS}, kind)
       select e->>'symbol', e->>'title', (e->>'enabled')::boolean, (e->>'priority')::smallint, e->'sources',
         coalesce(e->'twins', case when not $2 then s.twins end, '[]'), coalesce(e->>'kind', 'symbol')
       from jsonb_array_elements($1::jsonb) as e left join symbols s on s.symbol = e->>'symbol' order by 1
       on conflict (symbol) do update set title = excluded.title, enabled = excluded.enabled, priority = excluded.priority,
         sources = excluded.sources, twins = excluded.twins, kind = excluded.kind, updated_at = now()
       returning xmax = 0 as added`,
      [jsonb(entries), replace],
    );
    await transaction.query(
      'update symbols s set enabled = u.enabled, priority = u.priority from symbols u where u.symbol = s.universe and u.symbol = any($1)',
      [names],
    );
    const added = rows.filter((row) => row.added).length;
    return { added, updated: rows.length - added, removed: removed?.rowCount ?? 0 };
  });
}

/** Enables or disables symbols. @returns the names that are in the catalogue */
export async function setEnabled(queryable: Queryable, names: readonly string[], enabled: boolean): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ symbol: string }>(
    'update symbols set enabled = $2, updated_at = now() where symbol = any($1) or universe = any($1) returning symbol',
    [names, enabled],
  );
  return rows.map(({ symbol }) => symbol).filter((symbol) => names.includes(symbol));
}

/** Removes a symbol from the catalogue; its data stays. @returns whether it was there */
export async function removeSymbol(queryable: Queryable, symbol: string): Promise<boolean> {
  const { rowCount } = await queryable.query('delete from symbols where symbol = $1', [symbol]);
  return rowCount === 1;
}
