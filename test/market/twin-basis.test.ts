import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeeSchedule, OrderBook } from '../../src/contracts/market-data.ts';
import {
  apartMs,
  areReversed,
  type BasisPoint,
  type BasisSide,
  basisSeries,
  mirrorBook,
  tradeCosts,
  twinBasis,
} from '../../src/market/twin-basis.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 10, 2);

interface Bar {
  readonly hour: number;
  readonly close: number;
  readonly complete: boolean;
}

const sideOf = (bars: readonly Bar[], books: readonly OrderBook[] = [], more: Partial<BasisSide> = {}): BasisSide => ({
  outcomes: ['Yes', 'No'],
  fees: null,
  bars: {
    length: bars.length,
    openTime: Float64Array.from(bars, ({ hour }) => START + hour * HOUR),
    close: Float64Array.from(bars, ({ close }) => close),
    complete: Uint8Array.from(bars, ({ complete }) => (complete ? 1 : 0)),
  },
  books,
  ...more,
});

const price = fc.integer({ min: 1, max: 99 }).map((cents) => cents / 100);
const fees = fc.oneof(
  fc.constant(null),
  fc.record({ model: fc.constantFrom('polymarket', 'predict', 'flat'), rate: fc.constantFrom(0, 0.02, 0.07) }) as fc.Arbitrary<FeeSchedule>,
);
const side: fc.Arbitrary<BasisSide> = fc
  .record({
    bars: fc
      .array(fc.option(fc.record({ close: price, complete: fc.integer({ max: 9, min: 0 }).map((n) => n > 0) }), { freq: 6 }), {
        minLength: 30,
        maxLength: 60,
      })
      .map((hours) => hours.flatMap((bar, hour) => (bar === null ? [] : [{ hour, ...bar }]))),
    books: fc.array(
      fc.record({
        // some at the very close of a bar
        at: fc.integer({ min: -20, max: 260 }).map((quarter) => START + (quarter * HOUR) / 4),
        bid: fc.option(price, { freq: 9 }),
        ask: fc.option(price, { freq: 9 }),
      }),
      { minLength: 3, maxLength: 20 },
    ),
    fees,
    terms: fc.array(fc.record({ until: fc.integer({ min: 0, max: 60 }).map((hour) => START + hour * HOUR), fees }), { maxLength: 3 }),
  })
  .map(({ bars, books, fees: now, terms }) =>
    sideOf(
      bars,
      books.toSorted((a, b) => a.at - b.at),
      { fees: now, earlierTerms: terms.toSorted((a, b) => a.until - b.until).map((term) => ({ ...term, tickSize: null })) },
    ),
  );

/** The fee of a taker's unit by the formulas of docs/backtest.md, written out again. */
const feeOf = (schedule: FeeSchedule | null, at: number): number => {
  if (schedule === null) return 0;
  if (schedule.model === 'flat') return schedule.rate * at;
  return schedule.rate * (schedule.model === 'polymarket' ? at * (1 - at) : Math.min(at, 1 - at));
};

/** The same series, bar by bar, by looking everything up again for each bar. */
function slowly(market: BasisSide, twin: BasisSide, asOf: number): readonly BasisPoint[] {
  const barsOf = ({ bars }: BasisSide) =>
    Array.from({ length: bars.length }, (_, i) => [bars.openTime[i], bars.close[i], bars.complete[i]]);
  const traded = (one: BasisSide, close: number, time: number): { buy: number; sell: number } | null => {
    const book = one.books.filter(({ at }) => at <= time).at(-1);
    if (book === undefined || book.bid === null || book.ask === null) return null;
    const half = Math.max(0, (book.ask - book.bid) / 2);
    const valid = [...(one.earlierTerms ?? []).map((term) => [term.until, term.fees] as const), [Infinity, one.fees] as const];
    const schedule = valid.filter(([until]) => until > time)[0][1];
    const [ask, bid] = [Math.min(1, close + half), Math.max(0, close - half)];
    return { buy: ask + feeOf(schedule, ask), sell: bid - feeOf(schedule, bid) };
  };
  return barsOf(market).flatMap(([opened, close, complete]) => {
    const other = barsOf(twin).find(([at]) => at === opened);
    const time = opened + HOUR;
    if (other === undefined || complete !== 1 || other[2] !== 1 || time > asOf) return [];
    const [here, there] = [traded(market, close, time), traded(twin, other[1], time)];
    const isKnown = here !== null && there !== null;
    return [
      {
        time,
        price: close,
        twinPrice: other[1],
        difference: close - other[1],
        buy: isKnown ? there.sell - here.buy : null,
        sell: isKnown ? here.sell - there.buy : null,
      },
    ];
  });
}

