import type { HistoryPageData, HistoryRunColumn } from '../../src/report/history/history-data.ts';

const NOW = Date.parse('2026-11-24T12:10Z');
const FOUR_HOURS = 4 * 3_600_000;

/**
 * The page of all runs with two symbols and a run every four hours, `run-0` the oldest.
 *
 * @param options.failed numbers of the failed runs
 * @param options.backfill `asOf` by number of a run
 */
export const sampleHistory = (
  count: number,
  { failed = [], backfill = {} }: { readonly failed?: readonly number[]; readonly backfill?: Readonly<Record<number, number>> } = {},
): HistoryPageData => ({
  now: NOW,
  runs: Array.from({ length: count }, (_, i): HistoryRunColumn => {
    const state = failed.includes(i) ? 'failed' : 'success';
    const startedAt = NOW - (count - i) * FOUR_HOURS;
    return {
      runId: `run-${i}`,
      state,
      startedAt,
      asOf: backfill[i] ?? startedAt,
      durationSeconds: 40 + i,
      totalTasks: 12,
      reasons: state === 'failed' ? ['AAA/collect failed after 4 attempts: SourceUnavailable: polymarket answered 503'] : [],
      href: `/runs/run-${i}`,
      openSymbols: [],
      states: new Map([
        ['AAA', state],
        ['BBB', 'success'],
      ]),
      custom: null,
    };
  }).reverse(),
  symbols: ['AAA', 'BBB'].map((symbol) => ({
    symbol,
    title: `${symbol} markets`,
    href: `/symbols/${symbol}`,
    last: { time: NOW - 240_000, price: 0.63 },
    spark: Array.from({ length: 168 }, (_, i) => ({ time: NOW - (168 - i) * 3_600_000, price: 0.5 + 0.1 * Math.sin(i / 12) })),
    sparkStep: 3_600_000,
  })),
  next: { at: NOW + 1_000_000, paused: false },
  madeBy: 'PredictLab 0.2.0',
});
