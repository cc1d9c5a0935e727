import { describe, expect, it } from 'vitest';
import type { Instrument, Resolution } from '../../src/contracts/market-data.ts';
import {
  isFinal,
  isToBeConfirmed,
  noteClose,
  noteTakenBack,
  timeAfterEnd,
  timeBeforeOpening,
  tradableWindow,
  withTradeAt,
} from '../../src/sources/catalogue/market-life.ts';
import { seriesMembers, unfinishedMembers } from '../../src/sources/catalogue/series.ts';

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

  it('starts at its opening and ends a minute after its end, and all other time is covered without a request', () => {
    const instrument = { opensAt: DAY, closedAt: 5 * DAY, closed: true };
    expect(tradableWindow(instrument, window)).toEqual({ from: DAY, to: 5 * DAY + 60_000 });
    expect(timeBeforeOpening(instrument, window)).toEqual([{ from: 0, to: DAY }]);
    expect(timeAfterEnd(instrument, window)).toEqual([{ from: 5 * DAY + 60_000, to: 10 * DAY }]);
    expect(timeAfterEnd({ ...instrument, closed: false }, window)).toEqual([]);
  });

  it('does not end at its planned end', () => {
    expect(tradableWindow({ opensAt: null, closed: true }, window)).toEqual(window);
  });
});

describe('a close without a date from the venue', () => {
  it('has the time at which the venue was first seen to report it', () => {
    const first = noteClose(over, undefined, live);
    expect(first).toMatchObject({ closedAt: live.clock, closesAt: NOW - 9 * HOUR });
    const again = noteClose(over, first, { asOf: NOW + 4 * HOUR, clock: NOW + 4 * HOUR });
    expect(again.closedAt).toBe(live.clock);
  });

  it('is not moved back by a run with a past asOf', () => {
    const seen = noteClose(over, undefined, { asOf: OCTOBER, clock: NOW });
    expect(seen).toMatchObject({ closedAt: NOW, resolution: { at: NOW } });
    expect(noteClose({ ...over, closesAt: null }, undefined, { asOf: OCTOBER, clock: NOW }).closesAt).toBe(NOW);
  });

  it('is known to a live run that sees it, and not before', () => {
    expect(noteClose(over, undefined, live).resolution).toMatchObject({ at: NOW });
    const known = noteClose(over, undefined, live);
    expect(noteClose(over, known, { asOf: NOW + DAY, clock: NOW + DAY }).resolution).toMatchObject({ at: NOW });
    const changed = noteClose({ ...over, resolution: { ...won, payout: 0 } }, known, { asOf: NOW + DAY, clock: NOW + DAY });
    expect(changed.resolution).toMatchObject({ at: NOW + DAY });
  });

  it('is moved to a later trade', () => {
    const known = noteClose(over, undefined, live);
    const traded = withTradeAt(known, NOW + HOUR);
    expect(traded.closedAt).toBe(NOW + HOUR);
    expect(noteClose(over, traded, { asOf: NOW + DAY, clock: NOW + DAY }).closedAt).toBe(NOW + HOUR);
    expect(withTradeAt(known, NOW - HOUR)).toBe(known);
    expect(withTradeAt(market(), NOW)).not.toHaveProperty('closedAt');
  });

  it('is removed when the market opens again', () => {
    expect(noteClose(market(), noteClose(over, undefined, live), live)).not.toHaveProperty('closedAt');
  });

  it('has the date that the venue states, if there is one', () => {
    const stated = noteClose({ ...over, closedAt: NOW - DAY, resolution: { ...won, at: NOW - DAY } }, undefined, {
      asOf: OCTOBER,
      clock: NOW,
    });
    expect(stated).toMatchObject({ closedAt: NOW - DAY, resolution: { at: NOW - DAY } });
  });
});

describe('the markets that are looked up again', () => {
  it('are those that are not closed, settled and dated', () => {
    expect(isFinal(noteClose(over, undefined, live))).toBe(true);
    expect(isFinal(over)).toBe(false);
    expect(isFinal(market())).toBe(false);
  });

  it('include members of a series that have not settled, whatever the window', () => {
    const start = (NOW - 5 * DAY) / 1000;
    const member = (facts: Partial<Instrument>): Instrument => market({ reference: `btc-updown-15m-${start}`, ...facts });
    const settled = noteClose(member({ ...over, reference: `btc-updown-15m-${start + 900}` }), undefined, live);
    const other = market({ reference: `btc-updown-15m-weekly-${start}` });
    expect(unfinishedMembers('btc-updown-15m', [member({}), settled, other])).toEqual([`btc-updown-15m-${start}`]);
    expect((seriesMembers('btc-updown-15m', { from: NOW - DAY, to: NOW }) ?? []).flatMap(({ slugs }) => slugs)).not.toContain(
      `btc-updown-15m-${start}`,
    );
  });
});

