import type { RunResult } from '../../contracts/words.ts';

/** What is known about a run beyond its status: read off the pending activities. */
export interface LiveExtras {
  /** By task id. */
  readonly tasks?: Readonly<Record<string, LiveTask>>;
  /** Estimate of the time left, seconds; without it the pace so far is carried on. */
  readonly secondsLeft?: number | null;
  /** The run's symbols in order; without it they are read off the task ids. */
  readonly symbols?: readonly string[];
  /** Set when the run has ended. */
  readonly result?: RunResult;
}

export interface LiveTask {
  /** The attempt that runs or is waited for, from 1. */
  readonly attempt?: number;
  /** When the next attempt starts; UTC epoch milliseconds. */
  readonly retryAt?: number | null;
  /** Message of the attempt that failed last. */
  readonly lastFailure?: string | null;
}

export interface TerminalView {
  /** Columns of the terminal. */
  readonly width: number;
  /** Most lines to draw; what does not fit is summed up in the last one. @default all */
  readonly height?: number;
  /** UTC epoch milliseconds. */
  readonly now: number;
  /** ANSI colours; the caller honours NO_COLOR. @default false */
  readonly colour?: boolean;
}
