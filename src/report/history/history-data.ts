import type { Incident } from '../../contracts/incident.ts';
import type { UniverseOverview } from '../../contracts/universe-overview.ts';
import type { RecentPrices } from '../charts/sparkline.ts';
import type { State } from '../elements/tip.ts';

/** All data of the page of all runs. Times are UTC epoch milliseconds, durations seconds. */
export interface HistoryPageData {
  readonly now: number;
  /** The runs, newest first. */
  readonly runs: readonly HistoryRunColumn[];
  /** The symbols in alphabetical order. */
  readonly symbols: readonly HistorySymbolRow[];
  /** The next run of the schedule; `null` without a schedule, or while Temporal cannot be reached. */
  readonly next: { readonly at: number; readonly paused: boolean } | null;
  /** Address of the runs in Temporal's Web UI. @default not known */
  readonly temporalUrl?: string;
  readonly incidents?: readonly Incident[];
  /** Universes that a run has listed. @default none */
  readonly universes?: readonly UniverseOverview[];
  readonly madeBy: string;
}

export interface HistoryRunColumn {
  readonly runId: string;
  readonly state: State;
  readonly startedAt: number;
  /** The run's `asOf`; null where it is not known. */
  readonly asOf: number | null;
  readonly durationSeconds: number | null;
  readonly totalTasks: number | null;
  /** Reasons for the run's result, most important first. */
  readonly reasons: readonly string[];
  /** Address of the run's page; `null` where there is none. */
  readonly href: string | null;
  /** The symbols of an open run; empty once it has ended. */
  readonly openSymbols: readonly string[];
  readonly states: ReadonlyMap<string, State>;
  readonly custom: State | null;
}

export interface HistorySymbolRow extends RecentPrices {
  readonly symbol: string;
  readonly title: string;
  readonly href: string | null;
}
