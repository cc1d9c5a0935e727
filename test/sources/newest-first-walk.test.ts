import { describe, expect, it } from 'vitest';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import { type HistoryPage, type Walk, type WalkCursor, type WalkedPage, walkNewestFirst } from '../../src/sources/newest-first-walk.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 10, 12);
const hours = (count: number): number => NOW - count * HOUR;

const trade = (time: number, facts: Partial<CandidateRow> = {}): CandidateRow => ({
  kind: 'trade',
  time,
  price: 0.5,
  size: 1,
  side: 'buy',
  outcome: 'Yes',
  tradeId: null,
  identity: `t${time}`,
  raw: '{}',
  defect: null,
  ...facts,
});

/** A venue with one trade an hour back to 99 hours ago, ten a page; the cursor is the index of the next one. */
const HISTORY = Array.from({ length: 100 }, (_, index) => trade(hours(index)));
const SIZE = 10;
const pageAt = (cursor: string | null): HistoryPage => {
  const from = Number(cursor ?? 0);
  const next = from + SIZE < HISTORY.length ? String(from + SIZE) : null;
  return { rows: HISTORY.slice(from, from + SIZE), next, requests: 1 };
};

interface Outcome {
  readonly pages: readonly WalkedPage[];
  readonly times: readonly (number | null)[];
  readonly coverage: readonly TimeRange[];
  readonly cursors: readonly (string | null)[];
}

const INSTRUMENT = { id: 'polymarket:0x1', opensAt: null, closesAt: null, closed: false } as Instrument;

async function walk(facts: Partial<Walk> & { fetchPage?: (cursor: string | null, asked: number) => HistoryPage } = {}): Promise<Outcome> {
  const cursors: (string | null)[] = [];
  const { fetchPage = (cursor: string | null) => pageAt(cursor), ...rest } = facts;
  const pages: WalkedPage[] = [];
  const walking = walkNewestFirst({
    venue: 'polymarket',
    instrument: INSTRUMENT,
    window: { from: hours(50), to: NOW },
    asOf: NOW,
    covered: [],
    refetch: false,
    resume: undefined,
    repeats: 'ask-again',
    fetch: async (cursor) => {
      cursors.push(cursor);
      return fetchPage(cursor, cursors.length);
    },
    ...rest,
  });
  for await (const page of walking) pages.push(page);
  return {
    pages,
    times: pages.flatMap(({ rows }) => rows.map(({ time }) => time)),
    coverage: pages.flatMap(({ coverage }) => coverage),
    cursors,
  };
}

const count = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => hours(from + index));

describe('a walk from the newest trade back', () => {
  it('stages the trades of the window, ends included, and covers it', async () => {
    const { times, coverage } = await walk();
    expect(times).toEqual(count(0, 50));
    expect(coverage).toEqual([{ from: hours(50), to: NOW }]);
  });

  it('covers the whole window when the venue has no more', async () => {
    const { coverage } = await walk({ window: { from: hours(500), to: NOW } });
    expect(coverage).toEqual([{ from: hours(500), to: NOW }]);
  });

  it('covers nothing before it is through', async () => {
    const { pages } = await walk();
    expect(pages.slice(0, -1).flatMap(({ coverage }) => coverage)).toEqual([]);
  });

  it('stops at what is covered, after reading again the newest page that it had', async () => {
    const { cursors, coverage } = await walk({ covered: [{ from: hours(80), to: hours(15) }] });
    // page 0 and half of page 1 are new; the rest of page 1 and page 2 are the newest ten of last time
    expect(cursors).toEqual([null, '10', '20']);
    expect(coverage).toEqual([{ from: hours(15), to: NOW }]);
  });

  it('reads one page when nothing is new', async () => {
    const { cursors } = await walk({ covered: [{ from: hours(80), to: NOW }] });
    expect(cursors).toEqual([null]);
  });

  it('goes on to an older gap', async () => {
    const { cursors, coverage } = await walk({ covered: [{ from: hours(20), to: hours(2) }] });
    expect(cursors.at(-1)).toBe('50');
    expect(coverage).toEqual([{ from: hours(50), to: NOW }]);
  });

  it('takes everything again with refetch', async () => {
    expect((await walk({ covered: [{ from: hours(80), to: NOW }], refetch: true })).times).toEqual(count(0, 50));
  });

  it('leaves trades after asOf to later runs, on whatever page they stand', async () => {
    const { times, coverage } = await walk({ asOf: hours(25), window: { from: hours(50), to: hours(25) } });
    expect(times).toEqual(count(25, 50));
    expect(coverage).toEqual([{ from: hours(50), to: hours(25) }]);
  });

  it('asks nothing for a past window that later runs have covered', async () => {
    expect(
      (await walk({ asOf: hours(25), window: { from: hours(50), to: hours(25) }, covered: [{ from: hours(80), to: NOW }] })).cursors,
    ).toEqual([]);
  });
});

