import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Holding, resolutionAsOf, settle } from '../../src/backtest/engine/trading/settlement.ts';
import type { Resolution } from '../../src/contracts/market-data.ts';
import { upDownPayout } from '../../src/market/up-down-payout.ts';

const yes: Holding = { outcome: 'first', size: 100, price: 0.4, fees: 1 };
const no: Holding = { outcome: 'second', size: 100, price: 0.6, fees: 1 };
const paid = (payout: number): Resolution => ({ kind: 'settled', payout, at: 1000 });

describe('settlement', () => {
  it.each([
    ['yes', 1, 59, -61],
    ['no', 0, -41, 39],
    ['void, both halves', 0.5, 9, -11],
    ['a scalar payoff', 0.3, -11, 9],
  ])('%s', (_name, payout, yesPnl, noPnl) => {
    const [first, second] = [yes, no].map((holding) => settle(holding, paid(payout), 0.9));
    expect(first).toEqual({ kind: 'settled', payout, pnl: expect.closeTo(yesPnl, 10) });
    expect(second).toEqual({ kind: 'settled', payout: expect.closeTo(1 - payout, 10), pnl: expect.closeTo(noPnl, 10) });
  });

  it('marks at the last price while the market is open', () => {
    expect(settle(yes, { kind: 'open' }, 0.9)).toEqual({
      kind: 'marked',
      price: 0.9,
      pnl: expect.closeTo(49, 10),
      reason: 'the market has not resolved',
    });
    expect(settle(no, { kind: 'open' }, 0.9)).toMatchObject({ kind: 'marked', pnl: expect.closeTo(-51, 10) });
  });

  it('zero-zero says nothing about the payoff: it is marked, with the reason', () => {
    const reason = 'closed at 0/0 (legacy market without a payoff)';
    expect(settle(yes, { kind: 'unresolved', reason }, 0.9)).toEqual({ kind: 'marked', price: 0.9, pnl: expect.closeTo(49, 10), reason });
  });

  it('a resolution that comes later than the instant asked about is not known yet', () => {
    expect(resolutionAsOf(paid(1), 999)).toEqual({ kind: 'open' });
    expect(resolutionAsOf(paid(1), 1000)).toEqual(paid(1));
    expect(resolutionAsOf({ kind: 'settled', payout: 1, at: null }, 0)).toEqual({ kind: 'settled', payout: 1, at: null });
  });

  it('opened again, it is marked again; settled again, it pays the same', () => {
    const first = settle(yes, paid(1), 0.9);
    expect(settle(yes, { kind: 'open' }, 0.9).kind).toBe('marked');
    expect(settle(yes, paid(1), 0.9)).toEqual(first);
  });

  it('one of each outcome pays one whatever happens', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.boolean(),
        (payout, price, open) => {
          const resolution = open ? ({ kind: 'open' } as const) : paid(payout);
          const profit = [
            { ...yes, price },
            { ...no, price: 1 - price },
          ].reduce((sum, holding) => sum + settle(holding, resolution, payout).pnl, 0);
          expect(profit).toBeCloseTo(-(yes.fees + no.fees), 9);
        },
      ),
    );
  });

  it('the venues differ on a tie', () => {
    expect([upDownPayout('polymarket', 100, 100), upDownPayout('predict', 100, 100)]).toEqual([1, 0.5]);
    expect([upDownPayout('predict', 100, 101), upDownPayout('polymarket', 100, 99)]).toEqual([1, 0]);
  });
});
