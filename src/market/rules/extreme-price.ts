import type { Flag } from './rule.ts';

/** 0 and 1 are payoffs, not prices an order can rest at: kept, since venues print them, and flagged. */
export const extremePrice: Flag = ({ price }, { market }) =>
  market === 'probability' && (price === 0 || price === 1) ? 'extreme-price' : null;
