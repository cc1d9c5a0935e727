/** What is no contradiction in the data, but worth a look. */
export interface DataWarning {
  /** What was found, where, and what it probably means: one sentence. */
  readonly detail: string;
  /** What to do about it. */
  readonly action: string;
}
