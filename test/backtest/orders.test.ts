import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import { decisionsOf } from '../../src/backtest/engine/decisions.ts';
import { type Market, plainMarket } from '../../src/backtest/engine/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { simulate } from '../../src/backtest/engine/trading/trader.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { type Decision, defineStrategy, type Order, type Situation } from '../../src/backtest/strategy.ts';
import { patience, worlds } from '../support/worlds.ts';
import { type ModelState, tradeByModel } from './order-model.ts';
import { bars, HOUR, walk } from './series.ts';

const scripted = (decisions: readonly Decision[], look: (situation: Situation, bar: number) => void = () => undefined) =>
  defineStrategy({
    name: 'scripted',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_params, view, situation) => () => {
      look(situation, view.index);
      return decisions[view.index] ?? 'hold';
    },
  });

interface Case {
  readonly candles: CandleSeries;
  readonly decisions: readonly Decision[];
  readonly market: Market;
  readonly options: BacktestOptions;
}

const LENGTH = 40;
const LEVELS = Array.from({ length: 19 }, (_, i) => Math.round((i + 1) * 5) / 100);

/** An order around the prices of a walk between 0.02 and 0.98: levels on and off the grid, sides mixed, sometimes of no use. */
const orders: fc.Arbitrary<Order> = fc
  .record({
    side: fc.constantFrom('long' as const, 'short' as const),
    size: fc.option(fc.constantFrom(0.1, 0.5, 1), { nil: undefined }),
    levels: fc.uniqueArray(fc.oneof(fc.constantFrom(...LEVELS), fc.double({ min: 0.001, max: 0.999, noNaN: true })), {
      minLength: 3,
      maxLength: 3,
    }),
    has: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    lasts: fc.option(fc.integer({ min: 1, max: 8 * HOUR }), { nil: undefined }),
  })
  .map(({ side, size, levels, has, lasts }) => {
    const [low, middle, high] = levels.toSorted((a, b) => (side === 'long' ? a - b : b - a));
    return {
      side,
      ...(size !== undefined && { size }),
      ...(has[0] && { stop: low }),
      ...(has[1] && { limit: middle }),
      ...(has[2] && { target: high }),
      // how long after the bar's close; converted into a time below
      ...(lasts !== undefined && { expires: lasts }),
    };
  });

const cases: fc.Arbitrary<Case> = fc
  .record({
    seed: fc.nat(100_000),
    kind: fc.constantFrom('asset' as const, 'probability' as const),
    said: fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constant<Decision>('hold') },
        { weight: 2, arbitrary: fc.constantFrom<Decision>('long', 'short', 'flat') },
        { weight: 4, arbitrary: orders },
      ),
      { minLength: LENGTH, maxLength: LENGTH },
    ),
    gaps: fc.uniqueArray(fc.integer({ min: 1, max: LENGTH - 1 }), { maxLength: 4 }),
    jump: fc.constantFrom(0, 0, 0.2),
    tickSize: fc.constantFrom(null, 0.01, 0.001),
    rate: fc.constantFrom(0, 0.01),
    closes: fc.option(fc.integer({ min: 5, max: LENGTH }), { nil: null }),
    halfSpread: fc.constantFrom(0, 0.005, 0.02),
    spread: fc.constantFrom(0, 0.01),
    slippage: fc.constantFrom(0, 1),
    side: fc.constantFrom('long' as const, 'both' as const, 'both' as const),
    wholeUnits: fc.boolean(),
    sizing: fc.constantFrom<BacktestOptions['sizing']>({ kind: 'all' }, { kind: 'fraction', fraction: 0.3 }, { kind: 'fixed', units: 150 }),
    maxVolumeShare: fc.constantFrom(null, 0.5, 0.05),
  })
  .map((one) => {
    const plain = walk(LENGTH, one.seed, { probability: true });
    let time = 0;
    const openTime = Float64Array.from({ length: LENGTH }, (_, i) => {
      time += i === 0 ? 0 : one.gaps.includes(i) ? 3 * HOUR : HOUR;
      return time;
    });
    // opens that jump away from the close before them, as a gap does
    const open = plain.open.map((price, i) => Math.min(0.99, Math.max(0.01, one.gaps.includes(i) ? price + one.jump : price)));
    const candles = {
      ...plain,
      openTime,
      open,
      high: plain.high.map((price, i) => Math.max(price, open[i])),
      low: plain.low.map((price, i) => Math.min(price, open[i])),
    };
    const decisions = one.said.map((decision, i): Decision => {
      if (typeof decision === 'string' || decision.expires === undefined) return decision;
      return { ...decision, expires: openTime[i] + HOUR + decision.expires };
    });
    const market: Market = {
      ...plainMarket(one.kind, { model: 'flat', rate: one.rate }),
      tickSize: one.tickSize,
      closesAt: one.closes === null ? null : one.closes * HOUR,
    };
    const options: BacktestOptions = {
      ...DEFAULT_OPTIONS,
      cash: 1000,
      halfSpread: one.halfSpread,
      spread: one.spread,
      slippageTicks: one.tickSize === null ? 0 : one.slippage,
      side: one.side,
      wholeUnits: one.wholeUnits,
      sizing: one.sizing,
      maxVolumeShare: one.maxVolumeShare,
      proofCuts: 0,
    };
    return { candles, decisions, market, options };
  });

