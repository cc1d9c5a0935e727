import type { CandidateRow } from '../../contracts/market-data.ts';
import type { SequencedTicks } from '../../market/candles/candle-columns.ts';

/** Collects ticks into columns of fixed room, to be taken when full. */
export class TickColumnsBuilder {
  private length = 0;
  private time: Float64Array;
  private price: Float64Array;
  private size: Float64Array;
  private buy: Uint8Array;
  private sequence: Float64Array;

  constructor(private readonly room: number) {
    this.time = new Float64Array(room);
    this.price = new Float64Array(room);
    this.size = new Float64Array(room);
    this.buy = new Uint8Array(room);
    this.sequence = new Float64Array(room);
  }

  get isFull(): boolean {
    return this.length === this.room;
  }

  /** @param row judged good, so with a time and a price */
  add(row: CandidateRow, sequence: number): void {
    const i = this.length++;
    this.time[i] = row.time ?? Number.NaN;
    this.price[i] = row.price ?? Number.NaN;
    this.size[i] = row.size ?? Number.NaN;
    this.buy[i] = row.side === null ? 255 : row.side === 'buy' ? 1 : 0;
    this.sequence[i] = sequence;
  }

  /** The ticks so far; valid until the next `add`. */
  take(): SequencedTicks {
    const { length, time, price, size, buy, sequence } = this;
    this.length = 0;
    return { length, time, price, size, buy, sequence };
  }
}
