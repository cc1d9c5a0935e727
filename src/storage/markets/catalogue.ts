import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';
import { jsonb } from '../database/jsonb.ts';

const COLUMNS = 'symbol, title, enabled, priority, sources';

/** The whole catalogue, by symbol. */
export async function listSymbols(queryable: Queryable): Promise<readonly CatalogueEntry[]> {
  const { rows } = await queryable.query<CatalogueEntry>(`select ${COLUMNS} from symbols order by symbol collate "C"`);
  return rows;
}

/** What a run's input may name: each symbol, whether it is enabled, and its priority. @param only these @default all */
export async function symbolNames(
  queryable: Queryable,
  only?: readonly string[],
): Promise<readonly Pick<CatalogueEntry, 'symbol' | 'enabled' | 'priority'>[]> {
  const { rows } = await queryable.query<Pick<CatalogueEntry, 'symbol' | 'enabled' | 'priority'>>(
    'select symbol, enabled, priority from symbols where $1::text[] is null or symbol = any($1) order by symbol collate "C"',
    [only ?? null],
  );
  return rows;
}

/** Entries with these names, by name; names that are not in the catalogue are absent. */
export async function symbolsByName(queryable: Queryable, names: readonly string[]): Promise<ReadonlyMap<string, CatalogueEntry>> {
  const { rows } = await queryable.query<CatalogueEntry>(`select ${COLUMNS} from symbols where symbol = any($1)`, [names]);
  return new Map(rows.map((entry) => [entry.symbol, entry]));
}

/**
 * Merges entries into the catalogue by symbol; with `replace` the catalogue is these entries and no others. Collected data of
 * a symbol that leaves the catalogue stays.
 */
export async function importSymbols(
  queryable: Queryable,
  entries: readonly CatalogueEntry[],
  { replace = false }: { replace?: boolean } = {},
): Promise<{ added: number; updated: number; removed: number }> {
  return await withinTransaction(queryable, async (transaction) => {
    const names = entries.map(({ symbol }) => symbol);
    const removed = replace ? await transaction.query('delete from symbols where symbol <> all($1)', [names]) : undefined;
    const { rows } = await transaction.query<{ added: boolean }>(
      `insert into symbols (${COLUMNS})
       select e->>'symbol', e->>'title', (e->>'enabled')::boolean, (e->>'priority')::smallint, e->'sources'
       from jsonb_array_elements($1::jsonb) as e order by 1
       on conflict (symbol) do update set title = excluded.title, enabled = excluded.enabled, priority = excluded.priority,
         sources = excluded.sources, updated_at = now()
       returning xmax = 0 as added`,
      [jsonb(entries)],
    );
    const added = rows.filter((row) => row.added).length;
    return { added, updated: rows.length - added, removed: removed?.rowCount ?? 0 };
  });
}

/** Turns symbols on or off. @returns the names that are in the catalogue */
export async function setEnabled(queryable: Queryable, names: readonly string[], enabled: boolean): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ symbol: string }>(
    'update symbols set enabled = $2, updated_at = now() where symbol = any($1) returning symbol',
    [names, enabled],
  );
  return rows.map(({ symbol }) => symbol);
}

/** Takes a symbol out of the catalogue; its data stays. @returns whether it was there */
export async function removeSymbol(queryable: Queryable, symbol: string): Promise<boolean> {
  const { rowCount } = await queryable.query('delete from symbols where symbol = $1', [symbol]);
  return rowCount === 1;
}
