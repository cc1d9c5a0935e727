import type { Instrument } from '../contracts/market-data.ts';
import { DAY_MS } from '../contracts/words.ts';

/** What a suggestion is made of. */
export type ComparedMarket = Pick<Instrument, 'id' | 'source' | 'title' | 'twins' | 'closesAt' | 'endsAt'>;

/** Two markets of different venues that may ask the same question. */
export interface TwinSuggestion {
  readonly markets: readonly [string, string];
  /** `named`: one venue names the other's market. `title`: words, numbers and ends agree. */
  readonly by: 'named' | 'title';
  /** Share of the words of both titles that both have; 1 for a named twin. */
  readonly likeness: number;
  /** Days between the announced ends; null where one is not known. */
  readonly endsApartDays: number | null;
}

/** Least share of common words, and most days between the ends. */
const LEAST_LIKENESS = 0.5;
const MOST_APART_MS = 3 * DAY_MS;

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
  /** Strikes, years and days, which have to be the same ones. */
  readonly numbers: string;
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
  return { words, numbers: numbers.sort((a, b) => a - b).join(' ') };
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

function likenessOf(a: Question, b: Question): number {
  const common = [...a.words].filter((word) => b.words.has(word)).length;
  return common === 0 ? 0 : common / (a.words.size + b.words.size - common);
}

/**
 * Suggests which markets of different venues ask the same question, the likeliest first: those that a venue names, then those whose
 * titles have the same numbers and enough common words, and whose announced ends are near. Each market gets its best twin per venue.
 */
export function suggestTwins(markets: readonly ComparedMarket[]): readonly TwinSuggestion[] {
  const read = markets.map((market) => ({ market, question: questionOf(market.title), end: market.endsAt ?? market.closesAt }));
  const byNumbers = new Map<string, typeof read>();
  for (const one of read) byNumbers.set(one.question.numbers, [...(byNumbers.get(one.question.numbers) ?? []), one]);
  const ids = new Map(read.map((one) => [one.market.id, one]));
  const found: TwinSuggestion[] = [];
  const apart = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : Math.abs(a - b));
  const days = (ms: number | null): number | null => (ms === null ? null : ms / DAY_MS);
  const taken = new Set<string>();
  const take = (a: ComparedMarket, b: ComparedMarket, facts: Omit<TwinSuggestion, 'markets'>): void => {
    const [first, second] = a.id < b.id ? [a, b] : [b, a];
    const places = [`${first.id} ${second.source}`, `${second.id} ${first.source}`];
    if (places.some((place) => taken.has(place))) return;
    for (const place of places) taken.add(place);
    found.push({ markets: [first.id, second.id], ...facts });
  };
  for (const { market, end } of read)
    for (const twin of market.twins) {
      const other = ids.get(twin);
      if (other !== undefined) take(market, other.market, { by: 'named', likeness: 1, endsApartDays: days(apart(end, other.end)) });
    }
  const pairs = [...byNumbers.values()].flatMap((group) =>
    group.flatMap((a, at) =>
      group.slice(at + 1).flatMap((b) => {
        const distance = apart(a.end, b.end);
        const likeness = likenessOf(a.question, b.question);
        const isLikely = likeness >= LEAST_LIKENESS && (distance ?? 0) <= MOST_APART_MS && !areOpposed(a.question, b.question);
        return a.market.source !== b.market.source && isLikely ? [{ a: a.market, b: b.market, likeness, distance }] : [];
      }),
    ),
  );
  for (const { a, b, likeness, distance } of pairs.sort(
    (one, other) => other.likeness - one.likeness || (one.distance ?? Infinity) - (other.distance ?? Infinity),
  ))
    take(a, b, { by: 'title', likeness, endsApartDays: days(distance) });
  return found;
}
