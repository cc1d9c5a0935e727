/** An escape in JSON text: U+0000, half of a surrogate pair, or any other. */
const ESCAPE = /\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/**
 * JSON text that Postgres' jsonb accepts. jsonb can hold neither U+0000 nor half of a surrogate pair, which cutting a text can leave; both become
 * U+FFFD.
 */
export function jsonb(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d)/.test(text)) return text;
  return text.replace(ESCAPE, (escape, what: string) => (what.length > 1 ? '\\ufffd' : escape));
}
