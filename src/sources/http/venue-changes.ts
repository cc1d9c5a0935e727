import { isObject, listInAnswer, type RequiredFields, refuseRenamedFields } from '../catalogue/schema-drift.ts';
import { noteChange } from './request-tally.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Headers with which a venue announces the end of a route. */
const ANNOUNCEMENTS = ['deprecation', 'sunset', 'warning'] as const;
const MAX_TEXT = 120;

/** The route of a path, with placeholders for ids and slugs: `/v1/markets/{id}/orderbook`, `/markets/slug/{slug}`. */
export const routeOf = (path: string): string =>
  path
    .split('/')
    .map((part, index, parts) =>
      /^(0x[0-9a-f]+|\d+)$/i.test(part) ? '{id}' : /^(slug|categories)$/.test(parts[index - 1] ?? '') ? '{slug}' : part,
    )
    .join('/');

/** Matches a `Warning` with a 1xx code: a cache adds it to an old answer, and it announces nothing about the route. */
const STALE_WARNING = /^\s*1\d\d\b/;
const NEGATIVE = /^\s*(false|\?0)?\s*$/i;

/** Notes the headers of an answer that announce the end of its route. */
export function noteHeaders(venue: string, path: string, headers: Headers): void {
  for (const name of ANNOUNCEMENTS) {
    const value = headers[name];
    if (value === undefined || NEGATIVE.test(String(value)) || (name === 'warning' && STALE_WARNING.test(String(value)))) continue;
    const text = String(value)
      .replaceAll(/[^\x20-\x7e]/g, ' ')
      .slice(0, MAX_TEXT);
    noteChange(venue, routeOf(path), `${name}: ${text}`);
  }
}

/** Notes an unknown word in a field that has a fixed set of words. */
export function noteWord(venue: string, route: string, field: string, word: string | null | undefined, known: ReadonlySet<string>): void {
  if (word === null || word === undefined || word === '' || known.has(word.toUpperCase())) return;
  noteChange(venue, route, `${field} has the unknown word "${word.slice(0, MAX_TEXT)}"`);
}

/** Number of rows that a page needs to show that a field is gone, unless every row has an unknown field that may replace it. */
const FEW_ROWS = 10;

export interface KnownFields {
  /** All fields that occur in recorded answers or that a client of the venue reads. */
  readonly known: readonly string[];
  /** Fields of which every page of ten rows or more has at least one value. @default all known fields */
  readonly always?: readonly string[];
  /** Whether a new field is noted although no known field is missing. Objects for web pages often get new fields. @default true */
  readonly notesNew?: boolean;
  /** Fields that also count as missing where they are null in every row. @default none */
  readonly neverNull?: readonly string[];
  /** Minimum number of rows that a page needs to show that a field is gone. @default 10 */
  readonly least?: number;
}

/** Notes unknown fields in the rows of a page, and known fields that no row has, where the page is long enough. */
export function noteFields(
  venue: string,
  route: string,
  rows: readonly unknown[],
  { known, always = known, notesNew = true, neverNull = [], least = FEW_ROWS }: KnownFields,
): void {
  const present = new Map<string, number>();
  for (const row of rows) if (isObject(row)) for (const name in row) present.set(name, (present.get(name) ?? 0) + 1);
  const fresh = [...present.keys()].filter((name) => !known.includes(name));
  const isNull = (name: string): boolean => rows.every((row) => isObject(row) && (row[name] === null || row[name] === undefined));
  const absent = always.filter((name) => !present.has(name) || (neverNull.includes(name) && isNull(name)));
  const isRenamed = absent.length > 0 && fresh.some((name) => present.get(name) === rows.length);
  if (notesNew || isRenamed) for (const name of fresh) noteChange(venue, route, `has the new field "${name.slice(0, MAX_TEXT)}"`);
  if (rows.length < least && !isRenamed) return;
  for (const name of absent) noteChange(venue, route, `lacks the field "${name}" in all of its rows`);
}

export interface RowRoute {
  readonly venue: string;
  /** Path of the route, without ids. */
  readonly where: string;
  /** Key of the list in the answer; `$` where the answer itself is the list. */
  readonly list: string;
  /** Fields without which no row can be read. */
  readonly required: RequiredFields;
  /** The fields to compare a page with. @default fields are not noted */
  readonly fields?: KnownFields;
}

/**
 * Returns the rows of an answer and notes how their fields differ from the known ones.
 * @param seen fields that earlier pages of the same walk had
 * @throws PredictLabError SourceSchemaChanged where the answer has no list, or every row lacks a required field
 */
export function rowsOfAnswer(json: unknown, { venue, where, list, required, fields }: RowRoute, seen?: Set<string>): readonly unknown[] {
  const rows = listInAnswer(json, list, { venue, where });
  refuseRenamedFields(rows, required, { venue, where, list }, seen);
  if (fields !== undefined) noteFields(venue, where, rows, fields);
  return rows;
}
