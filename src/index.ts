/** The library: what programs and plugins import from `predictlab`. docs/api.md goes through it. */

export type { CandleSeries } from './backtest/engine/candle-series.ts';
export type { BacktestOptions, Sizing } from './backtest/engine/options.ts';
export type { Trade, TradeEnd, Unfilled } from './backtest/engine/trading/trade.ts';
export type { Bands } from './backtest/indicators/indicators.ts';
export { type Reading } from './backtest/indicators/indicators.ts';
export type { CalibrationBin } from './backtest/metrics/calibration.ts';
export type { BacktestMetrics, MetricName } from './backtest/metrics/measured.ts';
export type { BacktestResult } from './backtest/run-backtest.ts';
export {
  type BarsSoFar,
  type Decision,
  defineStrategy,
  type LongerBars,
  type Order,
  type Signal,
  type Situation,
  type Strategy,
  type Twin,
} from './backtest/strategy.ts';
export { PredictLab, RunEnded, type StartedRun, type StartOptions } from './client.ts';
export { type ErrorType, PredictLabError } from './contracts/errors.ts';
export type { Instrument, SettlementSign } from './contracts/market-data.ts';
export type { CustomTaskInput, PipelineInput, RetryInput, StageOverrides, StrategyInput } from './contracts/run/pipeline-input.ts';
export type {
  GraphTask,
  PipelineResult,
  PipelineStatus,
  PlannedTask,
  StageStats,
  TaskError,
  TaskResult,
} from './contracts/run/pipeline-status.ts';
export { INTERVALS, type Interval, type SourceType, STAGES, type Stage } from './contracts/words.ts';
export { type CandleRow, candles, type TickRow } from './library/candles.ts';
export { indicators, type Prices } from './library/indicators.ts';
export type { MarketFacts } from './library/market.ts';
export { type ForecastMetrics, metrics, type ReturnMetrics } from './library/metrics.ts';
export type { Moment } from './library/moment.ts';
export { type BacktestRequest, runBacktest } from './library/run-backtest.ts';
export { endingOf } from './market/settlement.ts';
export { settlementTerms } from './market/settlement-terms.ts';
export { type ActivityContext, definePlugin, type Plugin, type PluginActivity } from './plugins/plugins.ts';
export type { BookLevels } from './sources/book.ts';
export { type ReadRow, type TradeFields, tradeRow } from './sources/candidate.ts';
export { type ReadNumber, readNumber, readTime } from './sources/catalogue/scalars.ts';
export type { Http } from './sources/http/venue-client.ts';
export type { DiscoverRequest } from './sources/source.ts';
export { defineVenue, type FoundInstruments, type TradePage, type TradeReader, type Venue, type VenueContext } from './sources/venue.ts';

// oxlint-disable-next-line import/no-self-import, import/no-cycle -- it freezes its own exports
import * as library from './index.ts';
import { freezeExports } from './library/freeze-exports.ts';

freezeExports(Object.values(library));
