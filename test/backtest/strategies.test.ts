import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decisionsOf } from '../../src/backtest/engine/decisions.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { DEFAULT_OPTIONS } from '../../src/backtest/engine/options.ts';
import { HOLD, LONG, SHORT } from '../../src/backtest/engine/trading/trade.ts';
import { strategyByName, strategyProblems, strategyTrials } from '../../src/backtest/strategies/registry.ts';
import { isAbove } from '../../src/backtest/strategies/shipped.ts';
import type { Strategy } from '../../src/backtest/strategy.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import { bars, closes, DAY } from './series.ts';

function decide(name: string, params: Record<string, Json>, candles: ReturnType<typeof bars>): string {
  const checked = strategyTrials(name, params);
  if ('problems' in checked) throw new Error(checked.problems.join());
  const { codes } = decisionsOf({
    strategy: checked.strategy,
    params: checked.trials[0],
    candles,
    market: plainMarket('asset'),
    options: DEFAULT_OPTIONS,
    barMs: DAY,
    twin: null,
  });
  return [...codes].map((decision) => (decision === HOLD ? '.' : decision === LONG ? 'L' : decision === SHORT ? 'S' : 'F')).join('');
}

describe('the shipped strategies', () => {
  it('sma-cross goes long when the fast average crosses above the slow one, never before a first cross', () => {
    // averages of 1 against 2: the price rises from the start, which is no cross
    expect(decide('sma-cross', { fast: 1, slow: 2 }, closes([1, 2, 3, 2, 1, 2, 3]))).toBe('...S.L.');
  });

  it('sma-cross requires the fast average to be strictly below first: touching the slow one does not count as a cross', () => {
    expect(decide('sma-cross', { fast: 1, slow: 2 }, closes([5, 4, 4, 5, 6]))).toBe('.....');
  });

  it('ema-cross does the same with exponential averages', () => {
    expect(decide('ema-cross', { fast: 1, slow: 2 }, closes([3, 2, 1, 4, 5, 1]))).toBe('...L.S');
  });

  it('rsi buys below low and leaves above high', () => {
    expect(decide('rsi', { period: 2, low: 30, high: 70 }, closes([10, 9, 8, 8, 12, 12]))).toBe('..LLSS');
  });

  it('bollinger buys below the lower band and leaves above the upper one', () => {
    expect(decide('bollinger', { period: 4, deviations: 1 }, closes([10, 10, 10, 6, 10, 10, 10, 15]))).toBe('...L...S');
  });

  it('breakout buys and sells when the price leaves the channel of the previous bars', () => {
    expect(decide('breakout', { period: 2 }, closes([5, 6, 7, 7, 4, 5]))).toBe('..L.S.');
  });

  it('momentum follows a change that exceeds the threshold, which is a fraction', () => {
    expect(decide('momentum', { period: 1, threshold: 0.1 }, closes([100, 105, 120, 119, 100]))).toBe('..L.S');
  });

  it('decide on decimals rather than on rounding errors: averages that touch do not cross, and 2% is not more than 2%', () => {
    const prices = fc.array(fc.integer({ min: 40, max: 60 }), { minLength: 12, maxLength: 60 });
    const periods = fc.constantFrom([2, 3], [3, 10], [4, 6], [5, 10], [7, 9]);
    fc.assert(
      fc.property(prices, periods, fc.constantFrom(2, 5, 10), (cents, [fast, slow], percent) => {
        const candles = closes(cents.map((cent) => cent / 100));
        // whole numbers: nothing is rounded
        const sum = (period: number, i: number): number => cents.slice(i - period + 1, i + 1).reduce((total, cent) => total + cent, 0);
        const apart = (i: number): number => Math.sign(sum(fast, i) * slow - sum(slow, i) * fast);
        const crosses = cents.map((_, i) => (i < slow || apart(i) * apart(i - 1) !== -1 ? '.' : apart(i) > 0 ? 'L' : 'S'));
        expect(decide('sma-cross', { fast, slow }, candles)).toBe(crosses.join(''));
        const moved = cents.map((cent, i) => {
          if (i < 2) return '.';
          const change = 100 * (cent - cents[i - 2]);
          return change > percent * cents[i - 2] ? 'L' : change < -percent * cents[i - 2] ? 'S' : '.';
        });
        expect(decide('momentum', { period: 2, threshold: percent / 100 }, candles)).toBe(moved.join(''));
      }),
    );
  });

  it('favourite buys at or above the threshold and never leaves', () => {
    expect(decide('favourite', { threshold: 0.7 }, closes([0.5, 0.7, 0.3, 0.1]))).toBe('.L..');
  });

  it('buy-and-hold buys once', () => {
    expect(decide('buy-and-hold', {}, closes([1, 2, 3]))).toBe('L..');
  });

  it('do not trade while the price is constant', () => {
    const still = closes(Array.from({ length: 100 }, () => 0.53));
    for (const name of ['sma-cross', 'ema-cross', 'rsi', 'bollinger', 'breakout', 'momentum'])
      expect(decide(name, {}, still)).toBe('.'.repeat(100));
  });
});

