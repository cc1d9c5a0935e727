/** A channel around the price; three columns as long as the candles, NaN during warm-up. */
export interface Bands {
  readonly lower: Float64Array;
  readonly middle: Float64Array;
  readonly upper: Float64Array;
}
