import type { ResearchPageData, ResearchTrial } from '../../src/report/research/research-data.ts';
import type { BacktestTrade } from '../../src/report/symbol/symbol-data.ts';
import { HOUR } from './sample-numbers.ts';

export const START = Date.parse('2026-11-20T00:00Z');

export const trial = (
  id: number,
  paramValues: Record<string, number>,
  sharpe: number | null,
  more: Partial<ResearchTrial> = {},
): ResearchTrial => ({
  id,
  symbol: 'BTC_PRICE',
  market: 'Bitcoin <above> 100k',
  strategy: 'sma-cross',
  params: Object.values(paramValues).join('/'),
  paramValues,
  interval: '1h',
  trials: 9,
  runId: 'run-1',
  metrics: { totalReturn: 0.0004, sharpe, trades: 3, maxDrawdown: -0.01 },
  undefined: sharpe === null ? { sharpe: 'no daily returns' } : {},
  benchmark: { holdReturn: -0.02, skill: null, undefined: { skill: 'not resolved' } },
  proof: null,
  overfitting: 0.31,
  passport: 'abc123',
  ...more,
});

/** A 3 × 3 grid of fast and slow; `valueAt` is the Sharpe ratio of a cell. */
export const grid = (valueAt: (x: number, y: number) => number | null): readonly ResearchTrial[] =>
  [0, 1, 2].flatMap((y) => [0, 1, 2].map((x) => trial(y * 3 + x, { fast: 5 + x, slow: 20 + 10 * y }, valueAt(x, y))));

export const trade = (entry: number, more: Partial<BacktestTrade> = {}): BacktestTrade => ({
  side: 'long',
  entryTime: START + entry * HOUR,
  exitTime: START + (entry + 1) * HOUR,
  size: 10,
  entryPrice: 0.5,
  exitPrice: 0.6,
  pnl: 1,
  fees: 0,
  ...more,
});

export const sampleResearch = (more: Partial<ResearchPageData> = {}): ResearchPageData => {
  const trials = grid((x, y) => (x === 1 && y === 1 ? 2 : 0.1));
  const equity = [1, 1.1, 1.05].map((value, i) => ({ time: START + i * HOUR, equity: 10_000 * value }));
  return {
    now: START + 24 * HOUR,
    best: [trials[4], trial(50, {}, null, { strategy: 'favourite', symbol: 'ETH_PRICE' })],
    chosen: {
      trials,
      runs: [
        { id: 4, runId: 'run-1', trials: 9 },
        { id: 3, runId: 'run-0', trials: 1 },
      ],
      walkForwards: [],
    },
    compared: [
      { trial: trials[4], trades: [trade(0), trade(3)], equity },
      { trial: trials[0], trades: [trade(0)], equity: equity.map(({ time }) => ({ time, equity: 10_000 })) },
    ],
    otherRuns: [{ id: 77, runId: 'run-0' }],
    maxSymbols: 400,
    madeBy: 'PredictLab test',
    ...more,
  };
};
