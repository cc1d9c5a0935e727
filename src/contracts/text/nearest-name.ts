/** A name this far away (as a share of its length) is a typo; further is another word. */
const TYPO_SHARE = 0.4;
/** A suggestion is a courtesy: past this many characters to compare it costs more than it helps. */
const COMPARISON_LIMIT = 2_000_000;

/**
 * The known name that `name` was probably meant to be, or undefined when none is close.
 * Letter case counts as nothing; ties go to the earlier name.
 *
 * @example
 * nearestName('BTC_PRICE/colect', ['BTC_PRICE/clean', 'BTC_PRICE/collect']) // 'BTC_PRICE/collect'
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.round(wanted.length * TYPO_SHARE)) + 1;
  let compared = 0;
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
    compared += candidate.length;
    if (bestDistance === 0 || compared > COMPARISON_LIMIT) break;
  }
  return best;
}

/** `; did you mean X?`, or nothing: to be put behind a problem's message. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Two sentences in one: behind a question the second one begins anew. */
export const goesOn = (text: string, more: string): string => `${text}${text.endsWith('?') ? '' : ';'} ${more}`;

/**
 * Levenshtein distance in which two neighbours that changed places are one mistake (optimal string alignment), given up (returns
 * `limit`) as soon as it cannot be smaller than `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  const row = (): number[] => Array.from({ length: b.length + 1 }, (_, column) => column);
  let [beforeLast, last, current] = [row(), row(), row()];
  let smallestBefore = 0;
  for (let at = 1; at <= a.length; at++) {
    current[0] = at;
    let smallest = at;
    for (let column = 1; column <= b.length; column++) {
      const [mine, theirs] = [a.charCodeAt(at - 1), b.charCodeAt(column - 1)];
      let value = Math.min(last[column - 1] + (mine === theirs ? 0 : 1), last[column] + 1, current[column - 1] + 1);
      if (at > 1 && column > 1 && mine === b.charCodeAt(column - 2) && theirs === a.charCodeAt(at - 2))
        value = Math.min(value, beforeLast[column - 2] + 1);
      current[column] = value;
      if (value < smallest) smallest = value;
    }
    // a row may be reached from the one before the last
    if (smallest >= limit && smallestBefore + 1 >= limit) return limit;
    smallestBefore = smallest;
    [beforeLast, last, current] = [last, current, beforeLast];
  }
  return Math.min(last[b.length], limit);
}
