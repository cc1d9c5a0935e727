export interface KnownRun {
  readonly runId: string;
  /** The first execution's Temporal run id. */
  readonly executionId: string;
  readonly open: boolean;
  readonly closeStatus: string;
  /** null while the run is open */
  readonly closedAt: Date | null;
}

export interface StartedRun {
  readonly runId: string;
  /** The first execution's Temporal run id. */
  readonly executionId: string;
}