const decided = ({ candles, decisions, market, options }: Case, look?: (situation: Situation, bar: number) => void) =>
  decisionsOf({ strategy: scripted(decisions, look), params: {}, candles, market, options, barMs: HOUR, twin: null });

const near = (state: ModelState): ModelState => ({
  position: expect.closeTo(state.position, 6) as number,
  entryPrice: state.entryPrice === null ? null : (expect.closeTo(state.entryPrice, 9) as number),
  cash: expect.closeTo(state.cash, 6) as number,
  equity: expect.closeTo(state.equity, 6) as number,
});

/** The largest distance of two rows of numbers; one assertion for each of them would take most of the time. */
const apart = (ours: ArrayLike<number>, theirs: readonly number[]): number =>
  ours.length === theirs.length ? theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i])), 0) : Number.NaN;

describe('orders', () => {
  it(
    'fill as in a slow and simple model, for any series, fees and caps',
    () => {
      let filled = 0;
      fc.assert(
        fc.property(cases, (one) => {
          const { candles, decisions, market, options } = one;
          const model = tradeByModel(candles, decisions, { market, options, barMs: HOUR });
          const { trades, unfilled, cut, equity } = simulate(candles, decided(one), { market, options, barMs: HOUR });
          // the model does not state what is still held in the end
          const closed = trades.filter(({ end }) => end !== 'end' && end !== 'mark');
          expect(closed.map(({ size, pnl, fees, ...rest }) => rest)).toEqual(
            model.trades.map(({ size, pnl, fees, entryPrice, exitPrice, ...rest }) => ({
              ...rest,
              entryPrice: expect.closeTo(entryPrice as number, 9),
              exitPrice: expect.closeTo(exitPrice as number, 9),
            })),
          );
          for (const key of ['size', 'pnl', 'fees'] as const)
            expect(
              apart(
                closed.map((trade) => trade[key]),
                model.trades.map((trade) => trade[key] as number),
              ),
            ).toBeLessThan(5e-7);
          if (closed.length === trades.length) expect(unfilled).toEqual(model.unfilled);
          expect(cut).toBe(model.cut);
          const marked = model.states.slice(0, LENGTH - 1).map((state) => state.equity);
          expect(apart(equity.slice(0, LENGTH - 1), marked)).toBeLessThan(5e-7);
          filled += closed.length;
        }),
        { numRuns: worlds(3000) },
      );
      expect(filled).toBeGreaterThan(worlds(3000) / 2);
    },
    patience(60_000),
  );

  it('result in the position, cash and equity of the model at every close', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { candles, decisions, market, options } = one;
        const model = tradeByModel(candles, decisions, { market, options, barMs: HOUR });
        const seen: ModelState[] = [];
        decided(one, ({ position, entryPrice, cash, equity }) => seen.push({ position, entryPrice, cash, equity }));
        expect(seen).toEqual(model.states.map(near));
      }),
      { numRuns: worlds(500) },
    );
  });

  it('without prices or sizes are traded like the words long and short', () => {
    const words = fc.array(fc.constantFrom<Decision>('hold', 'hold', 'long', 'short', 'flat'), { minLength: LENGTH, maxLength: LENGTH });
    fc.assert(
      fc.property(cases, words, (one, said) => {
        const { candles, market, options } = one;
        // an order on the last bar with the same meaning as the word makes the engine use its slow path for all bars
        const slow = [...said.slice(0, -1), { side: 'long' as const }];
        const fast = [...said.slice(0, -1), 'long' as const];
        const trade = (decisions: readonly Decision[]) =>
          simulate(candles, decided({ ...one, decisions }), { market, options, barMs: HOUR });
        expect(trade(slow)).toEqual(trade(fast));
        // an order that consists of a side alone means the same as the word
        const spelled = said.map((word): Decision => (word === 'long' || word === 'short' ? { side: word } : word));
        if (options.maxVolumeShare === null) expect(trade(spelled)).toEqual(trade(said));
      }),
      { numRuns: worlds(300) },
    );
  });
});

