import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instrumentAsOf, marketOf } from '../../src/backtest/engine/market.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { PRESENT_MS } from '../../src/contracts/run/run-window.ts';
import { noteClose, noteTerms } from '../../src/sources/catalogue/market-life.ts';
import { instrument } from '../support/stage-run.ts';
import { worlds } from '../support/worlds.ts';

describe('the market of an instrument', () => {
  it('takes orders until it has closed; the planned end of an open market does not stop them', () => {
    expect(marketOf(instrument('polymarket:0x1', { closesAt: 1000, closed: false })).closesAt).toBeNull();
    expect(marketOf(instrument('polymarket:0x1', { closesAt: 1000, closed: true })).closesAt).toBe(1000);
  });

  it('charges the fees of its schedule, and none when no schedule is known', () => {
    const fees = { model: 'polymarket', rate: 0.072 } as const;
    expect(marketOf(instrument('polymarket:0x1', { fees })).fees).toEqual(fees);
    expect(marketOf(instrument('polymarket:0x1', { fees: null })).fees.rate).toBe(0);
  });
});

describe('an instrument as of an instant', () => {
  const STEP = 4 * 3_600_000;
  const START = Date.UTC(2026, 0, 1);
  /** What a venue says of a market, four-hourly: its terms change, it ends and is resolved later. */
  const lives = fc.record({
    ends: fc.integer({ min: 2, max: 10 }),
    resolves: fc.integer({ min: 0, max: 4 }),
    stated: fc.boolean(),
    planned: fc.integer({ min: 2, max: 14 }),
    terms: fc.array(fc.tuple(fc.constantFrom(0.01, 0.001), fc.constantFrom(0, 0.02)), { minLength: 16, maxLength: 16 }),
  });

  it('has the order book of up to an hour later, and none that is newer', () => {
    const bookAt = (at: number) => instrumentAsOf(instrument('polymarket:0x1', { book: { bid: 0.4, ask: 0.5, at } }), START).book;
    expect(bookAt(START + PRESENT_MS)).not.toBeNull();
    expect(bookAt(START + PRESENT_MS + 1)).toBeNull();
    expect(instrumentAsOf(instrument('polymarket:0x1', { book: null }), START).book).toBeNull();
  });

  it('is what a run at that instant knew, whatever later runs have learned', () => {
    fc.assert(
      fc.property(lives, ({ ends, resolves, stated, planned, terms }) => {
        const seen: Instrument[] = [];
        for (let hour = 0; hour < 16; hour++) {
          const now = START + hour * STEP;
          const closed = hour >= ends;
          const [tickSize, rate] = terms[hour];
          const facts = instrument('polymarket:0x1', {
            closed,
            endsAt: START + planned * STEP,
            closesAt: stated && closed ? START + ends * STEP : START + planned * STEP,
            ...(stated && closed && { closedAt: START + ends * STEP }),
            resolution: hour >= ends + resolves ? { kind: 'settled', payout: 1, at: null } : { kind: 'open' },
            tickSize,
            fees: { model: 'polymarket', rate },
            book: { bid: 0.4, ask: 0.4 + hour / 100, at: now + 30_000 },
          });
          const known = seen.at(-1);
          // the answer comes a little later than the instant that the run is named by
          const at = { asOf: now, clock: now + 30_000 };
          seen.push(noteTerms(noteClose(facts, known, at), known, at));
        }
        for (let hour = 0; hour < 16; hour++) {
          const asOf = START + hour * STEP;
          const [then, now] = [seen[hour], seen[15]].map((one) => instrumentAsOf(one, asOf));
          expect(marketOf(now)).toEqual(marketOf(then));
          expect(now.book).toEqual(hour === 15 ? then.book : null);
        }
      }),
      { numRuns: worlds(200) },
    );
  });
});
