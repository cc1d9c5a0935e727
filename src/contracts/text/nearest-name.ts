/** Largest edit distance that counts as a typo, as a share of the name's length; a name further away is another word. */
const TYPO_SHARE = 0.4;
/** Maximum number of characters of known names that are compared for one suggestion, which limits its time. */
const MAX_COMPARED = 2_000_000;

/**
 * The known name that `name` probably means; undefined when none is close. Ignores case; ties go to the earlier name.
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
    if (bestDistance === 0 || compared > MAX_COMPARED) break;
  }
  return best;
}

/** The end of a message: `; did you mean X?`, or an empty text when no known name is close. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Appends a clause to a message, after a semicolon; after a message that ends with a question mark, only after a blank. */
export const appendClause = (text: string, more: string): string => `${text}${text.endsWith('?') ? '' : ';'} ${more}`;

/** Edit distance of two texts that counts two swapped neighbours as one mistake (optimal string alignment); at most `limit`. */
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
      if (mine === b.charCodeAt(column - 2) && theirs === a.charCodeAt(at - 2)) value = Math.min(value, beforeLast[column - 2] + 1);
      current[column] = value;
      if (value < smallest) smallest = value;
    }
    // A swap of neighbours continues from the row before the last one, so both rows must have reached the limit.
    if (smallest >= limit && smallestBefore + 1 >= limit) return limit;
    smallestBefore = smallest;
    [beforeLast, last, current] = [last, current, beforeLast];
  }
  return Math.min(last[b.length], limit);
}
