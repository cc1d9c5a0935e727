import type { Rule } from './rule.ts';

/** Seconds read as milliseconds land in January and February 1970; no market of ours is that old. */
const EARLIEST = Date.UTC(1971, 0, 1);
const SECOND = 1000;

/**
 * A trade cannot be older than its market or newer than the run's now. Venues stamp trades in whole seconds, so the
 * second in which the market opened counts as open. The end date is no bound: venues call it scheduled and trade on.
 */
export const timeRange: Rule = ({ time }, { opensAt, asOf }) => {
  if (time < EARLIEST || time > asOf) return 'time-range';
  return opensAt !== null && time < Math.floor(opensAt / SECOND) * SECOND ? 'time-range' : null;
};
