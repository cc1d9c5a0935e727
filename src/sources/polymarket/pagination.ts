import { objectAt, schemaChanged } from '../schema-drift.ts';
import { VENUE } from './api.ts';

/**
 * The cursor to older rows in a Data v2 answer (`pagination.next_cursor`), null on the last page. An answer without it would
 * look like a last page and be taken as complete, so a missing key is a changed schema.
 */
export function nextCursor(json: unknown, where: string): string | null {
  const at = { venue: VENUE, where };
  const { pagination } = objectAt(json, at);
  const changed = (path: string, expected: string, got: unknown) =>
    schemaChanged({ ...at, path, expected, got, sample: pagination ?? json });
  if (typeof pagination !== 'object' || pagination === null) throw changed('pagination', 'an object', pagination);
  const { next_cursor: next, has_more: more } = pagination as { next_cursor?: unknown; has_more?: unknown };
  if (typeof next === 'string' && next !== '') return more === false ? null : next;
  if (next === undefined && more !== false) throw changed('pagination.next_cursor', 'a cursor or null', next);
  if (next !== null && next !== '' && next !== undefined) throw changed('pagination.next_cursor', 'a cursor or null', next);
  return null;
}
