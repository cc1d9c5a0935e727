import type { Instrument, SettlementTerms } from '../contracts/market-data.ts';

/** Facts about a market's settlement that the venue states in separate fields, not in the text of the rules. */
interface StatedTerms {
  readonly source?: string | null | undefined;
  readonly delaySeconds?: number | null | undefined;
  readonly mayCloseEarly?: boolean | null | undefined;
}

const TIES =
  /\b(tie[sd]?|draws?|drawn|dead heat|exactly|equals?|50[-/–]50|voids?|voided|cancel\w*|postpon\w*|abandon\w*|fair (market )?(value|price))\b/i;
const SOURCE = /\b(resolution source|source for|according to|as reported by|as published by|as determined by)\b/i;
/** Maximum number of characters that are kept of a text. */
const LONGEST = 300;

/**
 * The settlement terms of a market: from the text of its rules, only the sentences about ties and, where no field names it, about the source.
 */
export function settlementTerms(
  rules: readonly (string | null | undefined)[],
  { source, delaySeconds, mayCloseEarly }: StatedTerms = {},
): Pick<Instrument, 'settles'> {
  const sentences = rules.flatMap((text) => (text ?? '').split(/(?<=[.!?;])\s+|\n+/)).map((sentence) => sentence.trim());
  const matching = (pattern: RegExp, most?: number): string => {
    const text = sentences
      .filter((sentence) => pattern.test(sentence))
      .slice(0, most)
      .join(' ');
    return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
  };
  const [ties, by] = [matching(TIES), source?.trim() || matching(SOURCE, 1)];
  const settles: SettlementTerms = {
    ...(by !== '' && { source: by }),
    ...(ties !== '' && { ties }),
    ...(typeof delaySeconds === 'number' && { delaySeconds }),
    ...(typeof mayCloseEarly === 'boolean' && { mayCloseEarly }),
  };
  return Object.keys(settles).length === 0 ? {} : { settles };
}

/** One fact about the settlement of several markets: its value for each market, in their order; null where the venue does not state it. */
export interface ComparedTerm {
  readonly fact: 'outcomes' | 'ends' | 'closed' | 'settles by' | 'ties' | 'pays after' | 'may close early' | 'result' | 'result by';
  readonly values: readonly (string | null)[];
  /** Whether two markets state different values. */
  readonly differs: boolean;
}

type Settling = Pick<Instrument, 'outcomes' | 'closesAt' | 'endsAt' | 'closedAt' | 'resolution' | 'settlement' | 'settles'>;

const FACTS: readonly (readonly [ComparedTerm['fact'], (market: Settling) => string | null | undefined])[] = [
  ['outcomes', ({ outcomes }) => outcomes.join(' / ') || null],
  ['ends', ({ endsAt, closesAt }) => timeText(endsAt ?? closesAt)],
  ['closed', ({ closedAt }) => timeText(closedAt)],
  ['settles by', ({ settles }) => settles?.source],
  ['ties', ({ settles }) => settles?.ties],
  ['pays after', ({ settles }) => (settles?.delaySeconds === undefined ? null : `${settles.delaySeconds} s`)],
  ['may close early', ({ settles }) => (settles?.mayCloseEarly === undefined ? null : settles.mayCloseEarly ? 'yes' : 'no')],
  ['result', ({ resolution }) => (resolution.kind === 'settled' ? `pays ${resolution.payout}` : resolution.kind)],
  ['result by', ({ settlement }) => settlement?.signs.map(({ sign, said }) => `${sign} ${said}`).join(', ') || null],
];

const timeText = (time: number | null | undefined): string | null => (typeof time === 'number' ? new Date(time).toISOString() : null);

/** The statements of twins about their settlement, side by side; a fact that none states is left out. */
export const compareTerms = (markets: readonly Settling[]): readonly ComparedTerm[] =>
  FACTS.flatMap(([fact, read]) => {
    const values = markets.map((market) => read(market) ?? null);
    const stated = new Set(values.filter((value) => value !== null));
    return stated.size === 0 ? [] : [{ fact, values, differs: stated.size > 1 }];
  });