describe('an order', () => {
  /** Opens, highs, lows, closes. */
  const FIVE = bars(
    [
      [0.5, 0.5, 0.5, 0.5],
      [0.5, 0.55, 0.45, 0.5],
      [0.5, 0.7, 0.35, 0.6],
      [0.3, 0.4, 0.3, 0.4],
      [0.4, 0.4, 0.4, 0.4],
    ],
    { step: HOUR },
  );
  const open = plainMarket('probability');
  const trade = (decisions: readonly Decision[], options: Partial<BacktestOptions> = {}) => {
    const all = { ...DEFAULT_OPTIONS, side: 'both', ...options } as const;
    return runBacktest({ candles: FIVE, strategy: scripted(decisions), market: open, options: all });
  };

  it.each<[string, readonly Decision[], object]>([
    ['with a limit waits for its price', [{ side: 'long', limit: 0.4 }], { entryBar: 2, entryPrice: 0.4 }],
    [
      'with a limit that the open has passed fills at the open',
      [{ side: 'long', limit: 0.45, expires: HOUR + 1 }, 'hold', { side: 'long', limit: 0.45 }],
      { entryBar: 3, entryPrice: 0.3 },
    ],
    ['to sell short waits for a price above', [{ side: 'short', limit: 0.65 }], { side: 'short', entryBar: 2, entryPrice: 0.65 }],
    ['with a stop is closed at the stop', [{ side: 'long', stop: 0.4 }], { entryBar: 1, exitBar: 2, exitPrice: 0.4, end: 'stop' }],
    [
      'with a stop that the open has passed is closed at the open',
      [{ side: 'long', stop: 0.34 }],
      { exitBar: 3, exitPrice: 0.3, end: 'stop' },
    ],
    [
      'with a stop and a target inside one bar is closed at the stop',
      [{ side: 'long', stop: 0.4, target: 0.65 }],
      { exitBar: 2, exitPrice: 0.4, end: 'stop' },
    ],
    ['with a target is closed at the target', [{ side: 'long', target: 0.65 }], { exitBar: 2, exitPrice: 0.65, end: 'target' }],
    ['to sell short has its stop above', [{ side: 'short', stop: 0.6, target: 0.1 }], { exitBar: 2, exitPrice: 0.6, end: 'stop' }],
    ['to sell short has its target below', [{ side: 'short', stop: 0.9, target: 0.4 }], { exitBar: 2, exitPrice: 0.4, end: 'target' }],
    [
      'with a limit and a stop in one bar is filled and stopped in that bar',
      [{ side: 'long', limit: 0.46, stop: 0.45 }],
      { entryBar: 1, exitBar: 1, exitPrice: 0.45, end: 'stop' },
    ],
    [
      'with a limit that fills inside a bar takes no profit in that bar',
      [{ side: 'long', limit: 0.46, target: 0.54 }],
      { entryBar: 1, exitBar: 2, end: 'target' },
    ],
  ])('%s', (_what, decisions, expected) => {
    expect(trade(decisions).trades[0]).toMatchObject(expected);
  });

  it('that is not filled in time is counted as expired', () => {
    const { trades, unfilled } = trade([{ side: 'long', limit: 0.1, expires: 2 * HOUR }]);
    expect({ trades, unfilled }).toEqual({ trades: [], unfilled: { expired: 1 } });
  });

  it('that ruins a short position leaves an equity of 0 and ends the trading, whether or not the strategy reads its account', () => {
    const rise = bars([
      [10, 10, 10, 10],
      [10, 10, 10, 10],
      [15, 25, 15, 25],
      [15, 15, 15, 15],
    ]);
    const of = (look?: (situation: Situation) => void) =>
      runBacktest({ candles: rise, strategy: scripted([{ side: 'short' }], look), options: { cash: 1000, side: 'both', proofCuts: 0 } });
    expect([...of().equity]).toEqual([1000, 1000, 0, 0]);
    expect(of().metrics).toMatchObject({ finalEquity: 0, totalReturn: -1, maxDrawdown: -1 });
    expect(of((situation) => situation.equity).equity).toEqual(of().equity);
  });

  it('for the side that is already held moves the stop and buys nothing more', () => {
    const { trades } = trade([
      { side: 'long', size: 0.5 },
      { side: 'long', size: 1, stop: 0.45 },
    ]);
    expect(trades).toMatchObject([{ size: expect.closeTo(10_000, 6), exitBar: 2, exitPrice: 0.45, end: 'stop' }]);
  });

  it.each<[string, unknown, string]>([
    ['not a number', { side: 'long', size: Number.NaN }, 'size must be a share of the equity above 0 and at most 1, got NaN'],
    ['a negative size', { side: 'long', size: -0.2 }, "got -0.2; to buy nothing return 'hold' or 'flat'"],
    ['a size of more than there is', { side: 'long', size: 1.5 }, 'at most 1, got 1.5'],
    ['a limit beyond 1', { side: 'long', limit: 1.2 }, 'limit must be a price of the first outcome, between 0 and 1, got 1.2'],
    ['a limit at 0', { side: 'long', limit: 0 }, 'limit must be a price'],
    ['a limit of null', { side: 'long', limit: null }, 'got null; leave it out for none'],
    ['a stop as text', { side: 'long', stop: '0.4' }, 'stop must be a price of the first outcome, between 0 and 1, got "0.4"'],
    [
      'a time that is over',
      { side: 'long', expires: HOUR },
      'expires must be a time after the bar’s close, 1970-01-01T01:00:00.000Z'.replace('’', "'"),
    ],
    ['an unknown side', { side: 'buy' }, 'side must be long or short, got "buy"'],
    ['no side', { size: 0.5 }, 'side must be long or short, got undefined'],
    ['a misspelt field', { side: 'long', stopp: 0.4 }, 'there is no field stopp; did you mean stop?; an order has side, size'],
    [
      'a stop of a long above its limit',
      { side: 'long', limit: 0.4, stop: 0.5 },
      'the stop of a long must be below its limit, got stop 0.5 and limit 0.4',
    ],
    ['a stop of a short below its limit', { side: 'short', limit: 0.4, stop: 0.3 }, 'the stop of a short must be above its limit'],
    ['a target on the wrong side', { side: 'short', limit: 0.4, target: 0.5 }, 'the target of a short must be below its limit'],
    ['a stop beyond the target', { side: 'long', stop: 0.7, target: 0.6 }, 'the stop of a long must be below its target'],
    ['nothing', undefined, "returned 'undefined'; it must return hold, long, short or flat, or an order"],
  ])('with %s is refused in a sentence that names the strategy', (_what, answer, sentence) => {
    const run = (): unknown => trade([answer as Decision]);
    if (answer !== undefined) expect(run).toThrow("strategy 'scripted' at bar 0 (1970-01-01T00:00:00.000Z): the order is invalid: ");
    const wrong = defineStrategy({ ...scripted([]), create: () => () => answer as Decision });
    expect(() => runBacktest({ candles: FIVE, strategy: wrong, market: open })).toThrow(sentence);
  });
});
