/** What a venue takes from a taker's fill. Prices are those of the outcome that is bought or sold. */
export interface FeeModel {
  /** Money that one unit at `price` takes from the cash, fee included: what sizing divides by. */
  unitCost(price: number): number;
  /** The fee of one fill, as the venue rounds it. */
  fee(size: number, price: number): number;
  /** Money to leave aside for rounding. */
  readonly rounding: number;
}
