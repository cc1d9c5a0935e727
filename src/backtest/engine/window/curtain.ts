import type { MarketKind } from '../../../contracts/words.ts';
import type { Bands } from '../../indicators/indicators.ts';
import type { CandleSeries } from '../candle-series.ts';

/** Replacement of a column's future: `other` = the next bar moves in the opposite direction; `none` = NaN everywhere. */
export type Future = 'other' | 'none';

type Kind = 'time' | 'price' | 'volume' | 'value';

interface Column {
  readonly kind: Kind;
  /** The caller's array, overwritten in place: every holder of the array reads these values. */
  readonly shown: Float64Array;
  readonly truth: Float64Array;
  readonly next: Column | undefined;
}

interface Group {
  /** First column of the group in the linked list of all columns; `end` is the first column after the group. */
  readonly columns: Column | undefined;
  readonly end: Column | undefined;
  /** Number of values that are known at the close of each bar; undefined = one more per bar. */
  readonly known: Uint32Array | undefined;
  count: number;
  readonly next: Group | undefined;
}

/** Price move of the replacement future where the true price does not move. */
const MIN_MOVE = 0.01;

/**
 * Hides everything after the present bar while a strategy decides: overwrites the caller's columns in place and restores the true values
 * bar by bar. One run tests every decision against another future, however the strategy obtained a column (its window, patched built-ins,
 * the program's own arrays). The caller must {@link lift} the curtain to restore the columns.
 *
 * The true values are kept in linked objects and passed only to built-ins that were captured when this module was loaded: a strategy could
 * replace the others to read them.
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

  /** Starts a run before the first bar: replaces all values of all hidden columns by the given future. */
  draw(future: Future): void {
    this.#future = future;
    this.#bar = -1;
    for (let column = this.#columns; column !== undefined; column = column.next) this.#fill(column);
    for (let group = this.#groups; group !== undefined; group = group.next) group.count = 0;
  }

  /** Hides a series. @param known number of its bars that are known at the close of each traded bar. @default each bar at its own close */
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

  /** Hides computed columns. @param known number of values that are known at the close of each traded bar. @default one more per bar */
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

  /** A series with its true columns, whether they are hidden or not. */
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

  reveal(bar: number): void {
    this.#bar = bar;
    for (let group = this.#groups; group !== undefined; group = group.next) this.#show(group);
  }

  lift(): void {
    for (let column = this.#columns; column !== undefined; column = column.next) setAll(column.shown, column.truth);
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
    setAll(truth, shown);
    this.#columns = { kind, shown, truth, next: this.#columns };
    this.#fill(this.#columns);
  }

  #fill({ kind, shown, truth }: Column): void {
    if (this.#future === 'none') {
      fill(shown, Number.NaN);
      return;
    }
    setAll(shown, truth);
    // values far in the future: the series' own values in reverse order
    if (kind !== 'time') reverse(shown);
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
      if (other && to < truth.length && kind !== 'time') shown[to] = this.#opposite(truth[to - 1], truth[to], kind, factor);
    }
  }

  /** A next value that moves in the opposite direction of the true one. */
  #opposite(present: number, next: number, kind: Kind, factor: number): number {
    if (kind === 'volume') return next > present ? present * 0.5 * factor : present * (1 + factor) + 1;
    if (kind === 'price' && this.#market === 'asset') {
      const move = next === present ? MIN_MOVE : present / next - 1;
      return present * (move < 0 ? 1 / (1 - move * factor) : 1 + move * factor);
    }
    const move = next === present ? MIN_MOVE * (present > 0.5 ? -factor : factor) : (present - next) * factor;
    return kind === 'price' ? clamped(present + move) : present + move;
  }
}

/** Returns a method of typed arrays as a function. A strategy cannot patch it, since it is looked up when this module is loaded. */
const functionOf = (method: 'set' | 'fill' | 'reverse') =>
  Function.prototype.call.bind(Float64Array.prototype[method]) as (on: Float64Array, given?: Float64Array | number) => void;
const [setAll, fill, reverse] = [functionOf('set'), functionOf('fill'), functionOf('reverse')];

const clamped = (price: number): number => (price < 0 ? 0 : price > 1 ? 1 : price);
