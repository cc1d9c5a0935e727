import { describe, expect, it } from 'vitest';
import { collectTogether, takeGroup } from '../../src/activities/stages/collect/collect-together.ts';

interface Market {
  readonly volume: number;
  readonly trades: number | undefined;
}
const market = (trades: number | undefined, volume = trades ?? 0): Market => ({ volume, trades });
const groups = (queue: Market[], most = 20, tradesPerDollar = 0): number[][] => {
  const taken: number[][] = [];
  while (queue.length > 0) taken.push(takeGroup(queue, { most, tradesPerDollar }).map(({ volume }) => volume));
  return taken;
};

describe('a group of markets whose trades are read with one request', () => {
  it('is filled with small markets until it is expected to have the trades of one page', () => {
    expect(groups([market(600), market(400), market(300), market(200), market(40)])).toEqual([
      [600, 200, 40],
      [400, 300],
    ]);
  });

  it('has at most as many markets as one request can read', () => {
    expect(groups([market(5), market(4), market(0), market(0), market(0)], 2)).toEqual([[5, 4], [0, 0], [0]]);
  });

  it('has only one market when that market alone fills a page', () => {
    expect(groups([market(5000), market(900), market(10)])).toEqual([[5000], [900], [10]]);
  });

  it('estimates the trades of a market from its volume when their number is unknown', () => {
    expect(groups([market(undefined, 900), market(undefined, 700), market(undefined, 200)], 20, 0.5)).toEqual([[900, 700], [200]]);
  });
});

const MINUTE = 60_000;

describe('markets that were looked at for the first time four hours ago', () => {
  it('are read together on pages that reach back before the hour which the first look left uncovered, and none is read alone', async () => {
    const asOf = 100 * 60 * MINUTE;
    const looked = asOf - 240 * MINUTE;
    const ids = Array.from({ length: 20 }, (_, number) => `m${number}`);
    let requests = 0;
    // each market has a trade every 4.5 minutes: a page of all of them reaches to 30 minutes before the last look, which is too short
    const source = {
      sharedMarkets: 20,
      async shared({ instruments }: { instruments: readonly { id: string }[] }) {
        requests++;
        const after = asOf - (1000 / instruments.length) * 5.4 * MINUTE;
        return new Map(instruments.map(({ id }) => [id, { rows: [{}], after, clock: asOf, requests: 1 }]));
      },
    };
    const planned = ids.map((id) => ({ instrument: { id, stated: { volume: 54 }, opensAt: 0 }, source, selectors: [], clock: asOf }));
    const collected: { id: string; after: number | undefined }[] = [];
    await collectTogether({
      planned: planned as never,
      request: {
        known: ids.map((id) => ({ id, stated: { volume: 10 } })) as never,
        asOf,
        window: { from: 0, to: asOf },
        since: looked - 20 * MINUTE,
        stored: new Map(ids.map((id) => [id, { volume: 1, coveredTo: looked - 60 * MINUTE }])),
        lateness: () => 10 * MINUTE,
      },
      signal: new AbortController().signal,
      async collectOne({ instrument: { id } }, shared) {
        collected.push({ id, after: shared?.after });
      },
    });
    expect(collected.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(collected.filter(({ after }) => after === undefined || after >= looked - 70 * MINUTE)).toEqual([]);
    expect(requests).toBeLessThanOrEqual(3);
  });
});
