import { PredictLabError } from '../../../contracts/errors.ts';
import type { SourceType } from '../../../contracts/words.ts';

/** Share of an attempt's time that a source may use where the symbol has others; the rest is kept for storing their rows. */
const SHARE = 0.8;

/** The time that the sources of a symbol have in one attempt to collect. */
export interface SourceTime {
  /** Signal that aborts when the time is over. */
  readonly signal: AbortSignal;
  /** Returns the failure of a source that did not finish in time. */
  error(source: SourceType): PredictLabError;
  close(): void;
}

/**
 * Starts the time limit of a symbol's sources. A source that exceeds it fails alone, so that a slow venue does not cost the rows of
 * the others. A symbol's only source has the whole attempt.
 *
 * @param timeoutMs the attempt's time limit; Infinity where there is none
 * @param sources number of sources that take part
 */
export function sourceTime(timeoutMs: number, sources: number): SourceTime {
  const stop = new AbortController();
  const ms = timeoutMs * SHARE;
  const timer = sources > 1 && Number.isFinite(ms) ? setTimeout(() => stop.abort(new Error('out of time')), ms) : undefined;
  timer?.unref();
  return {
    signal: stop.signal,
    error: (source) =>
      new PredictLabError(
        'TaskTimeout',
        `${source} had not finished after ${Math.round(ms / 100) / 10} s, most of an attempt's time; its staged rows are kept: give collect more time (stages.collect.timeout) if it has much to fetch`,
      ),
    close: () => clearTimeout(timer),
  };
}
