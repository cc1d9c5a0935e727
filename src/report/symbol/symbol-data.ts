import type { CalibrationBin } from '../../backtest/metrics/calibration.ts';
import type { EquityPoint, StoredTrade } from '../../backtest/record/curve-columns.ts';
import type { StoredWalkCurves, StoredWalkForward } from '../../backtest/record/walk-forward-columns.ts';
import type { Instrument, Resolution, TimeRange } from '../../contracts/market-data.ts';
import type { Interval, TickKind } from '../../contracts/words.ts';
import type { UnusualQuiet } from '../../market/integrity/unusual-quiet.ts';
import type { BasisPoint } from '../../market/twin-basis.ts';

/**
 * All data of a symbol's page. Times are UTC epoch milliseconds, prices in the instrument's unit (a probability, or an asset's price),
 * ratios fractions. `null` is unknown and shown as a dash with its reason, never as a zero.
 */
export interface SymbolPageData {
  readonly symbol: string;
  readonly title: string;
  readonly runId: string;
  /** The run that made the backtests, if it is another run than `runId`. */
  readonly backtestRun?: { readonly runId: string; readonly asOf: number };
  readonly asOf: number;
  /** The run's window: `asOf − daysBack` to `asOf`. */
  readonly window: TimeRange;
  /** Sources from which this run has no data, with the reason. */
  readonly missingSources: Readonly<Record<string, string>>;
  /** Market-hours of coverage that a second walk of the venue checked, and how many it confirmed. @default none were checked */
  readonly secondLook?: { readonly marketHours: number; readonly confirmed: number };
  /** The most active instruments, most active first; each gets a section. */
  readonly instruments: readonly InstrumentSection[];
  readonly others: readonly InstrumentSummary[];
  /** The short markets of a series, newest first; each gets a small chart instead of a section. */
  readonly shortMarkets?: readonly ShortMarket[];
  /** Number of all instruments of the symbol (`others` may be capped). */
  readonly instrumentCount: number;
  /** Calibration of the prices of the symbol's resolved markets, by interval. */
  readonly calibration: readonly CalibrationTable[];
  /** Name and version of the program that made the page, shown in the footer. */
  readonly madeBy: string;
  /** Whether a server serves the page, so that it links to other served pages. @default false */
  readonly isServed?: boolean;
}

export interface ShortMarket {
  readonly id: string;
  readonly title: string;
  readonly opensAt: number;
  readonly closesAt: number;
  readonly resolution: Resolution;
  /** The market's prices, oldest first: the last price of each of a fixed number of equal periods, where there is one. */
  readonly path: readonly PricePoint[];
}

export interface InstrumentSummary extends Pick<Instrument, 'id' | 'source' | 'title' | 'closesAt' | 'resolution' | 'settlement'> {
  readonly ticks: number;
  readonly last: PricePoint | null;
  /** The highest Sharpe ratio of the instrument's strategies that is not weak. */
  readonly bestSharpe: number | null;
}

export interface PricePoint {
  readonly time: number;
  readonly price: number;
}

/** The same question at another venue; its prices are those of this market's first outcome. */
export interface TwinQuote {
  readonly id: string;
  readonly source: string;
  readonly last: PricePoint | null;
  /** The twin's closing prices by interval, at the open times of their candles; only for the first few twins. */
  readonly closes?: readonly { readonly interval: Interval; readonly points: readonly PricePoint[] }[];
  /** The basis to the twin, per bar of the shortest interval that both have; only for the first few twins. */
  readonly basis?: { readonly interval: Interval; readonly points: readonly BasisPoint[] };
}

export interface InstrumentSection
  extends InstrumentSummary,
    Pick<Instrument, 'market' | 'outcomes' | 'reference' | 'opensAt' | 'endsAt' | 'event' | 'closed' | 'fees' | 'tickSize' | 'book'> {
  readonly twins: readonly TwinQuote[];
  /** Kind of ticks that the candles are made of; `null` when there are none. */
  readonly priceType: TickKind | null;
  readonly series: readonly EmbeddedCandles[];
  /** The interval that was added to the requested ones because the market is short-lived; absent if none was. */
  readonly added?: Interval | undefined;
  /** Ranges of the window that were not collected, oldest first. */
  readonly gaps: readonly TimeRange[];
  readonly quality: DataQuality;
  readonly backtests: readonly BacktestRow[];
  /** The backtest whose trades and equity are drawn: the best one, or the first where none can be ranked. */
  readonly chosen: ChosenBacktest | null;
  /** Walk-forwards by interval; absent where the run did not request them. */
  readonly walkForwards?: readonly WalkForwardSection[];
}

