/** Largest edit distance of a typo, as a share of the name's length; a name further away is another word. */
const TYPO_SHARE = 0.4;
/** Maximum number of characters that are compared for one suggestion; beyond that a suggestion is not worth its time. */
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

/** `; did you mean X?`, or an empty text, to append to a message. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

/** Appends a clause to a message: after a semicolon, or, where the message ends with a question, after a blank. */
export const appendClause = (text: string, more: string): string => `${text}${text.endsWith('?') ? '' : ';'} ${more}`;

/** Levenshtein distance that counts two swapped neighbours as one mistake (optimal string alignment); `limit` where it is at least that. */
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
    // a swap reaches a row from the row two above it
    if (smallest >= limit && smallestBefore + 1 >= limit) return limit;
    smallestBefore = smallest;
    [beforeLast, last, current] = [last, current, beforeLast];
  }
  return Math.min(last[b.length], limit);
}
