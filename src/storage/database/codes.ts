import { TICK_FLAGS, type TickFlag } from '../../contracts/market-data.ts';
import { INTERVAL_MS, INTERVALS, type Interval, TICK_KINDS, type TickKind } from '../../contracts/words.ts';

/** How the words of the contract are written in narrow columns: by position, so the lists must only ever grow at their end. */
export const kindCode = (kind: TickKind): number => TICK_KINDS.indexOf(kind);
export const tickKindOf = (code: number): TickKind => TICK_KINDS[code];

/** How a side is stored: 1 buy, 0 sell, null unknown. */
export const sideCode = (side: 'buy' | 'sell' | null): number | null => (side === null ? null : side === 'buy' ? 1 : 0);
/** The side that a stored code stands for. */
export const sideOf = (code: number | null): 'buy' | 'sell' | null => (code === null ? null : code === 1 ? 'buy' : 'sell');

const MINUTE = 60_000;
/** How an interval is stored: in minutes. */
export const intervalMinutes = (interval: Interval): number => INTERVAL_MS[interval] / MINUTE;
const BY_MINUTES = new Map(INTERVALS.map((interval) => [intervalMinutes(interval), interval]));
/** The interval of so many minutes, as stored. */
export const intervalOf = (minutes: number): Interval => BY_MINUTES.get(minutes) as Interval;

/** Bit n stands for `TICK_FLAGS[n]`. */
export const flagBits = (flags: readonly TickFlag[]): number => flags.reduce((bits, flag) => bits | (1 << TICK_FLAGS.indexOf(flag)), 0);
