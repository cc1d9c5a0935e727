import type { PastError } from '../../contracts/errors.ts';
import type { Incident } from '../../contracts/incident.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { PastAttempt } from '../../contracts/task/stage-report.ts';
import type { RunResult } from '../../contracts/words.ts';
import type { RecentPrices } from '../charts/sparkline.ts';

/** A run's status for its page; an open run has the result `running`. */
export interface RunOnPage extends PipelineStatus {
  readonly result: RunResult | 'running';
  /** Reasons of a degraded or failed run, most important first. */
  readonly reasons: readonly string[];
}

/**
 * All data of a run's page. Times are UTC epoch milliseconds, durations seconds, ratios fractions; `null` is unknown and shown as a dash
 * with its reason.
 */
export interface RunPageData {
  readonly result: RunOnPage;
  /** The resolved settings; `null` when the run ended before its input was accepted. */
  readonly config: RunConfig | null;
  /** The input as the user gave it, as JSON text. */
  readonly inputText: string | null;
  /** Median duration of earlier finished runs of the same size, and their number. */
  readonly usual: { readonly medianSeconds: number; readonly runs: number } | null;
  readonly previous: PreviousRunFacts | null;
  readonly symbols: readonly RunSymbolRow[];
  /** The last errors of tasks that succeeded after retries, by task id; unknown ones are missing. */
  readonly lastErrors: Readonly<Record<string, PastError>>;
  /** The last failed attempts of each task, by task id. @default none are known */
  readonly attempts?: Readonly<Record<string, readonly PastAttempt[]>>;
  readonly gaps: readonly SymbolGap[];
  /** Differences from the previous run, one sentence each, most important first. */
  readonly changes: readonly string[];
  /** Results of `deploy shadow` with this run, newest first. */
  readonly shadows?: readonly ShadowVerdict[];
  /** Incidents that affected the run, oldest first. @default none */
  readonly incidents?: readonly Incident[];
  /** Versions and ids of the software that executed the run: `{ predictlab: "0.2.0", node: "v20.20.2", "Temporal run id": … }`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly temporalUrl: string | null;
  /** When the data of an open run was read, for a page that is not updated. */
  readonly readAt?: number;
  readonly madeBy: string;
}

/** The result of `deploy shadow` for one build. */
export interface ShadowVerdict {
  readonly build: string;
  readonly verdict: 'same' | 'differs';
  /** Time of the comparison, UTC epoch milliseconds. */
  readonly at: number;
  readonly rows: number;
  readonly candles: number;
  readonly metrics: number;
  /** Differences, and what could not be compared, one sentence each. */
  readonly sentences: readonly string[];
}

export interface PreviousRunFacts {
  readonly runId: string;
  readonly result: string;
  readonly finishedAt: number | null;
  /** Relative address of the run's page; `null` when the page is not on this machine. */
  readonly href: string | null;
}

export interface RunSymbolRow extends RecentPrices {
  readonly symbol: string;
  readonly title: string;
  /** Relative address of the symbol's page; `null` when the run made none. */
  readonly href: string | null;
  /** Number of rows that this run collected. */
  readonly rowsIn: number | null;
  readonly quarantined: number | null;
  readonly best: {
    readonly strategy: string;
    readonly sharpe: number | null;
    readonly maxDrawdown: number | null;
    /** Reasons for undefined metrics, by name. */
    readonly undefined: Readonly<Record<string, string>>;
    readonly sharpeError?: number | null;
  } | null;
  /** The reason why there is no best strategy although there are backtests; absent otherwise. */
  readonly unranked?: string;
}

export interface SymbolGap extends TimeRange {
  readonly symbol: string;
  readonly instrument: string;
}
