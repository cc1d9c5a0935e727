/**
 * The names that users write in an input, a command line or a file.
 *
 * - symbol: what a user asks for (`BTC_PRICE`); the catalogue maps it to markets of each source
 * - instrument: one binary market at one source, priced as the probability of its first outcome
 * - tick: one trade or one price point of one instrument
 * - stage: one step of a symbol's pipeline; task: a node of a run's graph; run: one execution of `pipeline`
 *
 * This file does not import zod, because workflow code imports it.
 */

/** The stages of a symbol, in execution order. */
export const STAGES = ['collect', 'clean', 'store', 'kline', 'backtest', 'visualize'] as const;
export type Stage = (typeof STAGES)[number];

/** Where data comes from: the name of a loaded venue, or `file`. */
export type SourceType = string;

/** Candle intervals, shortest first. */
export const INTERVALS = ['1m', '5m', '15m', '30m', '1h', '2h', '4h', '6h', '12h', '1d', '1w'] as const;
export type Interval = (typeof INTERVALS)[number];

/** Default priority of a symbol or a custom task: 1 goes first, 5 last. */
export const DEFAULT_PRIORITY = 3;

const MINUTE = 60_000;
/** Milliseconds of a UTC day. All days in this code are UTC days. */
export const DAY_MS = 1440 * MINUTE;
/** Length of each interval in milliseconds. */
export const INTERVAL_MS: Readonly<Record<Interval, number>> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '30m': 30 * MINUTE,
  '1h': 60 * MINUTE,
  '2h': 120 * MINUTE,
  '4h': 240 * MINUTE,
  '6h': 360 * MINUTE,
  '12h': 720 * MINUTE,
  '1d': 1440 * MINUTE,
  '1w': 10_080 * MINUTE,
};

/** Which ready task goes first. */
export const ORDERS = ['fifo', 'priority', 'critical-path'] as const;
export type ReadyOrder = (typeof ORDERS)[number];

/** Statuses of a task. A task is also `pending` when it is ready, or waits without a slot for its next attempt. */
export const TASK_STATUSES = ['pending', 'running', 'success', 'failed', 'skipped', 'cancelled'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** How a finished run ended. */
export const RUN_RESULTS = ['success', 'degraded', 'failed', 'cancelled'] as const;
export type RunResult = (typeof RUN_RESULTS)[number];

/** What a market's price means: a probability in [0, 1] that settles, or an asset's price. */
export const MARKET_KINDS = ['probability', 'asset'] as const;
export type MarketKind = (typeof MARKET_KINDS)[number];

/** Whether a tick is a trade (has a size) or a price point (has none). */
export const TICK_KINDS = ['trade', 'price'] as const;
export type TickKind = (typeof TICK_KINDS)[number];

/** How coverage is known: the venue's rows were read, a second reading found the same, or it was concluded from other facts. */
export type CoverageEvidence = 'walked' | 'confirmed' | 'inferred';

/** The task queue that workers poll by default. */
export const TASK_QUEUE = 'predictlab';

/** Id of the activity that lists the markets of a run's universes before its first task. */
export const LISTING_ID = 'expandUniverses';

/** The beginning of a run's answer to `why` about a task that it does not have. */
export const noTaskInRun = (taskId: string): string => `no task ${taskId} in this run`;

/** The id of a built-in task: one stage of one symbol. */
export const stageTaskId = (symbol: string, stage: Stage): string => `${symbol}/${stage}`;
