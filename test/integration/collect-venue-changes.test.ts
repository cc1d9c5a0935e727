import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';

const NAMED = ['second-protocol', 'second-protocol-over', 'three-at-once', 'third-protocol', 'long-treaty', 'match-void', 'rate-vote'];

let rig: CollectRig;
beforeAll(async () => {
  rig = await createCollectRig({ markets: NAMED });
});
afterAll(() => rig.close());

const found = async (symbol: string): Promise<readonly Instrument[]> =>
  await instrumentsOf(rig.database, symbol, ['polymarket', 'predict']);
let runs = 0;
const collect = (symbol: string, daysBack: number, asOf = NOON) =>
  rig.collectAndStore({ symbol, executionId: `run-${++runs}`, daysBack, asOf });

describe('markets of Polymarket’s protocol v2', () => {
  it('are stored to the row by their position ids and settled, and unreadable ones are named', async () => {
    await rig.add({
      symbol: 'V2',
      sources: { polymarket: ['second-protocol', 'second-protocol-over', 'three-at-once', 'third-protocol'].map((slug) => ({ slug })) },
    });
    const { collect: effect } = await collect('V2', 3);
    const said = JSON.stringify(effect);
    expect(said).toContain('three-at-once is combo by its condition id');
    expect(said).toContain('protocol version \\"v3\\", which this build of PredictLab does not know');
    const markets = await found('V2');
    expect(markets.map(({ id }) => id.length)).toEqual([77, 77]);
    for (const { id } of markets) {
      const truth = trueTrades(rig, id, { from: NOON - 3 * DAY, to: NOON });
      expect(truth.length).toBeGreaterThan(20);
      expect(await storedTrades(rig.database, id)).toEqual(truth);
    }
    expect(markets.find(({ closed }) => closed)).toMatchObject({
      resolution: { kind: 'settled', payout: 0 },
      settlement: { state: 'final' },
    });
  });
});

describe('the result of a market', () => {
  const ofVote = async () => (await found('VOTE'))[0];

  it('pays nothing while it is proposed or disputed, and pays half when it is void', async () => {
    await rig.add({ symbol: 'VOTE', sources: { predict: [{ categorySlug: 'rate-vote' }] } });
    await rig.add({ symbol: 'OVER', sources: { polymarket: [{ slug: 'second-protocol-over' }] } });
    await rig.add({ symbol: 'VOID', sources: { predict: [{ categorySlug: 'match-void' }] } });
    const [vote] = rig.venue.truth.instruments({ venue: 'predict', group: 'rate-vote' });
    const [over] = rig.venue.truth.instruments({ venue: 'polymarket', group: 'second-protocol-over' });
    for (const [index, stage] of (['silent', 'proposed', 'disputed'] as const).entries()) {
      rig.venue.setFaults({ results: { [vote.id]: stage, [over.id]: stage } });
      await collect('VOTE', 1, NOON + index * 60_000);
      await collect('OVER', 1, NOON + index * 60_000);
      for (const market of [await ofVote(), (await found('OVER'))[0]]) {
        expect(market).toMatchObject({ closed: true, resolution: { kind: 'unresolved' }, settlement: { state: 'proposed' } });
        if (stage !== 'silent') expect(market.settlement?.missing).toContain(stage);
      }
    }
    rig.venue.setFaults({});
    await collect('VOTE', 1, NOON + 4 * 60_000);
    expect(await ofVote()).toMatchObject({ resolution: { kind: 'settled', payout: 1 }, settlement: { state: 'final' } });
    await collect('VOID', 1);
    expect((await found('VOID'))[0]).toMatchObject({ resolution: { kind: 'settled', payout: 0.5 } });
  });
});

describe('a venue’s routes that list its markets', () => {
  it.each(['plain', 'keyset'] as const)('replace each other: without the %s ones, the others are read', async (goneListings) => {
    rig.venue.setFaults({ goneListings, sunset: true });
    await rig.add({ symbol: `GONE_${goneListings.toUpperCase()}`, sources: { polymarket: [{ slug: 'second-protocol' }] } });
    const { collect: effect } = await collect(`GONE_${goneListings.toUpperCase()}`, 1);
    const changes = (effect.output as { venueChanges?: readonly string[] }).venueChanges ?? [];
    // the older listing announces its end, and is only read where the newer one is gone
    expect(changes.some((change) => change.startsWith('polymarket /markets: sunset: Fri, 01 May 2026'))).toBe(goneListings === 'keyset');
    expect(effect.degraded).toBeUndefined();
    expect(await found(`GONE_${goneListings.toUpperCase()}`)).toHaveLength(1);
    rig.venue.setFaults({});
  });
});

describe('a market that was open for four months and ended a month ago', () => {
  it('gets all its trades and price points, although a request may span at most 15 days', async () => {
    await rig.add({ symbol: 'TREATY', sources: { polymarket: [{ slug: 'long-treaty' }] } });
    const { collect: effect } = await collect('TREATY', 160);
    expect(JSON.stringify(effect)).not.toContain('no price points');
    const [{ id }] = await found('TREATY');
    expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 160 * DAY, to: NOON }));
    const { rows } = await rig.database.query<{ days: number }>(
      `select count(distinct t.time / 86400000)::int as days from ticks t join instruments i on i.key = t.instrument where i.id = $1 and t.kind = 1`,
      [id],
    );
    expect(rows[0]?.days).toBeGreaterThan(115);
  });
});
