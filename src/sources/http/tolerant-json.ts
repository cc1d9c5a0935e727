/** A bare NaN or Infinity where a value should be: not JSON, but written by some servers. */
const BARE_NUMBER = /([:[,]\s*)(-?(?:NaN|Infinity))(?=\s*[,}\]])/g;

/**
 * Parses JSON. Bare `NaN` and `Infinity` become strings, so that one bad number is one bad row and not a lost page.
 * Throws `SyntaxError` for everything else that is not JSON.
 */
export function parseTolerantJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const mended = text.replace(BARE_NUMBER, '$1"$2"');
    if (mended === text) throw error;
    return JSON.parse(mended) as unknown;
  }
}
