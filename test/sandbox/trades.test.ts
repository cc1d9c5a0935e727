import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import type { SandboxOptions, SandboxVenue } from '../../sandbox/venue.ts';
import { startSandboxVenue } from '../../sandbox/venue.ts';
import { type Body, collect, get, NOW, pagesOf, trueTicks } from './walk.ts';

const open: SandboxVenue[] = [];
const start = async (options: SandboxOptions = {}): Promise<SandboxVenue> => {
  const venue = await startSandboxVenue({ now: NOW, ...options });
  open.push(venue);
  return venue;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((venue) => venue.close()));
});

/** A venue for tests that only read: making up its trades takes a quarter of a second. */
let honest: SandboxVenue;
beforeAll(async () => {
  honest = await startSandboxVenue({ now: NOW });
});
afterAll(() => honest.close());

const bitcoin = (venue: SandboxVenue, name: 'polymarket' | 'predict'): string =>
  venue.truth.instruments({ venue: name, group: 'bitcoin-above-this-month' })[1].id;

describe('a sandbox venue that starts later', () => {
  it.each([30, 90, 26 * 60])('by %i minutes has the same trades and results in the markets of a series', async (minutes) => {
    const later = await start({ now: NOW + minutes * 60_000 });
    const markets = honest.truth.instruments().filter(({ group, payout }) => group.includes('-updown-') && payout !== null);
    const ended = markets.filter(({ group, closesAt }) => /-\d+$/.test(group) && closesAt !== null && closesAt <= NOW);
    expect(ended.length).toBeGreaterThan(100);
    for (const { id } of ended.filter((_, index) => index % 4 === 0)) expect(later.truth.ticks(id), id).toEqual(honest.truth.ticks(id));
    const [oldest] = ended.filter(({ venue }) => venue === 'polymarket').sort((a, b) => (a.closesAt ?? 0) - (b.closesAt ?? 0));
    for (const path of ['/polymarket/data/v2/trades?condition=', '/polymarket/gamma/markets?closed=true&condition_ids=']) {
      const query = path + oldest.id.split(':')[1];
      const { body } = await get(later, query);
      expect(body, query).toEqual((await get(honest, query)).body);
      expect((body.data ?? body).length, query).toBeGreaterThan(0);
    }
  });
});

describe.each(['polymarket', 'predict'] as const)('the sandbox’s trades of %s', (name) => {
  it('are complete when all pages are read', async () => {
    const instrument = bitcoin(honest, name);
    const ticks = trueTicks(honest, instrument);
    expect(ticks.length).toBeGreaterThan(300);
    expect(await collect(honest, instrument, 100)).toEqual(ticks);
  });

  it('are complete when all pages are read with every fault switched on', async () => {
    const transport: Faults = { rateLimited: 0.05, unavailable: 0.1, cutBefore: 0.03, cutInBody: 0.05, slow: 0.02, slowMs: 5 };
    const rows: Faults = { repeatPage: 0.2, repeatRows: 0.2, shuffle: 0.3, badRows: 0.05, textNumbers: 0.2, late: 0.3 };
    const venue = await start({ faults: { ...transport, ...rows } });
    const instrument = bitcoin(venue, name);
    await collect(venue, instrument, 150);
    // the second walk, for late rows
    expect(await collect(venue, instrument, 150)).toEqual(trueTicks(venue, instrument));
  });

  it('include late rows only from the second reading on', async () => {
    const venue = await start({ faults: { late: 0.5 } });
    const instrument = bitcoin(venue, name);
    const first = await collect(venue, instrument, 150);
    const second = await collect(venue, instrument, 150);
    expect(second.length - first.length).toBeGreaterThan(5);
    expect(second).toEqual(trueTicks(venue, instrument));
  });

  it('stay the same when time goes on, and new ones are added', async () => {
    let now = NOW;
    const venue = await start({ now: () => now });
    const instrument = bitcoin(venue, name);
    const before = venue.truth.ticks(instrument);
    now += 26 * 3_600_000;
    const after = venue.truth.ticks(instrument);
    expect(after.length).toBeGreaterThan(before.length);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.every((tick) => tick.time <= now)).toBe(true);
  });

  it('contain bad rows of every kind, each with the reason for its quarantine', async () => {
    const venue = await start({ faults: { badRows: 0.05 } });
    const instrument = bitcoin(venue, name);
    const bad = venue.truth.badRows(instrument);
    expect(new Set(bad.map(({ kind }) => kind)).size).toBe(7);
    let rows = 0;
    for await (const page of pagesOf(venue, instrument, 150)) rows += page.length;
    expect(rows).toBe(bad.length + venue.truth.ticks(instrument).length);
  });

  it('can get late rows on request, without a change of the others', async () => {
    const venue = await start();
    const instrument = bitcoin(venue, name);
    const before = trueTicks(venue, instrument);
    venue.addLateTrades(instrument, 4);
    const after = trueTicks(venue, instrument);
    expect(after.length).toBe(before.length + 4);
    expect(await collect(venue, instrument, 150)).toEqual(after);
    expect(before.at(-1)).toEqual(after.at(-1));
  });

  it('can have their prices and sizes revised on request, with the same times and ids', async () => {
    const venue = await start();
    const instrument = bitcoin(venue, name);
    const before = trueTicks(venue, instrument);
    const to = before.at(-5)!.time;
    expect(venue.reviseTrades(instrument, { from: 0, to, count: 3 })).toBe(3);
    const after = trueTicks(venue, instrument);
    expect(await collect(venue, instrument, 150)).toEqual(after);
    const changed = after.filter((tick, i) => tick.price !== before[i].price && tick.size !== before[i].size);
    expect(changed.length).toBe(3);
    expect(changed.every(({ time }) => time <= to)).toBe(true);
    expect(after.map(({ time, tradeId }) => [time, tradeId])).toEqual(before.map(({ time, tradeId }) => [time, tradeId]));
  });
});

