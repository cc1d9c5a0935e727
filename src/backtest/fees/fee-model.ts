/** A venue's fees on fills. Prices are those of the outcome that is bought or sold. */
export interface FeeModel {
  /** Cash that one unit at `price` costs, fee included; sizing divides by it. */
  unitCost(price: number): number;
  /** Fee of one fill, rounded as the venue rounds it. */
  fee(size: number, price: number): number;
  /** Cash to reserve for the rounding of fees. */
  readonly rounding: number;
}
