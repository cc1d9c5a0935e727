/** Median of the last `size` numbers. They are kept sorted: adding one moves up to `size` numbers, which is fast for some dozens. */
export class RollingMedian {
  private readonly arrived: Float64Array;
  private readonly sorted: Float64Array;
  private count = 0;
  private next = 0;

  constructor(private readonly size: number) {
    this.arrived = new Float64Array(size);
    this.sorted = new Float64Array(size);
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

  /** Adds a finite number and removes the oldest one when the window is full. */
  push(value: number): void {
    if (this.count === this.size) {
      const oldest = this.find(this.arrived[this.next]);
      this.sorted.copyWithin(oldest, oldest + 1, this.count);
      this.count--;
    }
    const at = this.find(value);
    this.sorted.copyWithin(at + 1, at, this.count);
    this.sorted[at] = value;
    this.count++;
    this.arrived[this.next] = value;
    this.next = (this.next + 1) % this.size;
  }

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
