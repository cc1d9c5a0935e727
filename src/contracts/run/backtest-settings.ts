/** How the backtest stage trades, as users say it: for one of a run's strategies. */
export interface StrategyBacktestInput {
  /** Money at the start of each backtest. @default 10000 */
  cash?: number;
  /** How much an entry buys: a share of the cash, or so many units as far as the cash goes. @default { "fraction": 1 } */
  sizing?: { fraction: number } | { units: number };
  /** `both`: a short signal buys the other outcome (or sells an asset short). @default "long" */
  side?: 'long' | 'both';
  /** What every fill is worse than the open: half the spread of the market's book, or that much. @default "recorded" */
  spread?: 'recorded' | number;
  /** Ticks that each fill is worse on top of it. @default 0 */
  slippageTicks?: number;
  /** Most of a bar's volume that the orders of that bar may take; null = no cap. @default 0.1 */
  maxVolumeShare?: number | null;
  /** Stored candles to trade on: all, or as far back as this (`"90d"`). @default "all" */
  history?: string;
}

/** The same for a run. */
export interface BacktestInput extends StrategyBacktestInput {
  /** Also pick the best of all trials on `train` of each series, trade it on the `test` that follows, and so on; whole days (`"60d"`). @default none */
  walkForward?: { train: string; test: string } | null;
}

/** {@link BacktestInput} with every default filled in. */
export interface BacktestSettings {
  readonly cash: number;
  readonly sizing: { readonly fraction: number } | { readonly units: number };
  readonly side: 'long' | 'both';
  readonly spread: 'recorded' | number;
  readonly slippageTicks: number;
  readonly maxVolumeShare: number | null;
  /** null = all. */
  readonly historyMs: number | null;
  /** Lengths of a window's parts, whole days in milliseconds; of a run only. @default no walk-forward */
  readonly walkForward?: { readonly trainMs: number; readonly testMs: number };
}

/** What holds where a run's input says nothing: no order larger than a tenth of what was traded, and nothing for free. */
export const DEFAULT_BACKTEST: BacktestSettings = {
  cash: 10_000,
  sizing: { fraction: 1 },
  side: 'long',
  spread: 'recorded',
  slippageTicks: 0,
  maxVolumeShare: 0.1,
  historyMs: null,
};
