/**
 * Median of the last `room` numbers, kept sorted: a step costs a search and a move of at most `room` numbers, so rooms of
 * some dozens are as fast as anything.
 */
export class RollingMedian {
  private readonly arrived: Float64Array;
  private readonly sorted: Float64Array;
  private count = 0;
  private next = 0;

  constructor(private readonly room: number) {
    this.arrived = new Float64Array(room);
    this.sorted = new Float64Array(room);
  }

  get length(): number {
    return this.count;
  }

  /** NaN while there are no numbers. */
  get median(): number {
    if (this.count === 0) return Number.NaN;
    const middle = this.count >> 1;
    return this.count % 2 === 1 ? this.sorted[middle] : (this.sorted[middle - 1] + this.sorted[middle]) / 2;
  }

  /** Takes a finite number in; the oldest leaves when there are more than fit. */
  push(value: number): void {
    if (this.count === this.room) {
      const leaving = this.find(this.arrived[this.next]);
      this.sorted.copyWithin(leaving, leaving + 1, this.count);
      this.count--;
    }
    const at = this.find(value);
    this.sorted.copyWithin(at + 1, at, this.count);
    this.sorted[at] = value;
    this.count++;
    this.arrived[this.next] = value;
    this.next = (this.next + 1) % this.room;
  }

  /** The first place whose number is not less than `value`. */
  private find(value: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
