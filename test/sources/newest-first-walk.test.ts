import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import {
  type HistoryPage,
  type Walk,
  type WalkCursor,
  type WalkedPage,
  walkNewestFirst,
} from '../../src/sources/walk/newest-first-walk.ts';
import { trade } from './candidate-trade.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 10, 12);
const hours = (count: number): number => NOW - count * HOUR;

/** A venue with one trade an hour back to 99 hours ago, ten a page; the cursor is the index of the next one. */
const HISTORY = Array.from({ length: 100 }, (_, index) => trade(hours(index)));
const SIZE = 10;
const LATE = 600_000;
/** Trades younger than this do not count as collected. */
const SURE = NOW - LATE;
const pageAt = (cursor: string | null): HistoryPage => {
  const from = Number(cursor ?? 0);
  const next = from + SIZE < HISTORY.length ? String(from + SIZE) : null;
  return { rows: HISTORY.slice(from, from + SIZE), next, requests: 1, clock: NOW };
};

interface Outcome {
  readonly pages: readonly WalkedPage[];
  readonly times: readonly (number | null)[];
  readonly coverage: readonly TimeRange[];
  /** Time that was covered before and was read again. */
  readonly confirmed: readonly TimeRange[];
  readonly cursors: readonly (string | null)[];
}

const INSTRUMENT = {
  id: 'polymarket:0x1',
  market: 'probability',
  opensAt: null,
  closesAt: null,
  closed: false,
  tickSize: null,
} as Instrument;

interface Walking extends Partial<Walk> {
  readonly fetchPage?: (cursor: string | null, asked: number) => HistoryPage;
  readonly covered?: readonly TimeRange[];
  /** Up to when the earlier run looked. @default ten minutes after what is covered */
  readonly looked?: number | null;
  /** Whether a row was there already. @default when it is covered */
  readonly isStored?: (row: CandidateRow) => boolean;
  /** @default nothing is stored */
  readonly oldestStored?: number;
}

async function walk(facts: Walking = {}): Promise<Outcome> {
  const cursors: (string | null)[] = [];
  const { oldestStored = Number.POSITIVE_INFINITY, fetchPage = (cursor: string | null) => pageAt(cursor), covered = [], ...rest } = facts;
  const { looked = covered.length === 0 ? null : (covered.at(-1)?.to ?? 0) + LATE, isStored = () => true } = facts;
  const pages: WalkedPage[] = [];
  const walking = walkNewestFirst({
    venue: 'polymarket',
    instrument: INSTRUMENT,
    window: { from: hours(50), to: NOW },
    asOf: NOW,
    clock: NOW,
    before: {
      covered: { trade: covered, price: [] },
      looked: { trade: looked, price: null },
      isStored: async (rows) => rows.map(isStored),
      hasTradesBefore: async (time, since = 0) => time > oldestStored && since < oldestStored,
    },
    lateness: LATE,
    refetch: false,
    resume: undefined,
    repeats: 'retry',
    fetch: async (cursor) => {
      cursors.push(cursor);
      return fetchPage(cursor, cursors.length);
    },
    ...rest,
  });
  for await (const page of walking) pages.push(page);
  const ranges = (isConfirmed: boolean): readonly TimeRange[] =>
    pages.flatMap(({ coverage }) =>
      coverage.filter(({ evidence }) => (evidence === 'confirmed') === isConfirmed).map(({ from, to }) => ({ from, to })),
    );
  return {
    pages,
    times: pages.flatMap(({ rows }) => rows.map(({ time }) => time)),
    coverage: ranges(false),
    confirmed: ranges(true),
    cursors,
  };
}

const count = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => hours(from + index));

