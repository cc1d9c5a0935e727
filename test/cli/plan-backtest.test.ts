import { expect, it } from 'vitest';
import { backtestLines } from '../../src/cli/commands/plan.ts';
import { DEFAULT_BACKTEST } from '../../src/contracts/run/backtest-settings.ts';

it('a plan prints the trading terms of a run, and those of strategies with settings of their own', () => {
  const strategies = [
    { name: 'rsi', params: {}, backtest: { ...DEFAULT_BACKTEST, spread: 0.01, maxVolumeShare: null, historyMs: 90 * 86_400_000 } },
    { name: 'breakout', params: {} },
  ];
  expect(backtestLines({ strategies })).toEqual([
    "backtest: cash 10000, 100% of the cash an entry, long only, half the recorded spread, at most 10% of a bar's volume, all stored history",
    'rsi: cash 10000, 100% of the cash an entry, long only, half-spread 0.01, no volume cap, the last 90 days',
  ]);
  const walkForward = { trainMs: 60 * 86_400_000, testMs: 14 * 86_400_000 };
  expect(backtestLines({ strategies: [], backtest: { ...DEFAULT_BACKTEST, walkForward } })).toEqual([
    expect.stringMatching(/, all stored history, walk-forward: 60 days to train, 14 days to test$/),
  ]);
});
