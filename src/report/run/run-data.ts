import type { PastError } from '../../contracts/errors.ts';
import type { Incident } from '../../contracts/incident.ts';
import type { TimeRange } from '../../contracts/market-data.ts';
import type { PipelineStatus } from '../../contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../contracts/run/run-config.ts';
import type { PastAttempt } from '../../contracts/task/past-attempt.ts';
import type { RunResult } from '../../contracts/words.ts';
import type { PricePoint } from '../symbol/symbol-data.ts';

/** A run as its page shows it; one that is still open has no result yet. */
export interface RunOnPage extends PipelineStatus {
  readonly result: RunResult | 'running';
  /** Reasons of a degraded or failed run, most important first. */
  readonly reasons: readonly string[];
}

/**
 * Everything a run's page shows, as plain data. Times are UTC epoch milliseconds, durations seconds, ratios fractions.
 * `null` means "not known": shown as a dash with its reason.
 */
export interface RunPageData {
  readonly result: RunOnPage;
  /** What the run worked from; `null` when it ended before its input was accepted. */
  readonly config: RunConfig | null;
  /** The input as the user gave it, as JSON text. */
  readonly inputText: string | null;
  /** Duration of former finished runs of the same size: their median and how many they were. */
  readonly usual: { readonly medianSeconds: number; readonly runs: number } | null;
  readonly previous: PreviousRunFacts | null;
  readonly symbols: readonly RunSymbolRow[];
  /** How the last failed attempt failed, of tasks that succeeded after all, where it is known; by task id. */
  readonly lastErrors: Readonly<Record<string, PastError>>;
  /** Attempts that failed and when they ran, the last ones of each task; by task id. @default none are known */
  readonly attempts?: Readonly<Record<string, readonly PastAttempt[]>>;
  readonly gaps: readonly SymbolGap[];
  /** What is different from the run before, one sentence each, most important first. */
  readonly changes: readonly string[];
  /** What `deploy shadow` found of builds tried on this run, newest first. */
  readonly shadows?: readonly ShadowVerdict[];
  /** Incidents that the run met, the first one first. @default none */
  readonly incidents?: readonly Incident[];
  /** What made the run, shown as it is: `{ predictlab: "0.1.0", node: "v20.20.2", "Temporal run id": … }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** The run in Temporal's Web UI. */
  readonly temporalUrl: string | null;
  /** Of an open run's page that nobody updates: when it was so. */
  readonly readAt?: number;
  readonly madeBy: string;
}

/** A build that was tried on what the run worked from. */
export interface ShadowVerdict {
  readonly build: string;
  readonly verdict: 'same' | 'differs';
  /** UTC epoch milliseconds. */
  readonly at: number;
  readonly rows: number;
  readonly candles: number;
  readonly metrics: number;
  /** Why it differs, or what could not be compared, one sentence each. */
  readonly sentences: readonly string[];
}

export interface PreviousRunFacts {
  readonly runId: string;
  readonly result: string;
  readonly finishedAt: number | null;
  /** Relative address of its page, where it is on this machine. */
  readonly href: string | null;
}

/** One symbol in the run's table. */
export interface RunSymbolRow {
  readonly symbol: string;
  readonly title: string;
  /** Relative address of its page; `null` when the run made none. */
  readonly href: string | null;
  /** New ticks and candidate rows that came in with this run. */
  readonly rowsIn: number | null;
  readonly quarantined: number | null;
  /** Of the symbol's most active instrument. */
  readonly last: PricePoint | null;
  /** Closes of the last seven days of that instrument, oldest first; holes stay holes. */
  readonly spark: readonly PricePoint[];
  /** How far apart two neighbours among them are, milliseconds. */
  readonly sparkStep: number;
  readonly best: {
    readonly strategy: string;
    readonly sharpe: number | null;
    readonly maxDrawdown: number | null;
    /** Reasons of the nulls, by metric. */
    readonly undefined: Readonly<Record<string, string>>;
    readonly sharpeError?: number | null;
  } | null;
  /** Why there is no best strategy although there are backtests. */
  readonly unranked?: string;
}

/** A part of the run's window that was not collected. */
export interface SymbolGap extends TimeRange {
  readonly symbol: string;
  readonly instrument: string;
}
