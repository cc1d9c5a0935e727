import { describe, expect, it } from 'vitest';
import { BacktestTally } from '../../src/activities/stages/backtest/backtest-tally.ts';
import { decodeMetrics } from '../../src/backtest/record/metrics-column.ts';

describe('what a symbol’s backtests add up to', () => {
  it('counts a trial once, computed or taken over from the database with its keys in another order', () => {
    const tally = new BacktestTally();
    const stored = decodeMetrics({});
    tally.add({ ...stored, strategy: 'rsi', params: { period: 14, low: 30, high: 70 } });
    tally.add({ ...stored, strategy: 'rsi', params: { low: 30, high: 70, period: 14 } });
    tally.add({ ...stored, strategy: 'rsi', params: { low: 30, high: 70, period: 15 } });
    expect(tally.output()).toEqual({ backtests: 3, trials: 2 });
  });

  it('adds up orders that did not fill, by reason, and results on a shortened history', () => {
    const tally = new BacktestTally();
    for (const reason of ['expired', 'heldBack', 'expired'])
      tally.add({ ...decodeMetrics({ cut: 2, unfilled: { [reason]: 3 } }), strategy: 'rsi', params: {} });
    tally.shortened = 2;
    expect(tally.output()).toMatchObject({ cut: 6, unfilled: { expired: 6, heldBack: 3 }, shortened: 2 });
  });
});
