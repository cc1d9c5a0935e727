/** How the backtest stage trades one of a run's strategies, as users write it. */
export interface StrategyBacktestInput {
  /** Cash at the start of each backtest. @default 10000 */
  cash?: number;
  /** Size of an entry: a share of the cash, or a number of units as far as the cash suffices. @default { "fraction": 1 } */
  sizing?: { fraction: number } | { units: number };
  /** `both`: a short signal buys the other outcome (or sells an asset short). @default "long" */
  side?: 'long' | 'both';
  /** How much worse than the bar's open each fill is: half the recorded spread of the market's book, or a number. @default "recorded" */
  spread?: 'recorded' | number;
  /** Number of price steps by which each fill is worse in addition to the spread. @default 0 */
  slippageTicks?: number;
  /** Largest share of a bar's volume that the orders of that bar may take; null = no cap. @default 0.1 */
  maxVolumeShare?: number | null;
  /** Stored candles to trade on: all, or those of a period before `asOf` (`"90d"`). @default "all" */
  history?: string;
}

/** How the backtest stage trades, for a run. */
export interface BacktestInput extends StrategyBacktestInput {
  /** Walk-forward: picks the best trial on each `train` period and trades it on the `test` period after it; whole days (`"60d"`). @default none */
  walkForward?: { train: string; test: string } | null;
  /** Which members of each universe are backtested, such as `"top 200 by volume"`. @default none */
  universe?: string;
}

/** {@link BacktestInput} with every default filled in. */
export interface BacktestSettings {
  readonly cash: number;
  readonly sizing: { readonly fraction: number } | { readonly units: number };
  readonly side: 'long' | 'both';
  readonly spread: 'recorded' | number;
  readonly slippageTicks: number;
  readonly maxVolumeShare: number | null;
  /** Milliseconds of history; null = all. */
  readonly historyMs: number | null;
  /** Periods of a walk-forward window, in milliseconds of whole days. @default no walk-forward */
  readonly walkForward?: { readonly trainMs: number; readonly testMs: number };
  /** Number of members of each universe that are backtested, those with the largest volume. @default none */
  readonly topByVolume?: number;
}

/** Defaults of a run: cautious ones, with the recorded spread and no order above a tenth of the traded volume. */
export const DEFAULT_BACKTEST: BacktestSettings = {
  cash: 10_000,
  sizing: { fraction: 1 },
  side: 'long',
  spread: 'recorded',
  slippageTicks: 0,
  maxVolumeShare: 0.1,
  historyMs: null,
};
