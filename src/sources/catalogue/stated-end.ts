import type { SettlementSign } from '../../contracts/market-data.ts';
import { type Ending, endingOf } from '../../market/settlement.ts';
import { noteWord } from '../http/venue-changes.ts';

const STATES = ['open', 'closed', 'pending', 'final'] as const;

/** The words, in lower case, with which a venue describes the end of its markets. */
interface EndWords {
  readonly venue: string;
  /** Meaning of each status for trading and the result. */
  readonly statuses: Readonly<Record<string, (typeof STATES)[number]>>;
  /** Payout of each result; null where a separate settlement value states it. */
  readonly results: Readonly<Record<string, number | null>>;
}

/** Creates a venue's {@link EndWords}. Statuses with the same meaning are separated by spaces. */
export function endWords(
  venue: string,
  { results, ...states }: Record<(typeof STATES)[number], string> & Pick<EndWords, 'results'>,
): EndWords {
  const statuses = STATES.flatMap((state) => states[state].split(' ').map((word) => [word, state] as const));
  return { venue, statuses: Object.fromEntries(statuses), results };
}

/** A venue's statements about the end of a market. */
interface StatedEnd {
  readonly status: string;
  readonly result: string | null | undefined;
  readonly value: number | null | undefined;
  readonly lastPrice: number | null | undefined;
  readonly at: number | null;
}

/** Maximum distance between a last trade and a payoff (0 or 1) for the trade to support that payoff. */
const NEAR = 0.1;
const upper = (words: object): ReadonlySet<string> => new Set(Object.keys(words).map((word) => word.toUpperCase()));

/** Whether a status means that trading is over; an unknown status counts as open. */
export const isEnded = ({ statuses }: EndWords, status: string): boolean => (statuses[status.toLowerCase()] ?? 'open') !== 'open';

/** The end of a market with outcomes Yes and No, by its status, result, settlement value and last price. */
export function statedEnd(
  { venue, statuses, results }: EndWords,
  { status, result, value = null, lastPrice: last, at }: StatedEnd,
): Ending {
  const word = status.toLowerCase();
  noteWord(venue, 'market', 'status', word, upper(statuses));
  const state = statuses[word] ?? 'open';
  if (state === 'open') return { resolution: { kind: 'open' } };
  const signs: SettlementSign[] = [];
  if (state !== 'closed') signs.push({ sign: 'status', payout: null, said: word, ...(state === 'pending' && { pending: true }) });
  const said = result?.toLowerCase() ?? '';
  const isPayout = value !== null && value >= 0 && value <= 1;
  const isValued = results[said] === null;
  const payout = results[said] ?? (isValued && isPayout ? value : null);
  if (payout !== null) signs.push({ sign: 'result', payout, said });
  else if (said !== '') {
    noteWord(venue, 'market', 'result', said, upper(results));
    signs.push({ sign: 'result', payout: null, said, pending: true });
  }
  // a settlement value that cannot be a payout contradicts every result
  if (value !== null && said !== '' && !(isValued && isPayout)) {
    const sign = { sign: 'finalPrice', said: `settlement value ${value}` } as const;
    signs.push({ ...sign, payout: isPayout ? value : null, ...(!isPayout && { pending: true }) });
  }
  if (last !== null && last !== undefined && ((last > 0 && last <= NEAR) || (last >= 1 - NEAR && last <= 1)))
    signs.push({ sign: 'lastTrade', payout: last <= NEAR ? 0 : 1, said: String(last), unsure: true });
  return endingOf(signs, at, `closed (${word}) without a result`);
}
