import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { FLAT, HOLD, LONG, SHORT, wordsOnly } from '../../src/backtest/engine/trading/trade.ts';
import { simulate } from '../../src/backtest/engine/trading/trader.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { buyAndHold } from '../../src/backtest/strategies/shipped.ts';
import type { FeeSchedule } from '../../src/contracts/market-data.ts';
import { worlds } from '../support/worlds.ts';
import { bars, DAY, walk } from './series.ts';

const flat = (rate: number): FeeSchedule => ({ model: 'flat', rate });
const asset = plainMarket('asset');
const probability = (facts: Partial<Market> = {}): Market => ({ ...plainMarket('probability'), ...facts });
const settled = (payout: number): Partial<Market> => ({ resolution: { kind: 'settled', payout, at: null } });

const trade = (candles: CandleSeries, decisions: readonly number[], market: Market, options: Partial<BacktestOptions> = {}) =>
  simulate(candles, wordsOnly(Uint8Array.from(decisions)), { market, options: { ...DEFAULT_OPTIONS, cash: 1000, ...options }, barMs: DAY });

/** Opens at 10, 20, 40, 25, closes at 15, 30, 50, 30. */
const FOUR = bars([
  [10, 16, 9, 15],
  [20, 31, 19, 30],
  [40, 51, 39, 50],
  [25, 31, 24, 30],
]);

describe('an asset', () => {
  it('is bought with all cash at the open after the decision, and valued at each close', () => {
    const { trades, equity } = trade(FOUR, [LONG, HOLD, FLAT, HOLD], asset);
    expect(trades).toEqual([
      {
        entryBar: 1,
        exitBar: 3,
        side: 'long',
        size: 50 * (1 - 2 ** -52),
        entryPrice: 20,
        exitPrice: 25,
        pnl: expect.closeTo(250, 9),
        fees: 0,
        end: 'signal',
      },
    ]);
    expect([...equity].map((value) => Number(value.toFixed(9)))).toEqual([1000, 1500, 2500, 1250]);
  });

  it('is sold at the last close if it is still held, and pays the fee for that', () => {
    const { trades, equity } = trade(FOUR, [LONG, HOLD, HOLD, HOLD], { ...asset, fees: flat(0.01) });
    const size = 1000 / 20.2;
    expect(trades).toMatchObject([{ exitBar: 3, exitPrice: 30, end: 'end' }]);
    expect(trades[0].size).toBeCloseTo(size, 9);
    expect(trades[0].fees).toBeCloseTo(size * 0.2 + size * 0.3, 9);
    expect(trades[0].pnl).toBeCloseTo(size * 10 - size * 0.5, 9);
    expect(equity[3]).toBeCloseTo(1000 + trades[0].pnl, 9);
  });

  it('is not traded on a decision at the last bar', () => {
    expect(trade(FOUR, [HOLD, HOLD, HOLD, LONG], asset).trades).toEqual([]);
  });

  it('is bought in whole units on request, and not at all when the cash does not suffice for one', () => {
    expect(trade(FOUR, [LONG, HOLD, HOLD, HOLD], asset, { wholeUnits: true, cash: 999 }).trades[0].size).toBe(49);
    expect(trade(FOUR, [LONG, HOLD, HOLD, HOLD], asset, { wholeUnits: true, cash: 20 }).trades).toEqual([]);
  });

  it('pays the spread on entries only', () => {
    const long = trade(FOUR, [LONG, HOLD, FLAT, HOLD], asset, { spread: 0.1 }).trades[0];
    expect([long.entryPrice, long.exitPrice]).toEqual([22, 25]);
    const short = trade(FOUR, [SHORT, HOLD, FLAT, HOLD], asset, { spread: 0.1, side: 'both', sizing: { kind: 'fixed', units: 1 } })
      .trades[0];
    expect([short.side, short.entryPrice, short.exitPrice]).toEqual(['short', 18, 25]);
    expect(short.pnl).toBeCloseTo(-7, 12);
  });

  it('is only sold at a short signal, and sold short only if both sides are allowed', () => {
    expect(trade(FOUR, [LONG, SHORT, HOLD, HOLD], asset).trades.map(({ side }) => side)).toEqual(['long']);
    const both = trade(FOUR, [LONG, SHORT, HOLD, HOLD], asset, { side: 'both' }).trades;
    expect(both.map(({ side, entryBar, exitBar, entryPrice, exitPrice }) => ({ side, entryBar, exitBar, entryPrice, exitPrice }))).toEqual([
      { side: 'long', entryBar: 1, exitBar: 2, entryPrice: 20, exitPrice: 40 },
      { side: 'short', entryBar: 2, exitBar: 3, entryPrice: 40, exitPrice: 30 },
    ]);
  });

  it('whose price ruins a short position leaves an equity of 0 and ends the trading', () => {
    const rise = bars([
      [10, 10, 10, 10],
      [10, 30, 10, 25],
      [25, 25, 5, 5],
      [5, 5, 5, 5],
    ]);
    const { trades, equity } = trade(rise, [SHORT, LONG, LONG, HOLD], asset, { side: 'both' });
    expect(trades).toMatchObject([{ side: 'short', exitBar: 1, end: 'ruin' }]);
    expect([...equity]).toEqual([1000, 0, 0, 0]);
  });

  it('is bought with a fraction of the cash or in a fixed number of units on request', () => {
    expect(trade(FOUR, [LONG, HOLD, HOLD, HOLD], asset, { sizing: { kind: 'fraction', fraction: 0.25 } }).trades[0].size).toBeCloseTo(
      12.5,
      9,
    );
    expect(trade(FOUR, [LONG, HOLD, HOLD, HOLD], asset, { sizing: { kind: 'fixed', units: 3 } }).trades[0].size).toBe(3);
    expect(trade(FOUR, [LONG, HOLD, HOLD, HOLD], asset, { sizing: { kind: 'fixed', units: 900 } }).trades[0].size).toBeCloseTo(50, 9);
  });
});

