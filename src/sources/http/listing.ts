import type { PredictLabError } from '../../contracts/errors.ts';
import { readName } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import type { Http, QueryPairs } from './venue-client.ts';
import { isRefusal } from './venue-error.ts';

/** Returns the answer of a request; undefined where the venue refuses it with a 4xx, since it does not have what was requested. */
export async function undefinedIfRefused(requested: Promise<unknown>): Promise<unknown> {
  try {
    return await requested;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/**
 * Returns what `read` got from a host, remembered under a name for all work of this process.
 * @param maxAgeMs age, by the venue's clock, from which the value is read again; 0 to read it in any case
 */
export async function remembered<Value>(api: Http, name: string, maxAgeMs: number, read: () => Promise<Value>): Promise<Value> {
  const known = api.memory.get(name) as { readonly at: number; readonly value: Value } | undefined;
  if (known !== undefined && Math.abs(api.clock - known.at) < maxAgeMs) return known.value;
  const value = await read();
  api.memory.set(name, { at: api.clock, value });
  return value;
}

/** Maximum number of pages of a listing, of pages in a row without an item, and of tries when a page comes again. */
const MAX_PAGES = 10_000;
const MAX_EMPTY_PAGES = 20;
const MAX_TRIES = 4;

interface CursorPages<Answer> {
  /** Reads the page at a cursor, or the first page for null. */
  readonly read: (cursor: string | null) => Promise<Answer>;
  readonly itemsOf: (answer: Answer) => readonly unknown[];
  readonly nextOf: (answer: Answer) => string | null;
  /** The error for a listing whose rest cannot be reached. @param got the last cursor */
  readonly endless: (got: string) => PredictLabError;
}

/** The pages of a listing, by cursor. A page that comes again is requested again, since the page in its place would be lost. */
export async function* pagesByCursor<Answer>({ read, itemsOf, nextOf, endless }: CursorPages<Answer>): AsyncGenerator<readonly unknown[]> {
  const cursors = new Set<string>();
  const pages = new Set<string>();
  let [empty, tries] = [0, 1];
  for (let cursor: string | null = null; ; ) {
    const answer = await read(cursor);
    const items = itemsOf(answer);
    const next = nextOf(answer);
    const page = items.map(itemName).join();
    if (next !== null && cursors.has(next) && tries === 1) throw endless(next);
    if (page !== '' && pages.has(page)) {
      if (++tries > MAX_TRIES) throw endless(cursor ?? '');
      continue;
    }
    pages.add(page);
    tries = 1;
    yield items;
    if (next === null) return;
    empty = items.length === 0 ? empty + 1 : 0;
    if (cursors.size >= MAX_PAGES || empty >= MAX_EMPTY_PAGES) throw endless(next);
    cursors.add(next);
    cursor = next;
  }
}

/** What identifies an item of a listing, although its other facts change between two answers. */
const itemName = (item: unknown): string =>
  (isObject(item) ? [item.id, item.ticker, item.event_ticker, item.slug].map(readName).find((name) => name !== null) : null) ??
  JSON.stringify(item);

/** The pages of a listing whose answers have the next page's cursor as `cursor`. @throws PredictLabError SourceSchemaChanged if endless */
export const pagesOf = (
  api: Http,
  at: { venue: string; where: string },
  list: string,
  query: QueryPairs,
): AsyncGenerator<readonly unknown[]> =>
  pagesByCursor({
    read: async (cursor) => objectAt(await api.get(at.where, cursor === null ? query : [...query, ['cursor', cursor]]), at),
    itemsOf: (json) => listInAnswer(json, list, at),
    nextOf: (json) => readName(json.cursor),
    endless: (got) => schemaChanged({ ...at, path: 'cursor', expected: 'pages that come to an end', got, sample: got }),
  });

/** The items of a listing with the given names, some names per request. A refused request yields no items. */
export async function itemsByName(
  api: Http,
  path: string,
  list: string,
  { names, parameter, most, query }: { names: readonly string[]; parameter: string; most: number; query: QueryPairs },
): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = [];
  for (let at = 0; at < names.length; at += most) {
    const named = [parameter, names.slice(at, at + most).join()] as const;
    const json = await undefinedIfRefused(api.get(path, [named, ...query]));
    if (isObject(json) && Array.isArray(json[list])) items.push(...(json[list] as unknown[]).filter(isObject));
  }
  return items;
}