describe('a walk at a venue with broken paging', () => {
  const broken = { type: 'SourceSchemaChanged', message: expect.stringContaining('changed its paging of trades') as string };

  it('is abandoned after one round when a cursor leads back to an earlier page', async () => {
    const cursors: (string | null)[] = [];
    const fetchPage = (cursor: string | null, asked: number): HistoryPage => {
      cursors.push(cursor);
      // different rows each time, since a repeated page would be detected
      return { rows: [trade(hours(1) - asked)], next: cursor === 'a' ? 'b' : 'a', requests: 1, clock: NOW };
    };
    await expect(walk({ fetchPage })).rejects.toMatchObject(broken);
    expect(cursors).toEqual([null, 'a', 'b']);
  });

  it('ends after a few pages when the venue repeats the newest page with new trades on top', async () => {
    let asked = 0;
    const fetchPage = (_: string | null, count: number): HistoryPage => {
      asked = count;
      const rows = Array.from({ length: 20 }, (__, index) => trade(hours(2) + (count - index) * 1000));
      return { rows, next: `c${count}`, requests: 1, clock: NOW };
    };
    await expect(walk({ fetchPage })).rejects.toMatchObject(broken);
    expect(asked).toBeLessThan(12);
  });

  it('is abandoned at endless rows of one second, after more rows than any second has', async () => {
    let asked = 0;
    const fetchPage = (_: string | null, count: number): HistoryPage => {
      asked = count;
      const rows = Array.from({ length: 20 }, (__, index) => trade(hours(2), { identity: `${count}.${index}` }));
      return { rows, next: `c${count}`, requests: 1, clock: NOW };
    };
    await expect(walk({ fetchPage })).rejects.toMatchObject(broken);
    expect(asked).toBeLessThan(300);
  });

  it('is not abandoned when a burst of one second fills many pages', async () => {
    const pages = 40;
    const fetchPage = (_: string | null, count: number): HistoryPage => ({
      rows: Array.from({ length: 20 }, (__, index) => trade(hours(2), { identity: `${count}.${index}` })),
      next: count < pages ? `c${count}` : null,
      requests: 1,
      clock: NOW,
    });
    expect((await walk({ fetchPage })).times).toHaveLength(pages * 20);
  });
});

describe('a walk from the newest trade back', () => {
  it('stages the trades of the window, both ends included, and covers it', async () => {
    const { times, coverage } = await walk();
    expect(times).toEqual(count(0, 50));
    expect(coverage).toEqual([{ from: hours(50), to: SURE }]);
  });

  it('covers the whole window when the venue has no older trades', async () => {
    const { coverage } = await walk({ window: { from: hours(500), to: NOW } });
    expect(coverage).toEqual([{ from: hours(500), to: SURE }]);
  });

  it('covers nothing before it is complete', async () => {
    const { pages } = await walk();
    expect(pages.slice(0, -1).flatMap(({ coverage }) => coverage)).toEqual([]);
  });

  it('stops at covered time, after reading the newest covered page again', async () => {
    const { cursors, coverage } = await walk({ covered: [{ from: hours(80), to: hours(15) }] });
    // page 0 and half of page 1 are new; the rest of page 1 and page 2 are the newest ten of last time
    expect(cursors).toEqual([null, '10', '20']);
    expect(coverage).toEqual([{ from: hours(15), to: SURE }]);
  });

  it('reads only the two newest pages right after a run', async () => {
    const busy = (cursor: string | null): HistoryPage => {
      const from = Number(cursor ?? 0);
      return {
        rows: Array.from({ length: SIZE }, (_, i) => trade(NOW - (from + i) * 1000)),
        next: String(from + SIZE),
        requests: 1,
        clock: NOW,
      };
    };
    const { cursors, pages, coverage } = await walk({
      covered: [{ from: hours(80), to: SURE - 20_000 }],
      looked: NOW - 20_000,
      fetchPage: busy,
    });
    expect(cursors).toEqual([null, '10']);
    expect(coverage).toEqual([]);
    // no run has read everything down to covered time
    expect(pages.at(-1)?.walked?.looked).toBeNull();
  });

  it('continues down to an older gap', async () => {
    const { cursors, coverage } = await walk({ covered: [{ from: hours(20), to: hours(2) }] });
    expect(cursors.at(-1)).toBe('50');
    expect(coverage).toEqual([{ from: hours(50), to: SURE }]);
  });

  it('reads everything again with `refetch`', async () => {
    expect((await walk({ covered: [{ from: hours(80), to: SURE }], refetch: true })).times).toEqual(count(0, 50));
  });

  it('leaves trades after asOf to later runs, on whatever page they are', async () => {
    const { times, coverage } = await walk({ asOf: hours(25), window: { from: hours(50), to: hours(25) } });
    expect(times).toEqual(count(25, 50));
    expect(coverage).toEqual([{ from: hours(50), to: hours(25) - LATE }]);
  });

  it('makes no request for a past window that later runs have covered', async () => {
    expect(
      (await walk({ asOf: hours(25), window: { from: hours(50), to: hours(25) }, covered: [{ from: hours(80), to: NOW }] })).cursors,
    ).toEqual([]);
  });
});

