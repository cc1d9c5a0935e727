import { type Markup, unescapeHtml } from '../../report/elements/html.ts';

/** One replacement on an open page: the new content of the element whose `data-part` is `part`. */
export interface Patch {
  readonly part: string;
  readonly html: string;
}

/** A page's parts and, apart from them, their keyed rows, by name. */
export type PartTexts = ReadonlyMap<string, string>;

/** A row that `table` gave a key. */
const KEYED_ROW = /<tr data-part="([^"]*)">([\s\S]*?)<\/tr>/g;

/** Splits parts so that one changed row of a long table costs one row. */
export function splitParts(parts: Readonly<Record<string, Markup>>): PartTexts {
  const texts = new Map<string, string>();
  for (const [name, { text }] of Object.entries(parts)) {
    const rows = new Map<string, string>();
    const frame = text.replace(KEYED_ROW, (_, key: string, row: string) => {
      rows.set(unescapeHtml(key), row);
      return `\u0000${key}\u0000`;
    });
    texts.set(name, frame);
    for (const [key, row] of rows) texts.set(key, row);
  }
  return texts;
}

/**
 * The patches that turn a page from `before` into `after`. A part whose frame changed (rows came, went or moved) is sent whole, else only
 * its changed rows. Without `before`: everything.
 */
export function patchesBetween(before: PartTexts | undefined, after: PartTexts, parts: Readonly<Record<string, Markup>>): readonly Patch[] {
  const patches: Patch[] = [];
  for (const [name, { text }] of Object.entries(parts)) {
    if (before?.get(name) !== after.get(name)) {
      patches.push({ part: name, html: text });
      continue;
    }
    for (const key of rowKeys(after.get(name) ?? '')) {
      const row = after.get(key) ?? '';
      if (before?.get(key) !== row) patches.push({ part: key, html: row });
    }
  }
  return patches;
}

// the marks that `splitParts` left; escaped text has no NUL
// oxlint-disable-next-line no-control-regex
const rowKeys = (frame: string): string[] => [...frame.matchAll(/\u0000([^\u0000]*)\u0000/g)].map((match) => unescapeHtml(match[1] ?? ''));