describe('a probability market', () => {
  const YES = bars([
    [0.5, 0.5, 0.5, 0.5],
    [0.4, 0.45, 0.4, 0.45],
    [0.45, 0.6, 0.45, 0.6],
    [0.6, 0.7, 0.6, 0.7],
  ]);
  const buy = [LONG, HOLD, HOLD, HOLD];
  const sell = [SHORT, HOLD, HOLD, HOLD];

  it.each([
    [1, 1],
    [0, 0],
    [0.5, 0.5],
    [0.3, 0.3],
  ])('that pays %d settles a position in the first outcome at that price, without a fee', (payout, exitPrice) => {
    const { trades, equity } = trade(YES, buy, probability({ ...settled(payout), fees: flat(0.02) }));
    const size = 1000 / (0.4 * 1.02);
    expect(trades).toMatchObject([{ side: 'long', entryPrice: 0.4, exitPrice, exitBar: 3, end: 'settlement' }]);
    expect(trades[0].fees).toBeCloseTo(size * 0.4 * 0.02, 9);
    expect(equity[3]).toBeCloseTo(size * payout, 9);
  });

  it('is sold short by buying the other outcome at one minus the price', () => {
    const { trades, equity } = trade(YES, sell, probability(settled(0)), { side: 'both' });
    expect(trades).toMatchObject([{ side: 'short', entryPrice: 0.4, exitPrice: 0, end: 'settlement' }]);
    expect(trades[0].size).toBeCloseTo(1000 / 0.6, 9);
    expect(equity[3]).toBeCloseTo(1000 / 0.6, 9);
    // never more lost than was paid
    expect(trade(YES, sell, probability(settled(1)), { side: 'both' }).equity[3]).toBeCloseTo(0, 9);
  });

  it('that has not resolved leaves the position open: it is valued at the last price, without an exit fee', () => {
    const { trades, equity } = trade(YES, buy, probability({ fees: flat(0.02) }));
    const size = 1000 / (0.4 * 1.02);
    expect(trades).toMatchObject([{ exitPrice: 0.7, end: 'mark' }]);
    expect(trades[0].fees).toBeCloseTo(size * 0.008, 9);
    expect(equity[3]).toBeCloseTo(size * 0.7, 9);
  });

  it('that reports a payout of zero for both outcomes leaves the position open, valued at the last price', () => {
    const market = probability({ resolution: { kind: 'unresolved', reason: 'the venue reports zero for both outcomes' } });
    expect(trade(YES, buy, market).trades).toMatchObject([{ end: 'mark', exitPrice: 0.7 }]);
  });

  it('rounds fill prices to its ticks against the trader', () => {
    const odd = bars([
      [0.5, 0.5, 0.5, 0.5],
      [0.555, 0.555, 0.555, 0.555],
      [0.503, 0.503, 0.503, 0.503],
      [0.5, 0.5, 0.5, 0.5],
    ]);
    const out = trade(odd, [LONG, FLAT, HOLD, HOLD], probability({ tickSize: 0.01 })).trades[0];
    expect([out.entryPrice, out.exitPrice]).toEqual([0.56, 0.5]);
    const slipped = trade(odd, [LONG, FLAT, HOLD, HOLD], probability({ tickSize: 0.01 }), { slippageTicks: 2 }).trades[0];
    expect([slipped.entryPrice, slipped.exitPrice]).toEqual([0.58, 0.48]);
  });

  it.each([
    ['a buy at 0.995 with ticks of 0.01', 0.995, LONG, 0.01],
    ['a buy at 1', 1, LONG, 0.01],
    ['a buy at 1 where no tick is known', 1, LONG, null],
    ['a buy at 0', 0, LONG, 0.01],
    ['a buy of the other outcome at 0.005', 0.005, SHORT, 0.01],
    ['a buy of the other outcome at 1', 1, SHORT, 0.001],
  ])('does not fill %s, because no order can rest there', (_what, price, decision, tickSize) => {
    const still = bars([0.5, price, price].map((at) => [at, at, at, at]));
    const { trades, unfilled } = trade(still, [decision, HOLD, HOLD], probability({ tickSize }), { side: 'both' });
    expect(trades).toEqual([]);
    expect(unfilled).toEqual({ beyondTick: 1 });
  });

  it('does not fill an exit beyond its last tick; the position is held until settlement', () => {
    const fall = bars([0.5, 0.5, 0.004, 0.004].map((at) => [at, at, at, at]));
    const { trades, unfilled } = trade(fall, [LONG, FLAT, HOLD, HOLD], probability({ ...settled(0), tickSize: 0.01 }));
    expect(trades).toMatchObject([{ end: 'settlement', exitPrice: 0 }]);
    expect(unfilled).toEqual({ beyondTick: 1 });
    const edge = bars([0.5, 0.99, 0.01, 0.01].map((at) => [at, at, at, at]));
    expect(trade(edge, [LONG, FLAT, HOLD, HOLD], probability({ tickSize: 0.01 }))).toMatchObject({
      trades: [{ entryPrice: 0.99, exitPrice: 0.01 }],
      unfilled: {},
    });
  });

  it('takes the half-spread as an amount that costs the same on both outcomes, at entry and at exit', () => {
    const still = bars([0.95, 0.95, 0.95, 0.95].map((at) => [at, at, at, at]));
    const options = { side: 'both', halfSpread: 0.01, sizing: { kind: 'fixed', units: 10 } } as const;
    for (const decision of [LONG, SHORT]) {
      const [one] = trade(still, [decision, FLAT, HOLD, HOLD], probability(), options).trades;
      expect(one.pnl).toBeCloseTo(-10 * 0.02, 12);
    }
  });

  it('shares one bar’s volume between the two orders of a reversal, and counts what the volume cut', () => {
    const thin = bars([0.5, 0.5, 0.5, 0.5].map((at) => [at, at, at, at, 100]));
    const options = { side: 'both', maxVolumeShare: 0.1 } as const;
    const { trades, cut, unfilled } = trade(thin, [LONG, SHORT, HOLD, HOLD], probability(), options);
    // selling ten of the first outcome uses up the volume that may be traded, so none of the other one can be bought
    expect(trades.map(({ side, size }) => [side, size])).toEqual([['long', 10]]);
    expect({ cut, unfilled }).toEqual({ cut: 1, unfilled: { noVolume: 1 } });
    const half = trade(thin, [LONG, SHORT, HOLD, HOLD], probability(), { ...options, sizing: { kind: 'fixed', units: 6 } });
    expect(half.trades.map(({ side, size }) => [side, size])).toEqual([
      ['long', 6],
      ['short', 4],
    ]);
    expect(half.cut).toBe(1);
  });

  it('keeps a position at a price of 0, because it may still win; a return from an equity of 0 is undefined', () => {
    const fright = bars([
      [0.5, 0.5, 0.5, 0.5],
      [0.5, 0.5, 0, 0],
      [0.25, 0.25, 0.25, 0.25],
    ]);
    const market = probability(settled(1));
    const { trades, equity } = trade(fright, [LONG, HOLD, HOLD], market);
    expect([...equity].map((value) => Math.round(value))).toEqual([1000, 0, 2000]);
    expect(trades).toMatchObject([{ entryBar: 1, exitBar: 2, end: 'settlement' }]);
    const { metrics, undefined: why } = runBacktest({ candles: fright, market, strategy: buyAndHold });
    expect(metrics).toMatchObject({
      totalReturn: expect.closeTo(1, 9),
      maxDrawdown: expect.closeTo(-1, 9),
      sharpe: null,
      volatility: null,
    });
    expect(why['sharpe']).toBe('the account was worth nothing, and something again: no return says that');
  });

  it('locks positions once it has closed: later orders to change them expire and are counted', () => {
    const closed = probability({ ...settled(1), closesAt: 2 * DAY });
    const { trades, unfilled } = trade(YES, [LONG, FLAT, FLAT, HOLD], closed);
    expect(trades).toMatchObject([{ entryBar: 1, exitBar: 3, end: 'settlement' }]);
    expect(unfilled).toEqual({ expired: 2 });
    expect(trade(YES, [HOLD, LONG, LONG, HOLD], closed)).toMatchObject({ trades: [], unfilled: { expired: 2 } });
    expect(trade(YES, [LONG, LONG, LONG, LONG], closed).unfilled).toEqual({});
    // decided at the last close of all, at which the market ends or long before it does
    const last = probability({ ...settled(1), closesAt: 4 * DAY });
    expect(trade(YES, [LONG, HOLD, HOLD, FLAT], last).unfilled).toEqual({ expired: 1 });
    const quiet = probability({ ...settled(1), closesAt: 50 * DAY });
    expect(trade(YES, [LONG, HOLD, HOLD, FLAT], quiet).unfilled).toEqual({ expired: 1 });
    expect(trade(YES, [LONG, HOLD, HOLD, LONG], quiet).unfilled).toEqual({});
    // a market that has not closed can still fill it
    expect(trade(YES, [LONG, HOLD, HOLD, FLAT], probability()).unfilled).toEqual({});
  });

  it('fills no more than a share of a bar’s volume, and the rest of an exit at the following bars', () => {
    const thin = bars([
      [0.5, 0.5, 0.5, 0.5, 100],
      [0.5, 0.5, 0.5, 0.5, 100],
      [0.5, 0.5, 0.5, 0.5, 40],
      [0.6, 0.6, 0.6, 0.6, 0],
      [0.7, 0.7, 0.7, 0.7, 1000],
    ]);
    const { trades, equity } = trade(thin, [LONG, FLAT, HOLD, HOLD, HOLD], probability({ fees: flat(0.01) }), { maxVolumeShare: 0.5 });
    expect(trades.map(({ size, exitBar, exitPrice }) => ({ size, exitBar, exitPrice }))).toEqual([
      { size: 20, exitBar: 2, exitPrice: 0.5 },
      { size: 30, exitBar: 4, exitPrice: 0.7 },
    ]);
    const fees = 50 * 0.5 * 0.01 + 20 * 0.5 * 0.01 + 30 * 0.7 * 0.01;
    expect(trades.reduce((sum, one) => sum + one.fees, 0)).toBeCloseTo(fees, 12);
    expect(equity[4]).toBeCloseTo(1000 + 6 - fees, 9);
  });
});