describe('a backfill of a market that a later run has read', () => {
  const later = { covered: [{ from: hours(10), to: SURE }], looked: NOW };

  it('walks down to the start of its window and covers it', async () => {
    const { times, coverage } = await walk({ ...later, asOf: hours(25), window: { from: hours(50), to: hours(25) } });
    expect(times).toEqual(count(25, 50));
    expect(coverage).toEqual([{ from: hours(50), to: hours(25) - LATE }]);
  });

  it('walks a gap at the end of its window, although the market was looked at seconds ago', async () => {
    const { times, coverage } = await walk({ covered: [{ from: hours(80), to: hours(30) }], looked: NOW - 20_000 });
    expect(times).toEqual(count(0, 49));
    expect(coverage).toEqual([{ from: hours(30), to: SURE }]);
  });
});

describe('a second look at a market', () => {
  const covered = [{ from: hours(80), to: hours(15) }];

  it('confirms the covered time that it reads again', async () => {
    expect((await walk({ covered })).confirmed).toEqual([{ from: hours(20) + 1, to: hours(15) }]);
    // a sampled walk reads its window down to the start
    const sampled = await walk({ covered, sampled: true });
    expect(sampled.cursors).toEqual([null, '10', '20', '30', '40', '50']);
    expect(sampled.confirmed).toEqual([{ from: hours(50) + 1, to: hours(15) }]);
  });

  it('finds rows that were missing once, and then reads the whole window again and confirms nothing', async () => {
    const isStored = ({ time }: CandidateRow): boolean => time !== hours(33);
    const { pages, confirmed, cursors } = await walk({ covered, sampled: true, isStored });
    expect(cursors.at(-1)).toBe('50');
    expect(confirmed).toEqual([]);
    expect(pages.at(-1)?.walked?.missed).toBe(1);
  });
});

