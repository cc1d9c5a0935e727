import { readName } from '../catalogue/scalars.ts';
import { isObject, type JsonObject, listInAnswer, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import type { Http, QueryPairs } from './venue-client.ts';
import { VenueError } from './venue-error.ts';

/** Returns the answer of a request; undefined where the venue refuses it with a 4xx, since it does not have what was requested. */
export async function undefinedIfRefused(requested: Promise<unknown>): Promise<unknown> {
  try {
    return await requested;
  } catch (error) {
    if (error instanceof VenueError && error.type === 'BadInput') return undefined;
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

/** Maximum number of pages of a listing; no venue has that many pages of events. */
const MAX_PAGES = 500;

/** The pages of a listing whose answers have the next page's cursor as `cursor`. @throws PredictLabError SourceSchemaChanged if endless */
export async function* pagesOf(
  api: Http,
  at: { venue: string; where: string },
  list: string,
  query: QueryPairs,
): AsyncGenerator<readonly unknown[]> {
  const seen = new Set<string>();
  for (let cursor: string | null = null; ; ) {
    const json = objectAt(await api.get(at.where, cursor === null ? query : [...query, ['cursor', cursor]]), at);
    yield listInAnswer(json, list, at);
    cursor = readName(json.cursor);
    if (cursor === null) return;
    if (seen.has(cursor) || seen.size >= MAX_PAGES)
      throw schemaChanged({ ...at, path: 'cursor', expected: 'pages that come to an end', got: cursor, sample: cursor });
    seen.add(cursor);
  }
}

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
