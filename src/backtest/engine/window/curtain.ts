import type { MarketKind } from '../../../contracts/words.ts';
import type { Bands } from '../../indicators/bands.ts';
import type { CandleSeries } from '../candle-series.ts';

/**
 * What stands in the columns behind the present bar: `other` are other values, the next bar moving the other way from the present one;
 * `none` is NaN everywhere.
 */
export type Future = 'other' | 'none';

type Kind = 'time' | 'price' | 'volume' | 'value';

interface Column {
  readonly kind: Kind;
  /** What everybody who holds the column reads, however it was obtained. */
  readonly shown: Float64Array;
  readonly truth: Float64Array;
  readonly next: Column | undefined;
}

interface Group {
  /** Up to the first column of the group before. */
  readonly columns: Column | undefined;
  readonly end: Column | undefined;
  /** Values that are known at the close of each bar; undefined: one for each bar. */
  readonly known: Uint32Array | undefined;
  count: number;
  readonly next: Group | undefined;
}

/** The smallest move that the other future makes where the true price stands still. */
const LEAST_MOVE = 0.01;

/**
 * Hides what comes after the present bar while a strategy decides: the columns themselves are overwritten, in place, and get their true
 * values back bar by bar. So one run tests every decision against another future, whichever way a strategy came by a column: through its
 * window, by watching built-ins, or because its program holds the very same arrays. Always {@link lift} it: the columns are the caller's.
 *
 * The true values pass through no built-in function, list or map, which a strategy could watch: they lie in linked objects.
 */
export class Curtain {
  #future: Future = 'none';
  readonly #market: MarketKind;
  readonly #random: () => number;
  #columns: Column | undefined;
  #groups: Group | undefined;
  #bar = -1;

  constructor(market: MarketKind, random: () => number) {
    this.#market = market;
    this.#random = random;
  }

  /** Starts a run before the first bar: everything that is hidden has this future again. */
  draw(future: Future): void {
    this.#future = future;
    this.#bar = -1;
    for (let column = this.#columns; column !== undefined; column = column.next) this.#fill(column);
    for (let group = this.#groups; group !== undefined; group = group.next) group.count = 0;
  }

  /** Hides a series. @param known how many of its bars are known at the close of each bar traded on. @default each at its own close */
  hideSeries(candles: CandleSeries, known?: Uint32Array): void {
    const end = this.#columns;
    this.#cover(candles.openTime, 'time');
    this.#cover(candles.open, 'price');
    this.#cover(candles.high, 'price');
    this.#cover(candles.low, 'price');
    this.#cover(candles.close, 'price');
    this.#cover(candles.volume, 'volume');
    this.#group(end, known);
  }

  /** Hides computed columns. */
  hideValues(values: Float64Array | Bands, known?: Uint32Array): void {
    const end = this.#columns;
    if (values instanceof Float64Array) this.#cover(values, 'value');
    else {
      this.#cover(values.lower, 'value');
      this.#cover(values.middle, 'value');
      this.#cover(values.upper, 'value');
    }
    this.#group(end, known);
  }

  /** The true columns of a series, hidden or not. */
  truthOf(candles: CandleSeries): CandleSeries {
    const truth = (values: Float64Array): Float64Array => this.#find(values)?.truth ?? values;
    const { length, openTime, open, high, low, close, volume } = candles;
    return {
      length,
      openTime: truth(openTime),
      open: truth(open),
      high: truth(high),
      low: truth(low),
      close: truth(close),
      volume: truth(volume),
    };
  }

  /** Shows everything that is known at the close of a bar. */
  reveal(bar: number): void {
    this.#bar = bar;
    for (let group = this.#groups; group !== undefined; group = group.next) this.#show(group);
  }

  /** Gives all columns their true values back. */
  lift(): void {
    for (let column = this.#columns; column !== undefined; column = column.next) copy(column.truth, column.shown);
    this.#columns = undefined;
    this.#groups = undefined;
  }

  #find(values: Float64Array): Column | undefined {
    let column = this.#columns;
    while (column !== undefined && column.shown !== values) column = column.next;
    return column;
  }

  #cover(shown: Float64Array, kind: Kind): void {
    if (this.#find(shown) !== undefined) return;
    const truth = new Float64Array(shown.length);
    copy(shown, truth);
    this.#columns = { kind, shown, truth, next: this.#columns };
    this.#fill(this.#columns);
  }

  #fill({ kind, shown, truth }: Column): void {
    const last = shown.length - 1;
    if (this.#future === 'none') for (let i = 0; i <= last; i++) shown[i] = Number.NaN;
    // what lies far ahead: the same values from the other end
    else for (let i = 0; i <= last; i++) shown[i] = kind === 'time' ? truth[i] : truth[last - i];
  }

  #group(end: Column | undefined, known: Uint32Array | undefined): void {
    if (this.#columns === end) return;
    this.#groups = { columns: this.#columns, end, known, count: 0, next: this.#groups };
    if (this.#bar >= 0) this.#show(this.#groups);
  }

  #show(group: Group): void {
    const { columns, end, known, count } = group;
    const to = known === undefined ? this.#bar + 1 : known[this.#bar];
    if (to === count && count > 0) return;
    group.count = to;
    const other = this.#future === 'other' && to > 0;
    const factor = other ? 0.5 + this.#random() : 1;
    for (let column = columns; column !== end && column !== undefined; column = column.next) {
      const { shown, truth, kind } = column;
      for (let i = count; i < to; i++) shown[i] = truth[i];
      if (other && to < truth.length && kind !== 'time') shown[to] = this.#otherWay(truth[to - 1], truth[to], kind, factor);
    }
  }

  /** A next value that moves the other way from the present one. */
  #otherWay(present: number, next: number, kind: Kind, factor: number): number {
    if (kind === 'volume') return next > present ? present * 0.5 * factor : present * (1 + factor) + 1;
    if (kind === 'price' && this.#market === 'asset') {
      const move = next === present ? LEAST_MOVE : present / next - 1;
      return present * (move < 0 ? 1 / (1 - move * factor) : 1 + move * factor);
    }
    const move = next === present ? LEAST_MOVE * (present > 0.5 ? -factor : factor) : (present - next) * factor;
    return kind === 'price' ? clamped(present + move) : present + move;
  }
}

function copy(from: Float64Array, to: Float64Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}

const clamped = (price: number): number => (price < 0 ? 0 : price > 1 ? 1 : price);
