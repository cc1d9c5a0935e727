import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMember, seriesMembers } from '../../src/sources/catalogue/series.ts';
import { coarser, GRAINS, ladderSteps } from '../../src/sources/polymarket/price-ladder.ts';
import { missingRanges } from '../../src/sources/walk/time-ranges.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 5, 10, 12);

describe('the uncovered part of a window', () => {
  it('is the window without the covered ranges, and both together are the window again', () => {
    const range = fc
      .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 20 }))
      .map(([from, length]) => ({ from, to: from + length }));
    const merged = fc.array(range, { maxLength: 6 }).map((ranges) => {
      const sorted = [...ranges].sort((a, b) => a.from - b.from);
      return sorted.reduce<{ from: number; to: number }[]>((kept, next) => {
        const last = kept.at(-1);
        if (last !== undefined && next.from <= last.to) last.to = Math.max(last.to, next.to);
        else kept.push({ ...next });
        return kept;
      }, []);
    });
    fc.assert(
      fc.property(range, merged, (window, covered) => {
        const missing = missingRanges(window, covered);
        for (let time = window.from; time < window.to; time++) {
          const inside = (ranges: readonly { from: number; to: number }[]): boolean =>
            ranges.some(({ from, to }) => time >= from && time < to);
          if (inside(missing) === inside(covered)) return false;
        }
        return missing.every(({ from, to }) => from >= window.from && to <= window.to && from < to);
      }),
    );
  });
});

describe('the markets of a series', () => {
  it('are all those that run in the window, named by their start', () => {
    const members = seriesMembers('btc-updown-5m', { from: NOW - HOUR, to: NOW }) ?? [];
    expect(members[0]).toEqual({ slugs: [`btc-updown-5m-${(NOW - HOUR) / 1000}`], start: NOW - HOUR, end: NOW - HOUR + 300_000 });
    expect(members.at(-1)?.start).toBe(NOW);
    expect(members).toHaveLength(13);
  });

  it('include the one that started before the window', () => {
    const [first] = seriesMembers('btc-updown-1h', { from: NOW - 1.5 * HOUR, to: NOW }) ?? [];
    expect(first.start).toBe(NOW - 2 * HOUR);
  });

  it('may start at any full hour when they last longer than one', () => {
    const starts = (seriesMembers('btc-updown-4h', { from: NOW - HOUR, to: NOW }) ?? []).map(({ start }) => (NOW - start) / HOUR);
    expect(starts).toEqual([4, 3, 2, 1, 0]);
  });

  it('of an hour or a day are also named by New York time, with and without the year', () => {
    const at = Date.UTC(2026, 8, 5, 9);
    const names = (slug: string, from: number) => (seriesMembers(slug, { from, to: from }) ?? []).flatMap(({ slugs }) => slugs);
    expect(names('btc-up-or-down-hourly', at)).toEqual([
      'bitcoin-up-or-down-september-5-2026-5am-et',
      'bitcoin-up-or-down-september-5-5am-et',
      `btc-updown-1h-${at / 1000}`,
    ]);
    expect(names('solana-up-or-down-daily', at)).toContain('solana-up-or-down-on-september-5-2026');
    // midnight and noon, and winter time
    expect(names('eth-updown-1h', Date.UTC(2026, 0, 3, 5))).toContain('ethereum-up-or-down-january-3-2026-12am-et');
    expect(names('eth-updown-1h', Date.UTC(2026, 0, 3, 17))).toContain('ethereum-up-or-down-january-3-2026-12pm-et');
    expect(names('btc-up-or-down-15m', at)).toEqual([`btc-updown-15m-${at / 1000}`]);
    for (const slug of [
      'bitcoin-up-or-down-september-5-2026-5am-et',
      'bitcoin-up-or-down-september-5-5am-et',
      `btc-updown-1h-${at / 1000}`,
    ])
      expect(isMember('btc-up-or-down-hourly', slug)).toBe(true);
    expect(isMember('btc-up-or-down-hourly', 'bitcoin-up-or-down-on-september-5-2026')).toBe(false);
  });

  it('cannot be named when the slug has no step', () => {
    expect(seriesMembers('btc-up-or-down', { from: 0, to: NOW })).toBeUndefined();
  });
});

describe('the requests for price points', () => {
  it('use the finest grain that the venue still has at each age, in windows of at most 15 days, newest first', () => {
    const steps = ladderSteps({ from: NOW - 100 * DAY, to: NOW }, { asOf: NOW, now: NOW });
    expect(steps[0]).toEqual({ range: { from: NOW - 7 * DAY, to: NOW }, grain: 0 });
    expect(steps.every(({ range }) => range.to - range.from <= 15 * DAY)).toBe(true);
    expect(steps.map(({ range }) => range.to).slice(1)).toEqual(steps.map(({ range }) => range.from).slice(0, -1));
    expect(steps.at(-1)).toMatchObject({ range: { from: NOW - 100 * DAY }, grain: 3 });
    for (const { range, grain } of steps) expect(range.from).toBeGreaterThanOrEqual(NOW - GRAINS[grain].keptMs);
  });

  it('are a single one for a week that ended seconds ago, and none for ranges shorter than a bucket', () => {
    const asOf = NOW - 3_456;
    expect(ladderSteps({ from: asOf - 7 * DAY, to: asOf }, { asOf, now: NOW })).toEqual([
      { range: { from: asOf - 7 * DAY, to: asOf }, grain: 0 },
    ]);
    expect(ladderSteps({ from: asOf - 100 * DAY, to: asOf }, { asOf, now: NOW })).toHaveLength(9);
  });

  it('end a backfill’s window where the venue’s retention does, so that no window is answered in part', () => {
    const steps = ladderSteps({ from: NOW - 10 * DAY, to: NOW - 3 * DAY }, { asOf: NOW - 3 * DAY, now: NOW });
    expect(steps.map(({ range }) => range.from)).toEqual([NOW - 7 * DAY, NOW - 10 * DAY]);
    expect(steps.every(({ grain }) => grain === 0)).toBe(true);
  });

  it('use a coarser grain only when a bucket of it fits into the window', () => {
    expect(coarser(0, { from: NOW - DAY, to: NOW }, NOW)).toBe(1);
    expect(coarser(0, { from: NOW - 30_000, to: NOW }, NOW)).toBeUndefined();
    expect(coarser(1, { from: NOW - 61 * DAY, to: NOW - 61 * DAY + 30_000 }, NOW)).toBe(2);
    expect(coarser(3, { from: NOW - 10 * DAY, to: NOW }, NOW)).toBeUndefined();
  });
});
