/** What Postgres cannot hold: halves of a character, and U+0000. In JSON text both are escapes. */
const SUSPECT_ESCAPE = /\\u(?:d[89a-f]|0000)/i;

/** Text of somebody else as it can be stored, shown and sent on: halves of characters and U+0000 become U+FFFD. */
export const wholeText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text).toWellFormed();

/** Whether JSON text may hold strings that `wholeText` changes: one that was decoded from UTF-8 has them as escapes only. */
export const mayHoldBrokenText = (json: string): boolean => SUSPECT_ESCAPE.test(json);

/** The same JSON value with every string and every key whole. Keys such as `__proto__` stay keys like any other. */
export function wholeStrings(value: unknown): unknown {
  if (typeof value === 'string') return wholeText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wholeStrings);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [wholeText(key), wholeStrings(item)]));
}
