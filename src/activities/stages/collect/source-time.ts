import { PredictLabError } from '../../../contracts/errors.ts';
import type { SourceType } from '../../../contracts/words.ts';

/** Share of an attempt's time that a source may use where the symbol has others: the rest stores what those gave. */
const SHARE = 0.8;

/** The time that the sources of a symbol have in one attempt to collect. */
export interface SourceTime {
  /** Aborts when it is over. */
  readonly signal: AbortSignal;
  /** Why a source that was not done by then has failed. */
  error(source: SourceType): PredictLabError;
  close(): void;
}

/**
 * Starts the time of a symbol's sources. A source that uses up an attempt fails for itself: a venue that answers ever more slowly
 * must not take along what the others gave. A symbol's only source has all the time there is.
 *
 * @param timeoutMs the attempt's; Infinity where nobody times it out
 * @param sources how many take part
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
        `${source} was not done after ${Math.round(ms / 100) / 10} s, most of an attempt's time; what it gave so far is kept: give collect more time (stages.collect.timeout) if it has much to fetch`,
      ),
    close: () => clearTimeout(timer),
  };
}
