/** A suspicious state of the data that is not a contradiction. */
export interface DataWarning {
  /** What was found, where, and what it probably means: one sentence. */
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
}