describe('the comparison of prices', () => {
  it.each([
    [10_000.000_000_001, 10_000, false],
    [10_000.000_1, 10_000, true],
    [0.000_001_000_000_1, 0.000_001, true],
    [0.1 + 0.2, 0.3, false],
    [-0.3, -(0.1 + 0.2), false],
    [0.3, 0.31, false],
  ])('calls %d above %d only if the difference exceeds the rounding error of such numbers: %s', (value, level, above) => {
    expect(isAbove(value, level)).toBe(above);
  });
});

describe('the name and parameters of a strategy', () => {
  it('form a grid from a list of values, without combinations that break a rule', () => {
    const grid = strategyTrials('sma-cross', { fast: [5, 10, 20], slow: [10, 60] });
    expect('trials' in grid && grid.trials).toEqual([
      { fast: 5, slow: 10 },
      { fast: 5, slow: 60 },
      { fast: 10, slow: 60 },
      { fast: 20, slow: 60 },
    ]);
  });

  it('form a grid of as many combinations as can be judged together, and no larger grid', () => {
    const values = (count: number) => Array.from({ length: count }, (_, i) => i / 1e4);
    const grid = strategyTrials('momentum', { period: [1, 2], threshold: values(50_000) });
    expect('trials' in grid && grid.trials).toHaveLength(100_000);
    expect(strategyProblems('momentum', { period: [1, 2], threshold: values(50_001) })).toHaveLength(1);
  });

  it('have defaults for parameters that are left out', () => {
    expect(strategyTrials('rsi', { period: 5 })).toMatchObject({ trials: [{ period: 5, low: 30, high: 70 }] });
  });

  it.each<[string, Record<string, Json>, string]>([
    ['sma-crss', {}, 'momentum, favourite; did you mean sma-cross?'],
    ['sma-cross', { fsat: 3 }, "strategy 'sma-cross' has no parameter 'fsat'; it takes fast, slow; did you mean fast?"],
    ['sma-cross', { fast: 30, slow: 30 }, "strategy 'sma-cross', parameter 'fast': must be below slow, got fast 30 and slow 30"],
    ['sma-cross', { fast: [50, 60], slow: 40 }, 'must be below slow'],
    ['rsi', { low: 80 }, "strategy 'rsi', parameter 'low': must be below high, got low 80 and high 70"],
    ['rsi', { period: 2.5 }, "strategy 'rsi', parameter 'period'"],
    ['sma-cross', { fast: [5, 'x'] }, "strategy 'sma-cross', parameter 'fast'"],
    ['buy-and-hold', { period: 1 }, "strategy 'buy-and-hold' has no parameter 'period'; it takes none"],
    ['sma-cross', { fast: [] }, 'an empty list'],
  ])('are refused when they are wrong: %s %j', (name, params, sentence) => {
    const problems = strategyProblems(name, params);
    expect(problems.join('\n')).toContain(sentence);
  });

  it('get no suggestion when no known name is close', () => {
    expect(strategyProblems('zzzzzzzzqq')).toEqual([expect.stringMatching(/^unknown strategy 'zzzzzzzzqq'; there are .*, favourite$/)]);
    expect(strategyProblems('rsi', { zzzzzzzzqq: 1 })).toEqual([
      "strategy 'rsi' has no parameter 'zzzzzzzzqq'; it takes period, low, high",
    ]);
  });

  it('are found in a plugin as well as among the shipped strategies', () => {
    const mine = { ...(strategyByName('favourite') as Strategy), name: 'mine' };
    expect(strategyProblems('mine', { threshold: 0.5 }, [mine])).toEqual([]);
    expect(strategyProblems('mine')).toHaveLength(1);
  });
});