describe('a close or result that a venue withdraws', () => {
  const settled = noteClose(over, undefined, live);
  const later = { asOf: NOW + 2 * DAY, clock: NOW + 2 * DAY };

  it('is detected by a check a day after the result was first seen, and the result counts as confirmed only after that check', () => {
    expect(isToBeConfirmed(settled, NOW + DAY / 2)).toBe(false);
    expect(isToBeConfirmed(settled, later.asOf)).toBe(true);
    expect(noteClose(settled, settled, later)).not.toHaveProperty('confirmedAt');
    const standing = noteClose(over, settled, { ...later, again: true });
    expect(standing).toMatchObject({ settledFrom: live.clock, confirmedAt: later.clock });
    expect(isToBeConfirmed(standing, NOW + 9 * DAY)).toBe(false);
    // results that earlier versions stored remain
    const { settledFrom: _, ...earlier } = settled;
    expect(isToBeConfirmed(earlier, NOW + 9 * DAY)).toBe(false);
  });

  it('is no longer expected once the venue dates the result a day earlier', () => {
    const dated: Instrument = { ...over, closedAt: NOW - 2 * DAY, resolution: { kind: 'settled', payout: 1, at: NOW - 2 * DAY } };
    expect(noteClose(dated, undefined, live)).toMatchObject({ confirmedAt: live.clock });
  });

  it('makes the time that the close covered doubtful, and the run reports it', () => {
    const noted = noteTakenBack(noteClose(market({ source: 'predict' }), settled, later), settled, later);
    expect(noted.doubtfulFrom).toBe(live.clock + 60_000);
    expect(noted.instrument.tookBack).toEqual({
      asOf: later.asOf,
      said: `predict:1: predict had called it closed on ${new Date(live.clock).toISOString()} and settled at 1 and calls it open again: its collection continues`,
    });
  });

  it('leaves a market without a result as it is stated when it opens again', () => {
    const closed = market({ source: 'predict', closed: true, closedAt: NOW, resolution: { kind: 'unresolved', reason: 'none yet' } });
    const { instrument } = noteTakenBack(market({ source: 'predict' }), closed, later);
    expect(instrument).not.toHaveProperty('settlement');
    expect(instrument.tookBack?.said).toContain('and calls it open again');
  });

  it('is replaced by the new result from the time at which that was seen, whatever date the venue gives it', () => {
    const dated: Instrument = {
      ...over,
      source: 'polymarket',
      closedAt: NOW - HOUR,
      resolution: { kind: 'settled', payout: 1, at: NOW - HOUR },
    };
    const first = noteClose(dated, undefined, live);
    const other = noteClose({ ...dated, resolution: { kind: 'settled', payout: 0, at: NOW - HOUR } }, first, later);
    expect(other).toMatchObject({ resolution: { payout: 0, at: later.asOf }, settledFrom: later.clock });
    const noted = noteTakenBack(other, first, later);
    expect(noted).toMatchObject({
      instrument: {
        tookBack: { said: 'predict:1: polymarket had settled it at 1 and settles it at 0 now: the new statement counts from now on' },
      },
    });
    const again = noteClose({ ...dated, resolution: { kind: 'settled', payout: 0, at: NOW - HOUR } }, noted.instrument, {
      asOf: NOW + 3 * DAY,
      clock: NOW + 3 * DAY,
    });
    expect(again.resolution).toMatchObject({ at: later.asOf });
    expect(noteTakenBack(again, noted.instrument, { asOf: NOW + 3 * DAY, clock: 0 }).instrument.tookBack?.asOf).toBe(later.asOf);
  });

  it('makes the time after the earlier close doubtful when the close moves to a later date', () => {
    const first = noteClose({ ...over, closedAt: NOW - 5 * HOUR }, undefined, live);
    const moved = noteClose({ ...over, closedAt: NOW - HOUR }, first, later);
    expect(noteTakenBack(moved, first, later)).toMatchObject({ doubtfulFrom: NOW - 5 * HOUR + 60_000 });
    expect(noteTakenBack(first, first, later).doubtfulFrom).toBeUndefined();
  });
});
