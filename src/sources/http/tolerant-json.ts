/**
 * A string as a whole (skipped), or a bare NaN or Infinity: not JSON, but written by some servers. A string that is cut off counts to
 * the end, or each quote in it would be tried as the beginning of one.
 */
const STRING_OR_BARE = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?(?:NaN|Infinity)/g;
const BARE = /NaN|Infinity/;

/**
 * Parses JSON. Bare `NaN` and `Infinity` become strings, so that one bad number is one bad row and not a lost page.
 * Throws `SyntaxError` for everything else that is not JSON.
 */
export function parseTolerantJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!BARE.test(text)) throw error;
    const repaired = text.replace(STRING_OR_BARE, (found) => (found.startsWith('"') ? found : `"${found}"`));
    if (repaired === text) throw error;
    return JSON.parse(repaired) as unknown;
  }
}