describe('a walk at a venue that does not show everything', () => {
  it('covers nothing before the venue’s horizon, and reports that', async () => {
    const { coverage, pages } = await walk({ horizonMs: 30 * HOUR });
    expect(coverage).toEqual([{ from: hours(30), to: SURE }]);
    expect(pages.at(-1)?.problems).toEqual([expect.stringContaining(`shows trades only back to ${new Date(hours(30)).toISOString()}`)]);
  });

  it('covers quiet time even when all stored trades lie before the horizon', async () => {
    const fetchPage = () => ({ rows: [], next: null, requests: 1, clock: NOW });
    const facts = { covered: [{ from: hours(49), to: hours(35) }], fetchPage };
    const { coverage } = await walk({ ...facts, horizonMs: 30 * HOUR, oldestStored: hours(45) });
    expect(coverage).toEqual([{ from: hours(30), to: SURE }]);
    expect((await walk({ ...facts, horizonMs: 30 * HOUR, oldestStored: hours(25) })).coverage).toEqual([]);
  });

  it('loses no row when the order inside one second changes from answer to answer', async () => {
    // four trades a second; the two at a seam change places
    const rows = Array.from({ length: 200 }, (_, index) => trade(NOW - Math.floor(index / 4) * 1000, { identity: `r${index}` }));
    const fetchPage = (cursor: string | null, asked: number): HistoryPage => {
      const from = Number(cursor ?? 0);
      const shuffled = rows.map((row, index) => rows[Math.floor(index / 4) * 4 + ((index + asked * 3) % 4)] ?? row);
      return { rows: shuffled.slice(from, from + 10), next: from + 10 < 200 ? String(from + 10) : null, requests: 1, clock: NOW };
    };
    const { pages } = await walk({ fetchPage });
    expect(new Set(pages.flatMap(({ rows: each }) => each.map(({ identity }) => identity))).size).toBe(200);
  });

  it('refuses a page with only unknown outcomes, with an example, and claims nothing', async () => {
    const rows = HISTORY.slice(0, 10).map((row) => ({ ...row, defect: 'unknown-outcome' as const, raw: '{"token":"77"}' }));
    await expect(walk({ fetchPage: () => ({ rows, next: null, requests: 1, clock: NOW }) })).rejects.toMatchObject({
      type: 'SourceSchemaChanged',
      message: expect.stringContaining('example: {"token":"77"}') as string,
    });
  });

  it('quarantines a bad row at the end of a good walk', async () => {
    const fetchPage = (cursor: string | null): HistoryPage =>
      cursor === '50'
        ? { rows: [trade(hours(50), { identity: 'bad', defect: 'malformed' })], next: null, requests: 1, clock: NOW }
        : { ...pageAt(cursor) };
    expect((await walk({ fetchPage })).pages.at(-1)?.rows).toHaveLength(1);
  });

  it('starts again from the newest page when the venue has forgotten its cursor, but not for ever', async () => {
    const forgets = (times: number) => (cursor: string | null, asked: number) => {
      if (cursor === '20' && asked <= times * 3) throw new VenueError('BadInput', 'cursor expired', { status: 400 });
      return pageAt(cursor);
    };
    const { cursors, times } = await walk({ fetchPage: forgets(1) });
    expect(cursors.slice(0, 5)).toEqual([null, '10', '20', null, '10']);
    expect(new Set(times)).toEqual(new Set(count(0, 50)));
    await expect(walk({ fetchPage: forgets(99) })).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringContaining('(3 times)') as string,
    });
  });
});

describe('a walk over disordered pages', () => {
  it('does not end at one row with an old time', async () => {
    const old = trade(hours(300), { identity: 'old' });
    const { times } = await walk({
      fetchPage: (cursor) => (cursor === null ? { ...pageAt(null), rows: [old, ...pageAt(null).rows] } : pageAt(cursor)),
    });
    expect(times).toEqual(count(0, 50));
  });

  it('passes on rows with impossible or unreadable times, which are then quarantined', async () => {
    const future = trade(NOW + 400 * 24 * HOUR, { identity: 'future' });
    const timeless = trade(0, { time: null, identity: 'timeless', defect: 'malformed' });
    const { pages } = await walk({
      fetchPage: (cursor) => (cursor === null ? { ...pageAt(null), rows: [future, timeless, ...pageAt(null).rows] } : pageAt(cursor)),
    });
    expect(pages[0].rows.map(({ identity }) => identity).slice(0, 2)).toEqual(['future', 'timeless']);
    expect(pages.at(-1)?.coverage).toEqual([{ from: hours(50), to: SURE }]);
  });

  it('requests a page again when it repeats the page before', async () => {
    const { times } = await walk({ fetchPage: (cursor, asked) => (asked === 3 ? { ...pageAt('10'), next: '30' } : pageAt(cursor)) });
    expect(times).toEqual(count(0, 50));
  });

  it('recognises a repeated page in another order', async () => {
    const { pages } = await walk({
      fetchPage: (cursor, asked) =>
        asked === 3 ? { rows: [...pageAt('10').rows].reverse(), next: '20', requests: 1, clock: NOW } : pageAt(cursor),
    });
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(51);
  });

  it('ends when pages repeat without end, as the venue then counts as unavailable', async () => {
    await expect(walk({ fetchPage: () => ({ ...pageAt(null), next: '10' }) })).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringContaining('repeats the same page of trades for polymarket:0x1') as string,
    });
  });

  it('covers only what it has read when paging ends by repeating itself', async () => {
    const { coverage } = await walk({
      repeats: 'end-of-paging',
      fetchPage: (cursor) => (Number(cursor ?? 0) >= 30 ? { ...pageAt('20'), next: '30' } : pageAt(cursor)),
    });
    // older trades than those of the last page may exist
    expect(coverage).toEqual([{ from: hours(20) + 1, to: SURE }]);
  });

  it('does not cover the time between a late trade and its neighbours on that page', async () => {
    const late = trade(hours(80), { identity: 'late' });
    const { coverage } = await walk({
      repeats: 'end-of-paging',
      fetchPage: (cursor) => {
        if (Number(cursor ?? 0) >= 30) return { ...pageAt('20'), next: '30' };
        const page = pageAt(cursor);
        return cursor === null || cursor === '20' ? { ...page, rows: [...page.rows, late] } : page;
      },
    });
    expect(coverage).toEqual([{ from: hours(20) + 1, to: SURE }]);
  });

  it('covers the last hour only up to the newest trade when it is the first walk', async () => {
    const { coverage } = await walk({ repeats: 'end-of-paging', fetchPage: () => ({ ...pageAt('20'), next: '0' }) });
    expect(coverage).toEqual([{ from: hours(20) + 1, to: NOW - HOUR }]);
  });
});