const rounded = (points: readonly BasisPoint[]) =>
  JSON.stringify(points, (_, value) => (typeof value === 'number' ? Number(value.toFixed(12)) + 0 : value));

describe('the price difference of twins over time', () => {
  it('equals a slow calculation for 300 random twins', () => {
    const compared = { points: 0, profits: 0 };
    fc.assert(
      fc.property(side, side, fc.integer({ min: 0, max: 62 }), (market, twin, hours) => {
        const asOf = START + hours * HOUR;
        const points = basisSeries(market, twin, { barMs: HOUR, asOf });
        compared.points += points.length;
        compared.profits += points.filter(({ buy }) => buy !== null).length;
        expect(rounded(points)).toBe(rounded(slowly(market, twin, asOf)));
      }),
      { numRuns: 300, seed: 20_261_202 },
    );
    expect(compared.points).toBeGreaterThan(3000);
    expect(compared.profits).toBeGreaterThan(1000);
  });

  it('has the other sign from the point of view of the twin, with buying and selling exchanged', () => {
    fc.assert(
      fc.property(side, side, (market, twin) => {
        const [here, there] = [
          basisSeries(market, twin, { barMs: HOUR, asOf: Infinity }),
          basisSeries(twin, market, { barMs: HOUR, asOf: Infinity }),
        ];
        expect(there).toEqual(
          here.map(({ time, price: own, twinPrice, difference, buy, sell }) => ({
            time,
            price: twinPrice,
            twinPrice: own,
            difference: difference === 0 ? 0 : -difference,
            buy: sell,
            sell: buy,
          })),
        );
      }),
    );
  });

  it('uses nothing newer than the close of a bar, and no bar after asOf', () => {
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 60 }), (market, twin, hours) => {
        const asOf = START + hours * HOUR;
        const upTo = (one: BasisSide): BasisSide => {
          const known = one.bars.openTime.filter((opened) => opened + HOUR <= asOf).length;
          const { openTime, close, complete } = one.bars;
          const bars = {
            length: known,
            openTime: openTime.slice(0, known),
            close: close.slice(0, known),
            complete: complete.slice(0, known),
          };
          return { ...one, bars, books: one.books.filter(({ at }) => at <= asOf) };
        };
        const all = basisSeries(market, twin, { barMs: HOUR, asOf: Infinity });
        const then = basisSeries(upTo(market), upTo(twin), { barMs: HOUR, asOf });
        expect(then).toEqual(all.filter(({ time }) => time <= asOf));
        expect(basisSeries(market, twin, { barMs: HOUR, asOf })).toEqual(then);
      }),
    );
  });

  it('has only bars that are complete at both venues, and never shows a profit in both directions', () => {
    fc.assert(
      fc.property(side, side, (market, twin) => {
        for (const { time, buy, sell } of basisSeries(market, twin, { barMs: HOUR, asOf: Infinity })) {
          for (const { bars } of [market, twin]) expect(bars.complete[bars.openTime.indexOf(time - HOUR)]).toBe(1);
          expect(Math.min(buy ?? 0, sell ?? 0)).toBeLessThanOrEqual(1e-12);
        }
      }),
    );
  });

  it('uses the fees of both venues at the time of each bar', () => {
    const bars = [0, 1].map((hour) => ({ hour, close: 0.5, complete: true }));
    const book = [{ at: START, bid: 0.49, ask: 0.51 }];
    const now: FeeSchedule = { model: 'polymarket', rate: 0.08 };
    const market = sideOf(bars, book, { fees: now, earlierTerms: [{ until: START + 2 * HOUR, fees: null, tickSize: null }] });
    const points = basisSeries(market, sideOf(bars, book), { barMs: HOUR, asOf: Infinity });
    expect(points.map(({ buy }) => buy?.toFixed(6))).toEqual(['-0.020000', (-0.02 - 0.08 * 0.51 * 0.49).toFixed(6)]);
  });

  it('compares the same outcome when the twin lists its outcomes in the opposite order', () => {
    const bars = (close: number) => [{ hour: 0, close, complete: true }];
    const books = (bid: number) => [{ at: START, bid, ask: bid + 0.02 }];
    const reversed = sideOf(bars(0.37), books(0.36), { outcomes: ['No', 'Yes'] });
    const [point] = basisSeries(sideOf(bars(0.6), books(0.59)), reversed, { barMs: HOUR, asOf: Infinity });
    expect(point).toMatchObject({ price: 0.6, twinPrice: 0.63 });
    expect(point.buy).toBeCloseTo(0.62 - 0.61, 12);
    const [own, other] = [
      { source: 'a', book: books(0.59)[0] },
      { source: 'b', book: mirrorBook(books(0.36)[0]) },
    ];
    const basis = twinBasis([own, other].map((one) => ({ ...one, ...tradeCosts(one.book, null) })));
    expect(basis).toMatchObject({ buyAt: 'a', sellAt: 'b', profit: expect.closeTo(0.62 - 0.61, 12) as number });
  });
});

