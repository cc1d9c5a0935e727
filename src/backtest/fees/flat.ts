import type { FeeModel } from './fee-model.ts';

/** A fraction of the notional per side; `--fee` of the command line, backtesting.py's `commission`. */
export const flatFees = (rate: number): FeeModel => ({
  unitCost: (price) => price * (1 + rate),
  fee: (size, price) => size * price * rate,
  rounding: 0,
});
