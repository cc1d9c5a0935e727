import type { EquityPoint } from '../../backtest/record/curve-columns.ts';
import type { Json } from '../../contracts/run/pipeline-input.ts';
import type { BacktestRow, BacktestTrade, WalkForwardSection } from '../symbol/symbol-data.ts';

/** A backtest of one set of parameters, with the market and the run that it belongs to. */
export interface ResearchTrial extends BacktestRow {
  /** Id of the trial, unique among the trials of a page. */
  readonly id: number;
  readonly symbol: string;
  /** The market's title, or its id. */
  readonly market: string;
  readonly paramValues: Readonly<Record<string, Json>>;
  /** Number of trials of the strategy on the market in the trial's run. */
  readonly trials: number;
  readonly runId: string;
}

export interface ComparedTrial {
  readonly trial: ResearchTrial;
  readonly trades: readonly BacktestTrade[];
  readonly equity: readonly EquityPoint[];
}

/** All data of the page of research. */
export interface ResearchPageData {
  /** Time of the page's data, UTC epoch milliseconds. */
  readonly now: number;
  /** The best trial of each strategy on each symbol, from the newest run that has the strategy. */
  readonly best: readonly ResearchTrial[];
  /** Maximum number of symbols in `best`. */
  readonly maxSymbols: number;
  /** All trials of one strategy on one series, and the walk-forwards of its market. */
  readonly chosen: {
    readonly trials: readonly ResearchTrial[];
    /** The runs with trials of this strategy and series, newest first; `id` is that of the run's best trial. */
    readonly runs: readonly { readonly id: number; readonly runId: string; readonly trials: number }[];
    readonly walkForwards: readonly WalkForwardSection[];
  } | null;
  readonly compared: readonly [ComparedTrial, ComparedTrial] | null;
  readonly otherRuns: readonly { readonly id: number; readonly runId: string }[];
  readonly madeBy: string;
}

/** A metric that may be shown and ranked; null where it is undefined or weak. */
export const strongMetric = ({ weak, metrics }: BacktestRow, key: string): number | null =>
  weak?.[key] === undefined ? (metrics[key] ?? null) : null;

/** The return after costs minus the return of holding on the same terms; null if one of them is unknown. */
export const returnOverHold = ({ metrics, benchmark }: BacktestRow): number | null => {
  const [own, hold] = [metrics['totalReturn'] ?? null, benchmark?.holdReturn ?? null];
  return own === null || hold === null ? null : own - hold;
};
