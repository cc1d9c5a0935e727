import { TICK_FLAGS, type TickFlag } from '../../contracts/market-data.ts';
import { INTERVAL_MS, INTERVALS, type Interval, TICK_KINDS, type TickKind } from '../../contracts/words.ts';

/** Code of a kind of tick: its position in TICK_KINDS, so that list may only grow at its end. */
export const kindCode = (kind: TickKind): number => TICK_KINDS.indexOf(kind);
export const tickKindOf = (code: number): TickKind => TICK_KINDS[code];

/** Code of a side: 1 buy, 0 sell, null unknown. */
export const sideCode = (side: 'buy' | 'sell' | null): number | null => (side === null ? null : side === 'buy' ? 1 : 0);
/** Returns the side for which a code is stored, the reverse of `sideCode`. */
export const sideOf = (code: number | null): 'buy' | 'sell' | null => (code === null ? null : code === 1 ? 'buy' : 'sell');

const MINUTE = 60_000;
/** Code of an interval: its length in minutes. */
export const intervalMinutes = (interval: Interval): number => INTERVAL_MS[interval] / MINUTE;
const BY_MINUTES = new Map(INTERVALS.map((interval) => [intervalMinutes(interval), interval]));
/** The interval of this many minutes. */
export const intervalOf = (minutes: number): Interval => BY_MINUTES.get(minutes) as Interval;

/** Code of a set of flags: bit n stands for `TICK_FLAGS[n]`. */
export const flagBits = (flags: readonly TickFlag[]): number => flags.reduce((bits, flag) => bits | (1 << TICK_FLAGS.indexOf(flag)), 0);

/** The flag that a source states itself; staged rows carry it to `clean`. */
export const BLOCK_BIT = flagBits(['block-trade']);

/** An escape in JSON text: U+0000, half of a surrogate pair, or any other. */
const ESCAPE = /\\(u0000|ud[89a-f][0-9a-f]{2}|.)/g;

/** JSON text that Postgres' jsonb accepts: U+0000 and halves of surrogate pairs (left by cutting a text) become U+FFFD. */
export function jsonb(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d)/.test(text)) return text;
  return text.replace(ESCAPE, (escape, what: string) => (what.length > 1 ? '\\ufffd' : escape));
}

export interface SeriesCodes {
  readonly kind: number;
  readonly minutes: number;
}

/** Replaces the codes of a row by the words that they stand for. */
export const withSeries = <Row extends SeriesCodes>({ kind, minutes, ...row }: Row) => ({
  ...row,
  priceType: tickKindOf(kind),
  interval: intervalOf(minutes),
});
