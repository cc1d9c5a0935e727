/** Matches the JSON escapes of characters that Postgres cannot store: lone surrogates and U+0000. */
const SUSPECT_ESCAPE = /\\u(?:d[89a-f]|0000)/i;

/** Makes text from outside storable in Postgres: lone surrogates and U+0000 become U+FFFD. */
export const storableText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text).toWellFormed();

/** Whether JSON text may contain strings that Postgres cannot store. Decoding UTF-8 leaves such characters only as escapes. */
export const mayHoldUnstorableText = (json: string): boolean => SUSPECT_ESCAPE.test(json);

/** Copies a JSON value with every string and key made storable in Postgres. Keys such as `__proto__` stay ordinary keys. */
export function storableStrings(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(storableStrings);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [storableText(key), storableStrings(item)]));
}