describe('a walk that continues from an earlier attempt', () => {
  it('covers the same time whatever venue clock was assumed before the first answer', async () => {
    const quiet = (cursor: string | null) => ({ ...pageAt(cursor ?? '1'), clock: NOW });
    const first = { looked: null };
    const rightAfter = { looked: NOW, covered: [{ from: hours(50), to: hours(1) }] };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(first, rightAfter), fc.integer({ min: 0, max: 400 * 24 }), async (before, ahead) => {
        const { coverage } = await walk({ fetchPage: quiet, ...before, clock: NOW + ahead * HOUR });
        expect(coverage).toEqual((await walk({ fetchPage: quiet, ...before, clock: NOW })).coverage);
        for (const { to } of coverage) expect(to).toBeLessThanOrEqual(NOW - HOUR);
      }),
    );
  });

  it('starts after the last page of that attempt, and ends like the whole walk', async () => {
    const whole = await walk();
    const resume = whole.pages[2].cursor as WalkCursor;
    const rest = await walk({ resume });
    expect(rest.cursors[0]).toBe('30');
    expect(rest.times).toEqual(count(30, 50));
    expect(rest.coverage).toEqual(whole.coverage);
  });

  it('starts again when the venue no longer knows the cursor', async () => {
    const { times } = await walk({
      resume: {
        next: 'expired',
        last: '',
        state: { pages: 3, looked: NOW, lastPage: hours(20), newest: NOW, lateBy: 0, clock: NOW, missed: 0, extra: 0 },
      },
      fetchPage: (cursor) => {
        if (cursor === 'expired') throw new VenueError('BadInput', 'cursor expired', { status: 400 });
        return pageAt(cursor);
      },
    });
    expect(times).toEqual(count(0, 50));
  });
});

