import { describe, expect, it } from 'vitest';
import { BacktestTally } from '../../src/activities/stages/backtest/backtest-tally.ts';
import { decodeMetrics } from '../../src/backtest/record/metrics-column.ts';

describe('the summary of a symbol’s backtests', () => {
  it('counts each trial once, whether it was computed or read from the database with its keys in another order', () => {
    const tally = new BacktestTally();
    const stored = decodeMetrics({});
    tally.add({ ...stored, strategy: 'rsi', params: { period: 14, low: 30, high: 70 } });
    tally.add({ ...stored, strategy: 'rsi', params: { low: 30, high: 70, period: 14 } });
    tally.add({ ...stored, strategy: 'rsi', params: { low: 30, high: 70, period: 15 } });
    expect(tally.output()).toEqual({ backtests: 3, trials: 2 });
  });

  it('adds up the orders that did not fill, by reason, and the results on a shortened history', () => {
    const tally = new BacktestTally();
    for (const reason of ['expired', 'heldBack', 'expired'])
      tally.add({ ...decodeMetrics({ cut: 2, unfilled: { [reason]: 3 } }), strategy: 'rsi', params: {} });
    tally.shortened = 2;
    expect(tally.output()).toMatchObject({ cut: 6, unfilled: { expired: 6, heldBack: 3 }, shortened: 2 });
  });

  it('names strategies that look ahead or are not deterministic, and no strategy that is clean or has no proof', () => {
    const proof = { tested: 9, of: 10, power: { peekEvery: 20, detected: 0.5 }, firstBar: null, verdict: '' };
    const said = (lookAhead: object | null): readonly string[] => {
      const tally = new BacktestTally();
      tally.add({ ...decodeMetrics({ lookAhead: lookAhead as never }), strategy: 'rsi', params: {} });
      return [...tally.lookAhead];
    };
    expect(said(null)).toEqual([]);
    expect(said({ ...proof, deterministic: true, changed: 0 })).toEqual([]);
    expect(said({ ...proof, deterministic: true, changed: 1 })).toEqual([expect.stringContaining('strategy rsi looks into the future')]);
    expect(said({ ...proof, deterministic: false, changed: 1 })).toEqual([expect.stringContaining('strategy rsi is not deterministic')]);
  });

  it('names the best Sharpe ratio among the ranked results, even when it is negative', () => {
    const tally = new BacktestTally();
    const add = (strategy: string, sharpe: number | null, weak = {}): void =>
      tally.add({ ...decodeMetrics({ sharpe, weak }), strategy, params: {} });
    add('none', null);
    expect(tally.output()).not.toHaveProperty('best');
    add('worse', -2);
    expect(tally.output()).toMatchObject({ best: { strategy: 'worse', sharpe: -2 } });
    add('better', -1);
    add('between', -1.5);
    add('weak', 3, { sharpe: '6 daily returns, fewer than 30' });
    expect(tally.output()).toMatchObject({ best: { strategy: 'better', sharpe: -1 } });
  });
});
