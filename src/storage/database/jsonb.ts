/** JSON text that Postgres' jsonb accepts: it cannot hold U+0000, which becomes U+FFFD. */
export function jsonb(value: unknown): string {
  return JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');
}