describe('late rows', () => {
  const covered = [{ from: hours(80), to: hours(15) }];

  it('make the walk read past the newest page of the previous walk while it finds more late rows', async () => {
    // the index was seven hours behind at the last look, at hours(15) + 10 minutes
    const isStored = ({ time }: CandidateRow): boolean => (time ?? 0) < hours(21);
    const { cursors, pages, coverage } = await walk({ covered, isStored });
    // one of them is older than any lateness, so all of the window is read
    expect(cursors).toEqual([null, '10', '20', '30', '40', '50']);
    expect(pages.at(-1)?.walked).toEqual({ looked: NOW, newest: NOW, lateBy: 5 * HOUR + LATE, withdrawnFrom: null, missed: 1 });
    expect(pages.at(-1)?.problems).toEqual([expect.stringContaining('now shows 1 trade in time that counted as collected')]);
    // the lateness that was measured limits what this walk claims
    expect(coverage).toEqual([{ from: hours(15), to: NOW - 6 * HOUR }]);
  });

  it('withdraw coverage that was claimed before the lateness was known', async () => {
    const early = [{ from: hours(80), to: hours(1) - LATE }];
    const { pages, coverage } = await walk({ covered: early, looked: hours(1), isStored: ({ time }) => (time ?? 0) < hours(3) });
    expect(pages.at(-1)?.walked).toMatchObject({ lateBy: 2 * HOUR, withdrawnFrom: hours(3) });
    // what is claimed again waits for the next run
    expect(coverage).toEqual([]);
    const past = await walk({ covered: early, looked: hours(1), asOf: hours(2), window: { from: hours(50), to: hours(2) } });
    expect(past.pages).toEqual([]);
  });

  it('do not count as late when no run had looked, or when they are older than any lateness', async () => {
    const never = await walk({ covered, looked: null, isStored: () => false });
    expect(never.pages.at(-1)?.walked).toMatchObject({ lateBy: 0 });
    const walkedAgain = await walk({ covered, isStored: ({ time }) => time !== hours(29) });
    expect(walkedAgain.pages.at(-1)?.walked).toMatchObject({ lateBy: 0 });
    expect(walkedAgain.coverage).toEqual([{ from: hours(15), to: SURE }]);
  });

  it('that are quarantined each time do not extend a walk', async () => {
    const bad = trade(hours(25), { price: 1.7, identity: 'bad' });
    const fetchPage = (cursor: string | null): HistoryPage => ({ ...pageAt(cursor), rows: [bad, ...pageAt(cursor).rows] });
    const { cursors } = await walk({ covered, fetchPage, isStored: ({ identity }) => identity !== 'bad' });
    expect(cursors).toEqual([null, '10', '20']);
  });

  it('are expected for the time that a slow venue clock has not reached, which stays unclaimed', async () => {
    const { coverage } = await walk({ fetchPage: (cursor) => ({ ...pageAt(cursor), clock: NOW - HOUR }) });
    expect(coverage).toEqual([{ from: hours(50), to: SURE - HOUR }]);
  });
});

