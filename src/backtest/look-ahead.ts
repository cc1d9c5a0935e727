/** What re-running a strategy without its future showed. */
export interface LookAheadProof {
  /** Bars at which the data was cut, with nothing after them and with another future. */
  readonly cuts: readonly number[];
  /** Decisions compared. */
  readonly of: number;
  /** Decisions that were different when the future was. More than 0: the strategy uses what it cannot know. */
  readonly changed: number;
  /** First bar whose decision changed. */
  readonly firstBar: number | null;
  /** In words: `0 of 4212 decisions changed`. */
  readonly verdict: string;
}
