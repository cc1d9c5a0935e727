import { describe, expect, it } from 'vitest';
import type { Instrument, Resolution } from '../../src/contracts/market-data.ts';
import { isFinal, lifelessAfter, lifelessBefore, noteClose, tradableWindow, withTradeAt } from '../../src/sources/market-life.ts';
import { seriesMembers, unfinishedMembers } from '../../src/sources/series.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 25, 12);
const OCTOBER = Date.UTC(2026, 9, 1);

const market = (facts: Partial<Instrument> = {}): Instrument =>
  ({ id: 'predict:1', closesAt: NOW - 9 * HOUR, closed: false, resolution: { kind: 'open' }, reference: 'rain', ...facts }) as Instrument;
const won: Resolution = { kind: 'settled', payout: 1, at: null };
const over = market({ closed: true, resolution: won });
const live = { asOf: NOW, clock: NOW + 5_000 };

describe('the life of a market', () => {
  const window = { from: 0, to: 10 * DAY };

  it('begins when it opened and ends a minute after its end; the rest is covered without asking', () => {
    const instrument = { opensAt: DAY, endsBy: 5 * DAY, closed: true };
    expect(tradableWindow(instrument, window)).toEqual({ from: DAY, to: 5 * DAY + 60_000 });
    expect(lifelessBefore(instrument, window)).toEqual([{ from: 0, to: DAY }]);
    expect(lifelessAfter(instrument, window)).toEqual([{ from: 5 * DAY + 60_000, to: 10 * DAY }]);
    expect(lifelessAfter({ ...instrument, closed: false }, window)).toEqual([]);
  });

  it('does not end where it was planned to', () => {
    expect(tradableWindow({ opensAt: null, closed: true }, window)).toEqual(window);
  });
});

describe('a close that the venue does not date', () => {
  it('is as late as the venue was first seen to say so', () => {
    const first = noteClose(over, undefined, live);
    expect(first).toMatchObject({ endsBy: live.clock, closesAt: NOW - 9 * HOUR });
    const again = noteClose(over, first, { asOf: NOW + 4 * HOUR, clock: NOW + 4 * HOUR });
    expect(again.endsBy).toBe(live.clock);
  });

  it('is never dated back by a run as of the past', () => {
    const seen = noteClose(over, undefined, { asOf: OCTOBER, clock: NOW });
    expect(seen).toMatchObject({ endsBy: NOW, resolution: { at: NOW } });
    expect(noteClose({ ...over, closesAt: null }, undefined, { asOf: OCTOBER, clock: NOW }).closesAt).toBe(NOW);
  });

  it('is known to the run about now that sees it, and no sooner', () => {
    expect(noteClose(over, undefined, live).resolution).toMatchObject({ at: NOW });
    const known = noteClose(over, undefined, live);
    expect(noteClose(over, known, { asOf: NOW + DAY, clock: NOW + DAY }).resolution).toMatchObject({ at: NOW });
    const changed = noteClose({ ...over, resolution: { ...won, payout: 0 } }, known, { asOf: NOW + DAY, clock: NOW + DAY });
    expect(changed.resolution).toMatchObject({ at: NOW + DAY });
  });

  it('moves to a trade that was made after it', () => {
    const known = noteClose(over, undefined, live);
    const traded = withTradeAt(known, NOW + HOUR);
    expect(traded.endsBy).toBe(NOW + HOUR);
    expect(noteClose(over, traded, { asOf: NOW + DAY, clock: NOW + DAY }).endsBy).toBe(NOW + HOUR);
    expect(withTradeAt(known, NOW - HOUR)).toBe(known);
    expect(withTradeAt(market(), NOW)).not.toHaveProperty('endsBy');
  });

  it('is forgotten when the market opens again', () => {
    expect(noteClose(market(), noteClose(over, undefined, live), live)).not.toHaveProperty('endsBy');
  });

  it('counts as the venue states it, where it does', () => {
    const stated = noteClose({ ...over, endsBy: NOW - DAY, resolution: { ...won, at: NOW - DAY } }, undefined, {
      asOf: OCTOBER,
      clock: NOW,
    });
    expect(stated).toMatchObject({ endsBy: NOW - DAY, resolution: { at: NOW - DAY } });
  });
});

describe('what is asked for again', () => {
  it('is what is not closed, settled and dated', () => {
    expect(isFinal(noteClose(over, undefined, live))).toBe(true);
    expect(isFinal(over)).toBe(false);
    expect(isFinal(market())).toBe(false);
  });

  it('are members of a series that had not settled, whatever the window', () => {
    const start = (NOW - 5 * DAY) / 1000;
    const member = (facts: Partial<Instrument>): Instrument => market({ reference: `btc-updown-15m-${start}`, ...facts });
    const settled = noteClose(member({ ...over, reference: `btc-updown-15m-${start + 900}` }), undefined, live);
    const other = market({ reference: `btc-updown-15m-weekly-${start}` });
    expect(unfinishedMembers('btc-updown-15m', [member({}), settled, other])).toEqual([`btc-updown-15m-${start}`]);
    expect((seriesMembers('btc-updown-15m', { from: NOW - DAY, to: NOW }) ?? []).map(({ slug }) => slug)).not.toContain(
      `btc-updown-15m-${start}`,
    );
  });
});