describe('the order books of two markets', () => {
  it.each([
    [['Yes', 'No'], ['no', 'YES'], true],
    [['Yes', 'No'], ['Yes', 'No'], false],
    [['Up', 'Down'], ['Down', 'Flat'], false],
    [['Up', 'Down'], ['Flat', 'Up'], false],
    [['Up', 'Up'], ['Up', 'Up'], false],
    [['A', 'B', 'C'], ['B', 'A', 'C'], false],
    [['A', 'B'], ['B', 'A', 'C'], false],
    [['A', 'B', 'C'], ['B', 'A'], false],
  ])('belong to opposite outcomes for %j and %j: %s', (one, other, expected) => {
    expect(areReversed(one, other)).toBe(expected);
  });

  it('differ by the time between them, infinitely when one is missing', () => {
    const at = (minutes: number) => ({ book: { bid: 0.4, ask: 0.5, at: START + minutes * 60_000 } });
    expect(apartMs([at(2), at(0), at(7)])).toBe(7 * 60_000);
    expect(apartMs([at(2), { book: null }])).toBe(Infinity);
  });

  it('are compared by buying at the cheaper venue and selling at the dearer one, with the time between the books', () => {
    const venue = (source: string, bid: number, ask: number, at: number) => {
      const book = { bid, ask, at };
      return { source, book, ...tradeCosts(book, { model: 'flat', rate: 0.1 }) };
    };
    const basis = twinBasis([venue('a', 0.7, 0.8, START), venue('b', 0.4, 0.5, START + HOUR)]);
    expect(basis).toEqual({ buyAt: 'b', sellAt: 'a', profit: expect.closeTo(0.63 - 0.55, 12) as number, apartMs: HOUR });
    expect(twinBasis([venue('a', 0.7, 0.8, START)])).toBeNull();
  });
});

it('a book without a bid has no ask for the second outcome, and one without an ask has no bid for it', () => {
  const full = { bid: 0.36, ask: 0.38, bidSize: 10, askSize: 20, at: START };
  expect(mirrorBook(full)).toEqual({ bid: 0.62, ask: 0.64, bidSize: 20, askSize: 10, at: START });
  expect(mirrorBook({ bid: null, ask: 0.38, at: START })).toEqual({ bid: 0.62, ask: null, at: START });
  expect(mirrorBook({ bid: 0.36, ask: null, at: START })).toEqual({ bid: null, ask: 0.64, at: START });
});
