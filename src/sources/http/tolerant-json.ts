/**
 * Matches a whole JSON string, or a bare NaN or Infinity, which some servers write although JSON has no such numbers. A string without an
 * end matches up to the end of the text: otherwise each quote in it would be tried as a start, which is slow.
 */
const STRING_OR_BARE = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?(?:NaN|Infinity)/g;
const BARE = /NaN|Infinity/;

/**
 * Parses JSON. Bare `NaN` and `Infinity` become strings, so that a bad number makes one bad row and does not lose the page.
 * @throws SyntaxError for all other text that is not JSON
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
