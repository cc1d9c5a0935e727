/** Reads the values of one column up to the present bar. */
export interface Reading {
  /** The value `back` bars ago, 0 = now. NaN before the first bar, during warm-up, and for a `back` that is not a past bar. */
  at(back?: number): number;
}
