/** Values of one column up to the present bar. */
export interface Reading {
  /** The value `back` bars ago, 0 = now. NaN before the first bar, during warm-up, and for anything that is not in the past. */
  at(back?: number): number;
}
