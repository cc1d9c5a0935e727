import type { Precedence } from './rate-limits.ts';

const LIVE_MS = 3_600_000;

/** Runs about now go before backfills: what they miss is gone for good. */
export const precedenceOf = (asOf: number, now: number = Date.now()): Precedence => (asOf >= now - LIVE_MS ? 'live' : 'backfill');