describe('a closed market', () => {
  const closed = { ...INSTRUMENT, closed: true, closesAt: hours(30), closedAt: hours(10) };
  const end = hours(10) + 60_000;
  // its trades end where it does
  const fetchPage = (cursor: string | null): HistoryPage => {
    const page = pageAt(cursor ?? '10');
    return page;
  };

  it('is read once after its end, and never again', async () => {
    const covered = [{ from: hours(80), to: hours(10) }];
    const { cursors, coverage } = await walk({ instrument: closed, covered, fetchPage });
    expect(cursors).toEqual([null, '20']);
    expect(coverage).toEqual([
      { from: hours(10), to: SURE },
      { from: end, to: NOW },
    ]);
    const later = await walk({ instrument: closed, covered: [{ from: hours(80), to: hours(9) }] });
    expect(later.cursors).toEqual([]);
  });

  it('is read once more after twice the lateness, down to where a late row may lie, even when its end is covered', async () => {
    const late = 40 * 60_000;
    const lateRow = trade(hours(11.5));
    // five newer trades that are stored fill the page above the late row
    const newer = Array.from({ length: 5 }, (_, index) => trade(hours(10) - index * 60_000));
    const facts = {
      instrument: closed,
      lateness: late,
      covered: [{ from: hours(80), to: hours(9) }],
      isStored: (row: CandidateRow) => row !== lateRow,
      fetchPage: (cursor: string | null): HistoryPage => {
        if (cursor === null) return { rows: newer, next: 'older', requests: 1, clock: NOW };
        const page = pageAt(cursor === 'older' ? '11' : cursor);
        return cursor === 'older' ? { ...page, rows: [page.rows[0], lateRow, ...page.rows.slice(1)] } : page;
      },
    };
    const found = await walk({ ...facts, looked: end + late + 1 });
    expect(found.times).toContain(lateRow.time);
    expect((await walk({ ...facts, looked: end + 2 * late })).cursors).toEqual([]);
    const tooEarly = end + 2 * late - 1;
    expect((await walk({ ...facts, looked: end + late + 1, asOf: tooEarly, clock: tooEarly })).cursors).toEqual([]);
  });

  it('is read once more when it is first seen closed and when its result is confirmed', async () => {
    const facts = { covered: [{ from: hours(80), to: hours(9) }], looked: hours(5) };
    const seen = async (marks: Partial<Instrument>) => (await walk({ ...facts, instrument: { ...closed, ...marks } })).cursors.length > 0;
    expect(await seen({ seenClosedAt: hours(4) })).toBe(true);
    expect(await seen({ seenClosedAt: hours(5) })).toBe(false);
    expect(await seen({ seenClosedAt: hours(8), confirmedAt: hours(4) })).toBe(true);
    expect(await seen({ seenClosedAt: hours(8), confirmedAt: hours(6) })).toBe(false);
  });

  it('is covered after its end without a request', async () => {
    const { coverage } = await walk({ instrument: closed, covered: [{ from: hours(80), to: hours(9) }] });
    expect(coverage).toEqual([{ from: end, to: NOW }]);
  });

  it('that ended before the window needs no request', async () => {
    const { cursors, coverage } = await walk({ instrument: { ...closed, closedAt: hours(60) } });
    expect(cursors).toEqual([]);
    expect(coverage).toEqual([{ from: hours(50), to: NOW }]);
  });

  it('is still collected after a planned end, and after an end that a later trade disproves', async () => {
    const { closedAt: _, ...planned } = closed;
    expect((await walk({ instrument: planned })).coverage).toEqual([{ from: hours(50), to: SURE }]);
    expect((await walk({ instrument: closed })).coverage).toEqual([{ from: hours(50), to: SURE }]);
  });
});

describe('a page of newest trades that was read together with those of other markets', () => {
  const covered = [{ from: hours(50), to: hours(3) }];
  const shared = (after: number, rows = HISTORY.filter(({ time }) => (time ?? 0) > after)) => ({ rows, after, clock: NOW, requests: 1 });

  it('replaces the walk’s requests when it reaches back into covered time', async () => {
    const { cursors, pages, coverage, times } = await walk({ covered, shared: shared(hours(5)) });
    expect(cursors).toEqual([]);
    expect(pages.map(({ requests }) => requests)).toEqual([1]);
    expect(times).toEqual([0, 1, 2, 3, 4].map(hours));
    const alone = await walk({ covered });
    expect(alone.cursors.length).toBeGreaterThan(1);
    expect(coverage).toEqual(alone.coverage);
  });

  it('shows that a market without a trade on it had none', async () => {
    const quiet = [{ from: hours(50), to: hours(3) }];
    const { cursors, coverage } = await walk({ covered: quiet, shared: shared(hours(5), []) });
    expect(cursors).toEqual([]);
    expect(coverage).toContainEqual({ from: hours(3), to: SURE });
  });

  it('is ignored when it does not reach back into covered time', async () => {
    const { cursors, coverage, times } = await walk({ covered, shared: shared(hours(2)) });
    const alone = await walk({ covered });
    expect({ cursors, coverage, times }).toEqual({ cursors: alone.cursors, coverage: alone.coverage, times: alone.times });
  });

  it('is ignored when it has a trade that an earlier run should have stored', async () => {
    const late = (row: CandidateRow): boolean => row.time !== hours(4);
    const { cursors, times } = await walk({ covered, shared: shared(hours(5)), isStored: late });
    const alone = await walk({ covered, isStored: late });
    expect({ cursors, times }).toEqual({ cursors: alone.cursors, times: alone.times });
  });
});
