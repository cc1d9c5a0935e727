import { describe, expect, it } from 'vitest';
import { marketOf } from '../../src/backtest/engine/market.ts';
import { instrument } from '../stage-run.ts';

describe('the market of an instrument', () => {
  it('takes orders until it has closed; a planned end of an open market binds nobody', () => {
    expect(marketOf(instrument('polymarket:0x1', { closesAt: 1000, closed: false })).closesAt).toBeNull();
    expect(marketOf(instrument('polymarket:0x1', { closesAt: 1000, closed: true })).closesAt).toBe(1000);
  });

  it('charges the schedule of the market, and nothing where none is known', () => {
    const fees = { model: 'polymarket', rate: 0.072 } as const;
    expect(marketOf(instrument('polymarket:0x1', { fees })).fees).toEqual(fees);
    expect(marketOf(instrument('polymarket:0x1', { fees: null })).fees.rate).toBe(0);
  });
});
