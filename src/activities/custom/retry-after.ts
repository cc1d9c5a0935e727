/**
 * The wait a `Retry-After` header asks for: seconds, or an HTTP date.
 *
 * @param now UTC epoch milliseconds
 * @returns milliseconds, undefined without a usable header
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