describe('a page of the sandbox’s trades', () => {
  const copiesAcrossPages = async (venue: SandboxVenue, instrument: string): Promise<number> => {
    let split = 0;
    let last: string | undefined;
    for await (const page of pagesOf(venue, instrument, 10)) {
      if (last !== undefined && last === JSON.stringify(page[0])) split++;
      last = JSON.stringify(page.at(-1));
    }
    return split;
  };

  it('never ends between exact copies of a trade', async () => {
    const instrument = bitcoin(honest, 'polymarket');
    expect(await copiesAcrossPages(honest, instrument)).toBe(0);
  });

  it('may end between exact copies when that fault is switched on', async () => {
    const venue = await start({ faults: { splitCopies: true } });
    expect(await copiesAcrossPages(venue, bitcoin(venue, 'polymarket'))).toBeGreaterThan(0);
  });

  it('of several markets is merged with the newest trade first', async () => {
    const ids = honest.truth.instruments({ venue: 'polymarket', group: 'bitcoin-above-this-month' }).map(({ id }) => id.split(':')[1]);
    const first = await get(honest, `/polymarket/data/v2/trades?condition=${ids.join(',')}&limit=200`);
    const next = await get(
      honest,
      `/polymarket/data/v2/trades?condition=${ids.join(',')}&limit=200&cursor=${first.body.pagination.next_cursor}`,
    );
    const times: number[] = [...first.body.data, ...next.body.data].map((row) => row.timestamp);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(new Set(first.body.data.map((row: { condition_id: string }) => row.condition_id)).size).toBe(3);
  });

  it('counts each trade once unless maker rows are requested', async () => {
    const id = bitcoin(honest, 'polymarket').split(':')[1];
    const once = await get(honest, `/polymarket/data/v2/trades?condition=${id}&limit=1000`);
    const twice = await get(honest, `/polymarket/data/v2/trades?condition=${id}&limit=1000&taker_only=false`);
    const hashes = (body: Body): number => new Set(body.data.map((row: Body) => row.transaction_hash)).size;
    expect(hashes(twice.body)).toBeLessThan(hashes(once.body));
  });

  it('of the older route repeats itself past offset 3000', async () => {
    const venue = await start({ scale: { instruments: 1, tradesPerInstrument: 4000 } });
    const id = venue.truth.instruments()[0].id.split(':')[1];
    const at = async (offset: number): Promise<unknown> =>
      (await get(venue, `/polymarket/data/trades?market=${id}&limit=50&offset=${offset}`)).body;
    expect(await at(3100)).toEqual(await at(3000));
    expect(await at(2900)).not.toEqual(await at(3000));
  });
});

describe('the sandbox’s random trades', () => {
  it('are the same for the same seed and clock, and others for another seed', async () => {
    const one = honest;
    const [same, other] = await Promise.all([start(), start({ seed: 8 })]);
    const path = `/polymarket/data/v2/trades?condition=${bitcoin(one, 'polymarket').split(':')[1]}`;
    const answers = await Promise.all([one, same, other].map(async (venue) => JSON.stringify((await get(venue, path)).body)));
    expect(answers[1]).toBe(answers[0]);
    expect(answers[2]).not.toBe(answers[0]);
    expect(other.truth.instruments().map(({ id }) => id)).toEqual(one.truth.instruments().map(({ id }) => id));
  });

  it('come in bursts with quiet nights, several in a second and in a transaction, and with exact copies', async () => {
    const ticks = honest.truth.ticks(bitcoin(honest, 'polymarket'));
    const hours = ticks.map(({ time }) => new Date(time).getUTCHours());
    const night = hours.filter((hour) => hour >= 2 && hour < 7).length;
    expect(night / ticks.length).toBeLessThan(0.06);
    expect(night).toBeGreaterThan(0);
    expect(new Set(ticks.map(({ time }) => time)).size).toBeLessThan(ticks.length * 0.8);
    expect(new Set(ticks.map((tick) => JSON.stringify({ ...tick, order: 0 }))).size).toBeLessThan(ticks.length);
    expect(ticks.every(({ price }) => price > 0 && price < 1)).toBe(true);
    expect(ticks[0].time).toBeLessThan(NOW - 8 * 86_400_000);
  });

  it('of a market that resolved Yes end near 1, and none comes after the close', async () => {
    for (const { id, closesAt } of honest.truth.instruments({ group: 'rate-cut-at-the-last-meeting' })) {
      const ticks = honest.truth.ticks(id);
      expect(ticks.at(-1)!.price).toBeGreaterThan(0.9);
      expect(ticks.at(-1)!.time).toBeLessThan(closesAt!);
    }
  });

  it('of a large market are exactly as many as requested', async () => {
    const venue = await start({ scale: { instruments: 3, tradesPerInstrument: 2500 } });
    const instruments = venue.truth.instruments();
    expect(instruments.length).toBe(3);
    for (const { id } of instruments) {
      expect(venue.truth.ticks(id).length).toBe(2500);
      expect(await collect(venue, id, 1000)).toEqual(trueTicks(venue, id));
    }
  });
});
