import type { CatalogueEntry } from '../../contracts/catalogue.ts';
import type { SourceType } from '../../contracts/words.ts';
import { jsonb } from '../database/codes.ts';
import { type Queryable, withinTransaction } from '../database/database.ts';

const COLUMNS = 'symbol, title, enabled, priority, sources';

/** The whole catalogue, by symbol. */
export async function listSymbols(queryable: Queryable): Promise<readonly CatalogueEntry[]> {
  const { rows } = await queryable.query<CatalogueEntry>(`select ${COLUMNS} from symbols order by symbol collate "C"`);
  return rows;
}

export interface SymbolName extends Pick<CatalogueEntry, 'symbol' | 'enabled' | 'priority'> {
  /** Source types for which the symbol has selectors or instruments. */
  readonly sourceTypes: readonly SourceType[];
}

/** Symbols that a run's input may name. @param only these symbols @default all */
export async function symbolNames(queryable: Queryable, only?: readonly string[]): Promise<readonly SymbolName[]> {
  const { rows } = await queryable.query<SymbolName>(
    `select symbol, enabled, priority, array(
       select key from jsonb_each(sources) where jsonb_array_length(value) > 0
       union select i.source from symbol_instruments m join instruments i on i.key = m.instrument where m.symbol = symbols.symbol
     ) as "sourceTypes"
     from symbols where $1::text[] is null or symbol = any($1) order by symbol collate "C"`,
    [only ?? null],
  );
  return rows;
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

/** Entries with these names, by name; names that are not in the catalogue are absent. */
export async function symbolsByName(queryable: Queryable, names: readonly string[]): Promise<ReadonlyMap<string, CatalogueEntry>> {
  const { rows } = await queryable.query<CatalogueEntry>(`select ${COLUMNS} from symbols where symbol = any($1)`, [names]);
  return new Map(rows.map((entry) => [entry.symbol, entry]));
}

/** Merges entries into the catalogue by symbol; with `replace` they replace all others. Collected data of removed symbols stays. */
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

/** Enables or disables symbols. @returns the names that are in the catalogue */
export async function setEnabled(queryable: Queryable, names: readonly string[], enabled: boolean): Promise<readonly string[]> {
  const { rows } = await queryable.query<{ symbol: string }>(
    'update symbols set enabled = $2, updated_at = now() where symbol = any($1) returning symbol',
    [names, enabled],
  );
  return rows.map(({ symbol }) => symbol);
}

/** Removes a symbol from the catalogue; its data stays. @returns whether it was there */
export async function removeSymbol(queryable: Queryable, symbol: string): Promise<boolean> {
  const { rowCount } = await queryable.query('delete from symbols where symbol = $1', [symbol]);
  return rowCount === 1;
}
