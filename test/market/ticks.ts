import * as fc from 'fast-check';
import type { SequencedTicks } from '../../src/market/candles/candle-columns.ts';

/** A tick as tests write it. */
export interface TestTick {
  readonly time: number;
  readonly price: number;
  /** NaN: a price point. */
  readonly size: number;
  /** 1 buy, 0 sell, 255 unknown */
  readonly buy: number;
  readonly sequence: number;
}

export const tick = (time: string | number, price: number, size = Number.NaN, buy = 255, sequence = 0): TestTick => ({
  time: typeof time === 'number' ? time : Date.parse(time),
  price,
  size,
  buy,
  sequence,
});

export const columnsOf = (ticks: readonly TestTick[]): SequencedTicks => ({
  length: ticks.length,
  time: Float64Array.from(ticks, (t) => t.time),
  price: Float64Array.from(ticks, (t) => t.price),
  size: Float64Array.from(ticks, (t) => t.size),
  buy: Uint8Array.from(ticks, (t) => t.buy),
  sequence: Float64Array.from(ticks, (t) => t.sequence),
});

const decimal = (max: number, decimals: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max: max * 10 ** decimals }).map((units) => units / 10 ** decimals);

const size = fc.oneof(
  { weight: 5, arbitrary: decimal(1000, 2) },
  { weight: 3, arbitrary: decimal(500_000, 6) },
  { weight: 1, arbitrary: fc.double({ min: 1e-9, max: 1e12, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const price = fc.oneof(
  { weight: 6, arbitrary: decimal(1, 3) },
  { weight: 2, arbitrary: decimal(1, 10) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);

/** Ticks of a few days in canonical order, many of them sharing a timestamp, with every kind of number venues print. */
export const ticksArbitrary: fc.Arbitrary<TestTick[]> = fc
  .array(fc.record({ minute: fc.integer({ min: 0, max: 6000 }), price, size, buy: fc.constantFrom(0, 1, 255) }), {
    minLength: 1,
    maxLength: 80,
  })
  .map((rows) =>
    rows
      .sort((a, b) => a.minute - b.minute)
      .map((row, sequence) => ({ ...row, time: Date.UTC(2026, 0, 3) + row.minute * 60_000, sequence })),
  );