describe('a walk through disorder', () => {
  it('is not ended by one row with an old time', async () => {
    const old = trade(hours(300), { identity: 'old' });
    const { times } = await walk({
      fetchPage: (cursor) => (cursor === null ? { ...pageAt(null), rows: [old, ...pageAt(null).rows] } : pageAt(cursor)),
    });
    expect(times).toEqual(count(0, 50));
  });

  it('hands rows with impossible or unreadable times on, to be quarantined', async () => {
    const future = trade(NOW + 400 * 24 * HOUR, { identity: 'future' });
    const timeless = trade(0, { time: null, identity: 'timeless', defect: 'malformed' });
    const { pages } = await walk({
      fetchPage: (cursor) => (cursor === null ? { ...pageAt(null), rows: [future, timeless, ...pageAt(null).rows] } : pageAt(cursor)),
    });
    expect(pages[0].rows.map(({ identity }) => identity).slice(0, 2)).toEqual(['future', 'timeless']);
    expect(pages.at(-1)?.coverage).toEqual([{ from: hours(50), to: NOW }]);
  });

  it('asks again for a page that repeats the one before', async () => {
    const { times } = await walk({ fetchPage: (cursor, asked) => (asked === 3 ? { ...pageAt('10'), next: '30' } : pageAt(cursor)) });
    expect(times).toEqual(count(0, 50));
  });

  it('recognises a repeated page in another order', async () => {
    const { pages } = await walk({
      fetchPage: (cursor, asked) => (asked === 3 ? { rows: [...pageAt('10').rows].reverse(), next: '20', requests: 1 } : pageAt(cursor)),
    });
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(51);
  });

  it('does not go round in circles: a venue that repeats itself for ever is unavailable', async () => {
    await expect(walk({ fetchPage: () => ({ ...pageAt(null), next: '10' }) })).rejects.toMatchObject({
      type: 'SourceUnavailable',
      message: expect.stringContaining('repeats the same page of trades for polymarket:0x1') as string,
    });
  });

  it('covers only what it saw where paging ends by repeating itself', async () => {
    const { coverage } = await walk({
      repeats: 'end-of-paging',
      fetchPage: (cursor) => (Number(cursor ?? 0) >= 30 ? { ...pageAt('20'), next: '30' } : pageAt(cursor)),
    });
    expect(coverage).toEqual([{ from: hours(29), to: NOW }]);
  });
});

describe('a walk that goes on from an earlier attempt', () => {
  it('starts behind its last page and ends like the whole walk', async () => {
    const whole = await walk();
    const resume = whole.pages[2].cursor as WalkCursor;
    const rest = await walk({ resume });
    expect(rest.cursors[0]).toBe('30');
    expect(rest.times).toEqual(count(30, 50));
    expect(rest.coverage).toEqual(whole.coverage);
  });

  it('starts over when the venue no longer knows the cursor', async () => {
    const { times } = await walk({
      resume: { next: 'expired', last: '' },
      fetchPage: (cursor) => {
        if (cursor === 'expired') throw new VenueError('BadInput', 'cursor expired', { status: 400 });
        return pageAt(cursor);
      },
    });
    expect(times).toEqual(count(0, 50));
  });
});

describe('a closed market', () => {
  const closed = { ...INSTRUMENT, closed: true, closesAt: hours(10) };

  it('is asked for until somebody has looked after its close, then never again', async () => {
    const covered = [{ from: hours(80), to: hours(10) }];
    expect((await walk({ instrument: closed, covered })).cursors).toEqual([null, '10']);
    const later = await walk({ instrument: closed, covered: [{ from: hours(80), to: hours(9) }] });
    expect(later.cursors).toEqual([]);
  });

  it('is covered after its close without being asked', async () => {
    const { coverage } = await walk({ instrument: closed, covered: [{ from: hours(80), to: hours(9) }] });
    expect(coverage).toEqual([{ from: hours(10) + 60_000, to: NOW }]);
  });

  it('that ended before the window needs nothing', async () => {
    const { cursors, coverage } = await walk({ instrument: { ...closed, closesAt: hours(60) } });
    expect(cursors).toEqual([]);
    expect(coverage).toEqual([{ from: hours(50), to: NOW }]);
  });
});