export interface WalkForwardSection extends StoredWalkForward {
  readonly interval: Interval;
  /** Curves of the one walk-forward that is drawn; null for the others. */
  readonly curves: StoredWalkCurves | null;
}

/** The candles of one interval on the page, oldest first; only the newest ones if there are too many. */
export interface EmbeddedCandles {
  readonly interval: Interval;
  readonly candles: readonly PageCandle[];
  /** Number of all candles in the window. */
  readonly total: number;
}

export interface PageCandle {
  readonly openTime: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
  readonly trades: number;
  readonly complete: boolean;
}

export interface DataQuality {
  /** Collected share of the part of the window in which the instrument was open, in [0, 1]. */
  readonly coverage: number | null;
  /** The time without ticks up to `asOf`, where it is unusually long although the instrument was collected; else null. */
  readonly quiet: (UnusualQuiet & { readonly kind: TickKind }) | null;
  readonly quarantined: readonly { readonly reason: string; readonly count: number }[];
  /** Times of quarantined rows, where they could be read; may be capped. */
  readonly quarantineTimes: readonly number[];
  /** Repeated rows that this run's `store` merged. Counted per symbol, so `null` where it has several instruments. */
  readonly duplicates: number | null;
}

/** One backtest with every metric. A metric that cannot be computed is null, and `undefined` has its reason. */
export interface BacktestRow {
  readonly strategy: string;
  readonly params: string;
  readonly interval: Interval;
  /** The error of a strategy that failed on the series, so that it has no metrics. */
  readonly failed?: string | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly undefined: Readonly<Record<string, string>>;
  /** The return of holding on the same terms, and the strategy's skill against the price. */
  readonly benchmark?: {
    readonly holdReturn: number | null;
    readonly skill: number | null;
    readonly undefined: Readonly<Record<string, string>>;
    readonly weak?: Readonly<Record<string, string>>;
  };
  /** The reason why a metric rests on too little data, by the metric's name; weak metrics are neither shown nor ranked. */
  readonly weak?: Readonly<Record<string, string>>;
  /** Standard error of the Sharpe ratio. */
  readonly sharpeError?: number | null;
  /** Number of entries whose size the volume cap reduced. */
  readonly cut?: number | null;
  /** Number of orders that did not fill, by reason. */
  readonly unfilled?: Readonly<Record<string, number | undefined>>;
  /** Trading terms in words: `cash 10 000, …`. */
  readonly terms?: string | null;
  /** Look-ahead proof: decisions that changed when the future was cut off or altered. */
  readonly proof: { readonly changed: number; readonly decisions: number; readonly notProvable?: readonly string[] } | null;
  /** Probability that the best of the strategy's trials is overfitted (PBO), in [0, 1]; null for a single trial. */
  readonly overfitting: number | null;
  /** Hash of data, code, parameters and seed. */
  readonly passport: string | null;
}

export interface ChosenBacktest {
  /** Index of the chosen backtest in `backtests`. */
  readonly index: number;
  readonly trades: readonly BacktestTrade[];
  /** Equity from the first drawn candle on. */
  readonly equity: readonly EquityPoint[];
  /** Equity of holding on the same terms; absent where none is stored. */
  readonly hold?: readonly EquityPoint[];
  /** The best trial of each other strategy on the same interval, best first. */
  readonly compared?: readonly { readonly index: number; readonly equity: readonly EquityPoint[] }[];
  /** The strategy's indicators, on the candles of its interval. */
  readonly indicators?: readonly IndicatorLine[];
}

export interface IndicatorLine {
  /** Name of the indicator with its parameters, such as `sma 10`. */
  readonly name: string;
  /** Values by the open time of their candle; warm-up candles have none. */
  readonly points: readonly PricePoint[];
}

export type BacktestTrade = Omit<StoredTrade, 'end'>;

export interface CalibrationTable {
  /** The prices used as forecasts: `1h` for the closes of that interval, or `price at half-time`. */
  readonly of: string;
  readonly bins: readonly CalibrationBin[];
}
