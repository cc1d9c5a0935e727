import { groupedBy } from '../contracts/grouped-by.ts';
import type { Instrument } from '../contracts/market-data.ts';
import { DAY_MS } from '../contracts/words.ts';

/** The fields of an instrument that decide whether it may be another one's twin. */
export type ComparedMarket = Pick<Instrument, 'id' | 'source' | 'title' | 'twins' | 'closesAt' | 'endsAt'>;

/** Two markets of different venues that may ask the same question. */
export interface TwinSuggestion {
  readonly markets: readonly [string, string];
  /** Number of words in both titles as a share of the words in either, in (0, 1]. */
  readonly likeness: number;
  /** The words in both titles; synonyms count as the same word. */
  readonly words: readonly string[];
  /** The strikes, years and days that both titles have. */
  readonly numbers: readonly number[];
  /** Days between the announced ends; null where one is not known. */
  readonly endsApartDays: number | null;
}

/** Minimum share of common words, and maximum number of days between the ends. */
const MIN_SIMILARITY = 0.5;
const MAX_END_DISTANCE_MS = 3 * DAY_MS;

const SAME_WORDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['over', 'exceed', 'exceeds', 'higher', 'greater', 'reach', 'reaches', 'hit', 'hits'].map((word) => [word, 'above']),
  ),
  ...Object.fromEntries(['under', 'lower', 'less'].map((word) => [word, 'below'])),
  btc: 'bitcoin',
  eth: 'ethereum',
  sol: 'solana',
  us: 'usa',
  wins: 'win',
  winner: 'win',
  '↑': 'above',
  '↓': 'below',
};
const EMPTY_WORDS = new Set(
  'a an the will be is are of in on at by to for or and than more before price market what who which yes'.split(' '),
);
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const SCALES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9 };

interface Question {
  readonly words: ReadonlySet<string>;
  /** Strikes, years and days in ascending order. Twins must have the same ones. */
  readonly numbers: readonly number[];
}

function questionOf(title: string): Question {
  const words = new Set<string>();
  const numbers: number[] = [];
  for (const part of title.toLowerCase().match(/\d[\d,]*(?:\.\d+)?[kmb]?(?![a-z])|[a-z]+|[↑↓]/g) ?? []) {
    const [, digits, scale = ''] = /^([\d,]+(?:\.\d+)?)([kmb]?)$/.exec(part) ?? [];
    if (digits !== undefined) numbers.push(Number(digits.replaceAll(',', '')) * (SCALES[scale] ?? 1));
    else if (!EMPTY_WORDS.has(part) && part.length > 1) words.add(SAME_WORDS[part] ?? monthOf(part) ?? part);
    else if (part === '↑' || part === '↓') words.add(SAME_WORDS[part]);
  }
  return { words, numbers: numbers.sort((a, b) => a - b) };
}

const monthOf = (word: string): string | undefined =>
  MONTHS.find(
    (month) =>
      word === month ||
      /^(january|february|march|april|june|july|august|sept|september|october|november|december)$/.exec(word)?.[0].startsWith(month),
  );

/** Whether one title asks for the opposite of the other. */
const areOpposed = (a: Question, b: Question): boolean =>
  (['above', 'below', 'not', 'no'] as const).some((word) => a.words.has(word) !== b.words.has(word) && (word === 'not' || word === 'no')) ||
  (a.words.has('above') && b.words.has('below')) ||
  (a.words.has('below') && b.words.has('above'));

const sharedWords = (a: Question, b: Question): readonly string[] => [...a.words].filter((word) => b.words.has(word)).sort();

/**
 * Suggests which markets of different venues ask the same question, the likeliest first: those whose titles have the same numbers and
 * enough common words, and whose announced ends are near. Each market gets at most one twin per venue: none where one is known already.
 * @param markets with the ids of the twins that are known already
 */
export function suggestTwins(markets: readonly ComparedMarket[]): readonly TwinSuggestion[] {
  const read = markets.map((market) => ({ market, question: questionOf(market.title), end: market.endsAt ?? market.closesAt }));
  const byNumbers = groupedBy(read, ({ question }) => question.numbers.join(' '));
  const sources = new Map(markets.map(({ id, source }) => [id, source]));
  const taken = new Set<string>();
  const take = (a: string, b: string): boolean => {
    const places = [`${a} ${sources.get(b)}`, `${b} ${sources.get(a)}`];
    if (places.some((place) => taken.has(place))) return false;
    for (const place of places) taken.add(place);
    return true;
  };
  // two markets that are twins of a third one are twins of each other
  const links = new Map<string, Set<string>>();
  for (const { id, twins } of markets)
    for (const twin of twins)
      for (const [one, other] of [[id, twin] as const, [twin, id] as const]) links.set(one, (links.get(one) ?? new Set()).add(other));
  for (const [id, direct] of links)
    for (const twin of [...direct, ...[...direct].flatMap((one) => [...(links.get(one) ?? [])])]) if (twin !== id) take(id, twin);
  const pairs = [...byNumbers.values()].flatMap((group) =>
    group.flatMap((a, at) =>
      group.slice(at + 1).flatMap((b): TwinSuggestion[] => {
        const apart = a.end === null || b.end === null ? null : Math.abs(a.end - b.end);
        const words = sharedWords(a.question, b.question);
        const likeness = words.length / new Set([...a.question.words, ...b.question.words]).size;
        const isLikely = likeness >= MIN_SIMILARITY && (apart ?? 0) <= MAX_END_DISTANCE_MS && !areOpposed(a.question, b.question);
        if (a.market.source === b.market.source || !isLikely) return [];
        const ids = [a.market.id, b.market.id].sort() as [string, string];
        return [{ markets: ids, likeness, words, numbers: a.question.numbers, endsApartDays: apart === null ? null : apart / DAY_MS }];
      }),
    ),
  );
  return pairs
    .sort((one, other) => other.likeness - one.likeness || (one.endsApartDays ?? Infinity) - (other.endsApartDays ?? Infinity))
    .filter(({ markets: [a, b] }) => take(a, b));
}
