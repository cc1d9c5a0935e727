import { isObject } from '../catalogue/schema-drift.ts';
import { noteChange } from './request-tally.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Headers with which a venue announces the end of a route. */
const ANNOUNCEMENTS = ['deprecation', 'sunset', 'warning'] as const;
const MAX_TEXT = 120;

/** A path without the names in it: `/v1/markets/{id}/orderbook`, `/markets/slug/{slug}`. */
export const routeOf = (path: string): string =>
  path
    .split('/')
    .map((part, index, parts) =>
      /^(0x[0-9a-f]+|\d+)$/i.test(part) ? '{id}' : /^(slug|categories)$/.test(parts[index - 1] ?? '') ? '{slug}' : part,
    )
    .join('/');

/** Notes what the headers of an answer announce about its route. */
export function noteHeaders(venue: string, path: string, headers: Headers): void {
  for (const name of ANNOUNCEMENTS) {
    const value = headers[name];
    if (value !== undefined)
      noteChange(
        venue,
        routeOf(path),
        `${name}: ${String(value)
          .replaceAll(/[^\x20-\x7e]/g, ' ')
          .slice(0, MAX_TEXT)}`,
      );
  }
}

/** Notes a word that stands where only some known ones are expected. */
export function noteWord(venue: string, route: string, field: string, word: string | null | undefined, known: ReadonlySet<string>): void {
  if (word === null || word === undefined || word === '' || known.has(word.toUpperCase())) return;
  noteChange(venue, route, `${field} has the unknown word "${word.slice(0, MAX_TEXT)}"`);
}

/** Pages shorter than this say nothing about fields that are absent. */
const FEW_ROWS = 10;

/** Notes fields that the rows of a page have and this build does not know, and known ones that none of many rows has. */
export function noteFields(venue: string, route: string, rows: readonly unknown[], known: readonly string[]): void {
  const present = new Set<string>();
  for (const row of rows) if (isObject(row)) for (const name in row) present.add(name);
  for (const name of present) if (!known.includes(name)) noteChange(venue, route, `has the new field "${name.slice(0, MAX_TEXT)}"`);
  if (rows.length < FEW_ROWS) return;
  for (const name of known) if (!present.has(name)) noteChange(venue, route, `lacks the field "${name}" in all of its rows`);
}