describe('a backtest of any decisions', () => {
  it('fills no more of a bar than the allowed share of its volume, at no price beyond the ticks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(HOLD, LONG, SHORT, FLAT), { minLength: 60, maxLength: 60 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.constantFrom(0, 0.02, 0.2),
        (signals, seed, halfSpread) => {
          const candles = walk(60, seed, { probability: true });
          const options = { side: 'both', maxVolumeShare: 0.1, halfSpread, slippageTicks: 1 } as const;
          const { trades } = trade(candles, signals, probability({ ...settled(1), tickSize: 0.01 }), options);
          const filled = new Float64Array(60);
          const entries = new Map<number, number>();
          for (const { entryBar, exitBar, size, entryPrice, exitPrice, end } of trades) {
            entries.set(entryBar, (entries.get(entryBar) ?? 0) + size);
            if (end === 'signal') filled[exitBar] += size;
            for (const price of end === 'signal' ? [entryPrice, exitPrice] : [entryPrice]) {
              expect(price).toBeGreaterThanOrEqual(0.01);
              expect(price).toBeLessThanOrEqual(0.99);
            }
          }
          for (const [bar, size] of entries) filled[bar] += size;
          for (let i = 0; i < 60; i++) expect(filled[i]).toBeLessThanOrEqual(candles.volume[i] * 0.1 + 1e-9);
        },
      ),
      { numRuns: worlds(200) },
    );
  });

  const decisions = fc.array(fc.constantFrom(HOLD, HOLD, LONG, SHORT, FLAT), { minLength: 60, maxLength: 60 });
  const payout = fc.constantFrom(0, 0.5, 1, 0.25);

  it('ends with an equity of the start cash plus the profit of every trade', () => {
    fc.assert(
      fc.property(
        decisions,
        fc.integer({ min: 1, max: 1000 }),
        payout,
        fc.boolean(),
        fc.constantFrom(0, 0.01),
        (signals, seed, paid, isAsset, rate) => {
          const market = isAsset ? { ...asset, fees: flat(rate) } : probability({ ...settled(paid), fees: flat(rate), tickSize: 0.01 });
          const { trades, equity } = trade(walk(60, seed, { probability: !isAsset }), signals, market, { side: 'both' });
          const profit = trades.reduce((sum, { pnl }) => sum + pnl, 0);
          expect(equity[59]).toBeCloseTo(1000 + profit, 6);
        },
      ),
      { numRuns: worlds(200) },
    );
  });

  it('never spends more than the cash in a probability market, and has no overlapping trades', () => {
    fc.assert(
      fc.property(decisions, fc.integer({ min: 1, max: 1000 }), payout, (signals, seed, paid) => {
        const candles = walk(60, seed, { probability: true });
        const { trades, equity } = trade(
          candles,
          signals,
          probability({ ...settled(paid), tickSize: 0.01, fees: { model: 'polymarket', rate: 0.072 } }),
          { side: 'both', maxVolumeShare: null },
        );
        expect(Math.min(...equity)).toBeGreaterThanOrEqual(-1e-9);
        for (const [i, one] of trades.entries()) {
          expect(one.exitBar).toBeGreaterThanOrEqual(one.entryBar);
          expect(one.entryBar).toBeGreaterThanOrEqual(trades[i - 1]?.exitBar ?? 0);
        }
      }),
      { numRuns: worlds(200) },
    );
  });

  it('pays exactly the fees for buying both outcomes and waiting', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.constantFrom(0, 0.3, 0.5, 1),
        fc.constantFrom<FeeSchedule>(flat(0.02), { model: 'polymarket', rate: 0.05 }, { model: 'predict', rate: 0.02 }),
        (cents, paid, fees) => {
          const price = cents / 100;
          const still = bars([0, 1, 2].map(() => [price, price, price, price]));
          const market = probability({ ...settled(paid), fees, tickSize: 0.01 });
          const options = { sizing: { kind: 'fixed', units: 100 }, side: 'both' } as const;
          const [yes] = trade(still, [LONG, HOLD, HOLD], market, options).trades;
          const [no] = trade(still, [SHORT, HOLD, HOLD], market, options).trades;
          expect(yes.pnl + no.pnl).toBeCloseTo(-(yes.fees + no.fees), 9);
        },
      ),
    );
  });
});
