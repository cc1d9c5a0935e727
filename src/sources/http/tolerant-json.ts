/** A string as a whole (skipped), or a bare NaN or Infinity: not JSON, but written by some servers. */
const STRING_OR_BARE = /"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g;

/**
 * Parses JSON. Bare `NaN` and `Infinity` become strings, so that one bad number is one bad row and not a lost page.
 * Throws `SyntaxError` for everything else that is not JSON.
 */
export function parseTolerantJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const mended = text.replace(STRING_OR_BARE, (found) => (found.startsWith('"') ? found : `"${found}"`));
    if (mended === text) throw error;
    return JSON.parse(mended) as unknown;
  }
}
