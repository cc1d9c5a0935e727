import type { Lane } from './rate-limits.ts';

const LIVE_MS = 3_600_000;

/** Runs about now go before backfills: what they miss is gone for good. */
export const laneOf = (asOf: number, now: number = Date.now()): Lane => (asOf >= now - LIVE_MS ? 'live' : 'backfill');
