import type { Precedence } from './rate-limits.ts';

const LIVE_MS = 3_600_000;

/** Live runs go before backfills, because data that they miss is gone for good. @param asOf the run's `asOf`, UTC epoch milliseconds */
export const precedenceOf = (asOf: number, now: number = Date.now()): Precedence => (asOf >= now - LIVE_MS ? 'live' : 'backfill');
