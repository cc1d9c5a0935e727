import type { FeeModel } from './fee-model.ts';

/** A flat fee: a fraction of the notional per side; `--fee` on the command line, `commission` in backtesting.py. */
export const flatFees = (rate: number): FeeModel => ({
  unitCost: (price) => price * (1 + rate),
  fee: (size, price) => size * price * rate,
  rounding: 0,
});
