import type { Rule } from './rule.ts';

/** NaN and infinities are no numbers to trade on. */
export const notFinite: Rule = ({ time, price, size }) =>
  Number.isFinite(time) && Number.isFinite(price) && (size === null || Number.isFinite(size)) ? null : 'not-finite';
