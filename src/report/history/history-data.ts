import type { Incident } from '../../contracts/incident.ts';
import type { State } from '../elements/glyphs.ts';
import type { PricePoint } from '../symbol/symbol-data.ts';

/** Everything the page over all runs shows, as plain data. Times are UTC epoch milliseconds, durations seconds. */
export interface HistoryPageData {
  /** When it was read. */
  readonly now: number;
  /** Newest first. */
  readonly runs: readonly HistoryRunColumn[];
  /** In alphabetical order; the page puts those that need attention first. */
  readonly symbols: readonly HistorySymbolRow[];
  /** The next run of the schedule; `null` without one, or where nobody can say. */
  readonly next: { readonly at: number; readonly paused: boolean } | null;
  /** The runs in Temporal's Web UI. @default not known */
  readonly temporalUrl?: string;
  /** What is wrong now, newest first. @default nothing */
  readonly incidents?: readonly Incident[];
  readonly madeBy: string;
}

export interface HistoryRunColumn {
  readonly runId: string;
  readonly state: State;
  readonly startedAt: number;
  readonly durationSeconds: number | null;
  readonly totalTasks: number | null;
  /** Why it is what it is, most important first. */
  readonly reasons: readonly string[];
  /** Address of its page; `null` where it is not. */
  readonly href: string | null;
  /** Its symbols while it is open; none once it has ended. */
  readonly openSymbols: readonly string[];
  readonly states: ReadonlyMap<string, State>;
  readonly custom: State | null;
}

export interface HistorySymbolRow {
  readonly symbol: string;
  readonly title: string;
  readonly href: string | null;
  /** Newest tick of the symbol's most active instrument. */
  readonly last: PricePoint | null;
  /** Closes of the last seven days of that instrument, oldest first. */
  readonly spark: readonly PricePoint[];
  /** How far apart two neighbours among them are, milliseconds. */
  readonly sparkStep: number;
}
