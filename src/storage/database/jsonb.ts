/** An escape of JSON text: one of U+0000 or of half a character, or any other. */
const ESCAPE = /\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/**
 * JSON text that Postgres' jsonb accepts: it cannot hold U+0000 nor half a character, as cutting a text in the middle of one leaves;
 * they become U+FFFD.
 */
export function jsonb(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d)/.test(text)) return text;
  return text.replace(ESCAPE, (escape, what: string) => (what.length > 1 ? '\\ufffd' : escape));
}
