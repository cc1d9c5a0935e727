import { describe, expect, it } from 'vitest';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import type { BacktestOptions } from '../../src/backtest/engine/options.ts';
import { runBacktest } from '../../src/backtest/run-backtest.ts';
import { smaCross } from '../../src/backtest/strategies/shipped.ts';
import { HAS_REFERENCE, largestDifference, referenceBars, referenceJson, referenceRows, WITHOUT_REFERENCE } from './reference.ts';

interface Case {
  readonly name: string;
  readonly params: { fast: number; slow: number };
  readonly fee: number;
  readonly options: Partial<BacktestOptions>;
}

const CASES: readonly Case[] = [
  { name: 'goog_test_sma10x30', params: { fast: 10, slow: 30 }, fee: 0, options: { side: 'both', backtestingPy: 'next-open' } },
  { name: 'goog_longonly_sma10x20', params: { fast: 10, slow: 20 }, fee: 0.002, options: { backtestingPy: 'next-open' } },
  { name: 'goog_longonly_toc', params: { fast: 10, slow: 20 }, fee: 0.002, options: { backtestingPy: 'trade-on-close' } },
];

describe.skipIf(!HAS_REFERENCE)(`a backtest of a GOOG case of backtesting.py${WITHOUT_REFERENCE}`, () => {
  it.each(CASES)('$name: gives the same trades, equity curve and shared metrics', ({ name, params, fee, options }) => {
    const candles = referenceBars('backtesting-py/GOOG.csv');
    const market = plainMarket('asset', { model: 'flat', rate: fee });
    const result = runBacktest({ candles, strategy: smaCross, params, market, options: { ...options, wholeUnits: true } });

    const trades = referenceRows(`backtesting-py/${name}.trades.csv`);
    const column = (at: number): number[] => trades.map((row) => Number(row[at]));
    const ours = (pick: (trade: (typeof result.trades)[number]) => number): number[] => result.trades.map(pick);
    expect(result.trades).toHaveLength(trades.length);
    expect(ours(({ side, size }) => (side === 'long' ? size : -size))).toEqual(column(0));
    expect(ours(({ entryBar }) => entryBar)).toEqual(column(1));
    expect(ours(({ exitBar }) => exitBar)).toEqual(column(2));
    expect(ours(({ entryPrice }) => entryPrice)).toEqual(column(3));
    expect(ours(({ exitPrice }) => exitPrice)).toEqual(column(4));
    expect(
      largestDifference(
        ours(({ pnl }) => pnl),
        column(7),
      ),
    ).toBeLessThan(1e-9);
    expect(
      largestDifference(
        ours(({ fees }) => fees),
        column(8),
      ),
    ).toBeLessThan(1e-9);
    const equity = referenceRows(`backtesting-py/${name}.equity.csv`).map((row) => Number(row[1]));
    expect(largestDifference(result.equity, equity)).toBeLessThan(1e-9);

    const { stats } = (referenceJson('backtesting-py/expected.json') as Record<string, { stats: Record<string, number> }>)[name];
    const { metrics } = result;
    expect(metrics.finalEquity).toBeCloseTo(stats['Equity Final [$]'], 6);
    expect(metrics.trades).toBe(stats['# Trades']);
    for (const [value, theirs] of [
      [metrics.totalReturn, stats['Return [%]']],
      [metrics.cagr, stats['CAGR [%]']],
      [metrics.maxDrawdown, stats['Max. Drawdown [%]']],
      [metrics.winRate, stats['Win Rate [%]']],
    ]) {
      expect(((value ?? Number.NaN) * 100) / (theirs ?? Number.NaN)).toBeCloseTo(1, 9);
    }
  });
});
