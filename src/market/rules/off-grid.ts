import type { Flag } from './rule.ts';

/** Share of a step that decimal fractions lose when they are divided as doubles. */
const ROUNDING = 1e-6;

/** Not a multiple of the tick size: an average over several fills, or a tick size that changed since. */
export const offGrid: Flag = ({ price }, { tickSize }) => {
  if (tickSize === null || tickSize <= 0) return null;
  const steps = price / tickSize;
  return Math.abs(steps - Math.round(steps)) > ROUNDING ? 'off-grid' : null;
};
