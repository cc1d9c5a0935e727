import { describe, expect, it } from 'vitest';
import { feeModel, makerFeeModel, productFees } from '../../src/market/fees.ts';

describe('the fees of Polymarket', () => {
  it.each([
    { size: 100, price: 0.5, rate: 0.072, fee: 1.8 },
    { size: 100, price: 0.3, rate: 0.072, fee: 1.512 },
    { size: 50, price: 0.1, rate: 0.03, fee: 0.135 },
    { size: 100, price: 0.5, rate: 0.003, fee: 0.075 },
    { size: 1, price: 0.5, rate: 0.00022, fee: 0.00006 },
    // exactly 0.004365 in decimals, just below it in binary
    { size: 5, price: 0.03, rate: 0.03, fee: 0.00437 },
  ])('are $fee for a taker of $size at $price with rate $rate', ({ size, price, rate, fee }) => {
    expect(productFees(rate).fee(size, price)).toBe(fee);
  });

  it('are zero for resting orders, as at Predict.fun, unless the fee is flat', () => {
    expect(makerFeeModel({ model: 'polymarket', rate: 0.072 }).fee(100, 0.5)).toBe(0);
    expect(makerFeeModel({ model: 'predict', rate: 0.02 }).fee(100, 0.5)).toBe(0);
    expect(makerFeeModel({ model: 'flat', rate: 0.002 }).fee(100, 0.5)).toBeCloseTo(0.1);
  });

  it('are equal for both outcomes, highest in the middle, and follow the exponent', () => {
    const fees = productFees(0.072);
    expect(fees.fee(100, 0.3)).toBe(fees.fee(100, 0.7));
    expect(fees.fee(100, 0.5)).toBeGreaterThan(fees.fee(100, 0.6));
    expect(productFees(1, 2).fee(1, 0.5)).toBe(0.0625);
  });
});

describe('the fees of Kalshi', () => {
  const fees = feeModel({ model: 'polymarket', rate: 0.07, exponent: 1, roundUpTo: 0.01 });

  it.each([
    { size: 100, price: 0.5, fee: 1.75 },
    { size: 1, price: 0.5, fee: 0.02 },
    { size: 1, price: 0.01, fee: 0.01 },
    // exactly 21 cents in decimals, just above in binary
    { size: 100, price: 0.97, fee: 0.21 },
    // 0.147 and 1.47 in decimals
    { size: 10, price: 0.7, fee: 0.15 },
    { size: 100, price: 0.7, fee: 1.47 },
  ])('are rounded up to whole cents for $size at $price: $fee', ({ size, price, fee }) => {
    expect(fees.fee(size, price)).toBeCloseTo(fee, 12);
  });

  it('have a rounding step for which cash is reserved', () => {
    expect(fees.rounding).toBe(0.01);
    expect(productFees(0.07).rounding).toBe(0.00001);
  });
});

describe('the fees of other venues', () => {
  it('are charged on the cheaper side at Predict.fun, so that complementary trades cost the same', () => {
    // the venue's own example: 100 at 0.70 or at 0.30 with 0.5% cost 15 cents
    const fees = feeModel({ model: 'predict', rate: 0.005 });
    expect(fees.fee(100, 0.7)).toBeCloseTo(0.15, 12);
    expect(fees.fee(100, 0.3)).toBeCloseTo(0.15, 12);
  });

  it('are a fraction of the traded amount in the flat model', () => {
    expect(feeModel({ model: 'flat', rate: 0.002 }).fee(55, 179.13)).toBeCloseTo(19.7043, 10);
  });

  it('are zero without a rate', () => {
    expect(feeModel({ model: 'polymarket', rate: 0 }).fee(1000, 0.5)).toBe(0);
  });

  it.each(['polymarket', 'predict', 'flat'] as const)('are added to the price in the cost of a unit: %s', (model) => {
    const fees = feeModel({ model, rate: 0.03 });
    expect(fees.unitCost(0.4)).toBeCloseTo(0.4 + fees.fee(1_000_000, 0.4) / 1_000_000, 9);
  });
});
