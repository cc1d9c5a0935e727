import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainMarket, resolutionAsOf } from '../../src/backtest/engine/market.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { Account } from '../../src/backtest/engine/trading/account.ts';
import type { Resolution } from '../../src/contracts/market-data.ts';
import { walk } from './series.ts';

const paid = (payout: number): Resolution => ({ kind: 'settled', payout, at: 1000 });
const candles = { ...walk(2, 1, { probability: true }), volume: new Float64Array([1e9, 1e9]) };

/** The trade, and the cash afterwards, of 100 units of an outcome bought at a price of the first outcome, with a fee of 1, that ends at bar 1. */
function ended(side: 1 | -1, resolution: Resolution, last: number, entry = 0.4) {
  const held = side > 0 ? entry : 1 - entry;
  const market = { ...plainMarket('probability', { model: 'flat', rate: 1 / (100 * held) }), resolution };
  const account = new Account(
    candles,
    market,
    { ...DEFAULT_OPTIONS, cash: 1000, sizing: { kind: 'fixed', units: 100 }, side: 'both' },
    3_600_000,
  );
  account.startBar(0);
  account.enterAt(side, entry);
  account.settleAt(1, last);
  return { ...account.trades[0], holds: account.holds(), cash: account.cash };
}

describe('settlement', () => {
  it.each([
    ['yes', 1, 59, -61],
    ['no', 0, -41, 39],
    ['void, both halves', 0.5, 9, -11],
    ['a scalar payoff', 0.3, -11, 9],
  ])('pays both sides what the market paid: %s', (_name, payout, yesPnl, noPnl) => {
    for (const [side, pnl] of [
      [1, yesPnl],
      [-1, noPnl],
    ] as const)
      expect(ended(side, paid(payout), 0.9)).toMatchObject({
        end: 'settlement',
        exitPrice: expect.closeTo(payout, 10),
        pnl: expect.closeTo(pnl, 10),
        cash: expect.closeTo(1000 + pnl, 10),
        holds: false,
      });
  });

  it('does not happen while the market is open: the position is valued at the last price', () => {
    expect(ended(1, { kind: 'open' }, 0.9)).toMatchObject({ end: 'mark', exitPrice: 0.9, pnl: expect.closeTo(49, 10), holds: true });
    expect(ended(-1, { kind: 'open' }, 0.9)).toMatchObject({ end: 'mark', pnl: expect.closeTo(-51, 10) });
  });

  it('does not happen at a payout of zero for both outcomes: the position is valued at the last price', () => {
    const reason = 'closed at 0/0 (legacy market without a payoff)';
    expect(ended(1, { kind: 'unresolved', reason }, 0.9)).toMatchObject({ end: 'mark', pnl: expect.closeTo(49, 10) });
  });

  it('is not known before the instant of its resolution', () => {
    expect(resolutionAsOf(paid(1), 999)).toEqual({ kind: 'open' });
    expect(resolutionAsOf(paid(1), 1000)).toEqual(paid(1));
    expect(resolutionAsOf({ kind: 'settled', payout: 1, at: null }, 0)).toEqual({ kind: 'settled', payout: 1, at: null });
  });

  it('pays 1 in total for one unit of each outcome', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.boolean(),
        (payout, price, open) => {
          const resolution = open ? ({ kind: 'open' } as const) : paid(payout);
          const both = ended(1, resolution, payout, price).pnl + ended(-1, resolution, payout, price).pnl;
          expect(both).toBeCloseTo(-2, 9);
        },
      ),
    );
  });
});
