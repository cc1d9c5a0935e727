import type { Rule } from './rule.ts';

/** A trade moves something. */
export const sizeRange: Rule = ({ size }) => (size === null || size > 0 ? null : 'size-range');
