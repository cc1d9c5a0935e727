import { isObject, objectAt, schemaChanged } from '../catalogue/schema-drift.ts';
import { VENUE } from './api.ts';

/**
 * The cursor to older rows in a Data v2 answer (`pagination.next_cursor`); null on the last page. An answer without the key would look
 * like a last page, so a missing key is a changed schema.
 *
 * @throws PredictLabError SourceSchemaChanged
 */
export function nextCursor(json: unknown, where: string): string | null {
  const at = { venue: VENUE, where };
  const body = objectAt(json, at);
  // some answers carry the cursor next to the list, as Gamma's do
  const paging: unknown = body.pagination === undefined && 'next_cursor' in body ? body : body.pagination;
  const path = paging === body ? 'next_cursor' : 'pagination.next_cursor';
  const changed = (where: string, expected: string, got: unknown) =>
    schemaChanged({ ...at, path: where, expected, got, sample: paging === body ? { next_cursor: body.next_cursor } : (paging ?? json) });
  if (!isObject(paging)) throw changed('pagination', 'an object', paging);
  const { next_cursor: next, has_more: more } = paging;
  // has_more false with a cursor is a contradiction: the cursor is followed unless the page is empty
  const isEmpty = Array.isArray(body.data) && body.data.length === 0;
  if (more === false && (isEmpty || typeof next !== 'string')) return null;
  if (typeof next === 'string' && next !== '') return next;
  if (more === false) return null;
  if (more === true || (next !== null && next !== '')) throw changed(path, 'a cursor or null', next);
  return null;
}
