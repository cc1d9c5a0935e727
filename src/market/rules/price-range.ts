import type { Rule } from './rule.ts';

/** A probability lies in [0, 1], ends included (they are flagged); an asset costs more than nothing. */
export const priceRange: Rule = ({ price }, { market }) => {
  const possible = market === 'probability' ? price >= 0 && price <= 1 : price > 0;
  return possible ? null : 'price-range';
};
