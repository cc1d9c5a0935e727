import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { type CollectRig, createCollectRig, DAY, NOON, type StoredTick, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW } from '../support/sandbox-run.ts';

describe('collecting from Kalshi', () => {
  let rig: CollectRig;
  let now = NOON;
  beforeAll(async () => {
    rig = await createCollectRig({
      now: () => now,
      faults: { only: ['/kalshi'], unavailable: 0.05, repeatRows: 0.3, shuffle: 0.3, badRows: 0.01, textNumbers: 0.2, late: 0.2 },
    });
    await rig.add({ symbol: 'RAIN', sources: { kalshi: [{ seriesTicker: 'KXRAINNYC' }] } });
  });
  afterAll(() => rig.close());

  it('stores each trade of the window exactly once, on both sides of a cutoff that moves', async () => {
    const instruments = rig.venue.truth.instruments({ venue: 'kalshi', group: 'KXRAINNYC-26DEC' });
    expect(instruments).toHaveLength(2);
    const from = NOON - 25 * DAY;
    for (const [index, hours] of [0, 5, 29].entries()) {
      now = NOON + hours * 3_600_000;
      const run = { symbol: 'RAIN', executionId: `rain-${index}`, daysBack: 25, sourceTypes: ['kalshi'], lastAttempt: true };
      const { clean } = await rig.collectAndStore(run);
      if (index === 0) {
        const bad = instruments.flatMap(({ id }) => rig.venue.truth.badRows(id, { from, to: now }));
        expect(bad.length).toBeGreaterThan(10);
        // the last page also has rows of trades before the window, of which those dated in the future count
        expect((clean.output as { quarantined: number }).quarantined).toBeGreaterThanOrEqual(bad.length);
      }
    }
    // the place of a late row among the trades of its second is not known
    const byId = (ticks: readonly StoredTick[]) =>
      ticks.toSorted((a, b) => a.time - b.time || String(a.tradeId).localeCompare(String(b.tradeId)));
    for (const { id } of instruments)
      expect(byId(await storedTrades(rig.database, id)), id).toEqual(byId(trueTrades(rig, id, { from, to: now })));
  });
});

describe('the hourly volumes that Kalshi states', () => {
  const HOUR = 3_600_000;
  let rig: CollectRig;
  let now = NOON;
  beforeAll(async () => {
    rig = await createCollectRig({ now: () => now, statesVolumes: true });
    await rig.add({ symbol: 'RAIN', sources: { kalshi: [{ seriesTicker: 'KXRAINNYC' }] } });
  });
  afterAll(() => rig.close());

  const run = async (number: number) => {
    now = NOON + number * 4 * HOUR;
    const { collect } = await rig.collectAndStore({
      symbol: 'RAIN',
      executionId: `hours-${number}`,
      daysBack: 10,
      sourceTypes: ['kalshi'],
    });
    return collect;
  };
  const requests = () => rig.venue.requests.filter(({ route }) => route.endsWith('/candlesticks')).length;

  it('confirm once the time before the first collection, and reveal an hour of it that lacks a trade', async () => {
    await run(0);
    expect(requests()).toBe(0);
    const [{ id }, other] = rig.venue.truth.instruments({ venue: 'kalshi', group: 'KXRAINNYC-26DEC' });
    const lost = await rig.database.query<{ time: number }>(
      `delete from ticks where (instrument, time, seq) in (select t.instrument, t.time, t.seq from ticks t join instruments i on i.key = t.instrument
         where i.id = $1 and t.kind = 0 and t.size > 1 and t.time < $2 order by t.time desc limit 1) returning time`,
      [id, NOON - 7 * DAY],
    );
    const [{ time }] = lost.rows;

    // the second run finds the hour, walks it again and stores the trade
    const second = await run(1);
    expect(requests()).toBe(2);
    expect(JSON.stringify(second)).toMatch(/its venue states a volume of [\d.]+ where trades of [\d.]+ are held/);
    expect(await storedTrades(rig.database, id)).toHaveLength(trueTrades(rig, id, { from: NOON - 10 * DAY, to: now }).length);

    const confirmed = async (of: string, at: number) => {
      const { rows } = await rig.database.query<{ yes: boolean }>(
        'select c.confirmed @> $2::bigint as yes from coverage c join instruments i on i.key = c.instrument where i.id = $1 and c.kind = 0',
        [of, at],
      );
      return rows[0].yes;
    };
    expect(await confirmed(other.id, time)).toBe(true);
    expect(await confirmed(id, time - 6 * HOUR)).toBe(true);
    expect(await confirmed(id, time)).toBe(false);

    // once the hour is covered again, it is compared once more, and nothing is in doubt
    await run(2);
    await run(3);
    expect(await confirmed(id, time)).toBe(true);
    const settled = requests();
    expect(settled).toBeLessThanOrEqual(4);
    const quiet = await run(4);
    expect(requests()).toBe(settled);
    expect(JSON.stringify(quiet)).not.toContain('its venue states');
  });
});

describe('hourly volumes of Kalshi that never agree with the stored trades', () => {
  const HOUR = 3_600_000;
  let rig: CollectRig;
  let now = NOON;
  beforeAll(async () => {
    rig = await createCollectRig({ now: () => now, statesVolumes: true });
    await rig.add({ symbol: 'RAIN', sources: { kalshi: [{ seriesTicker: 'KXRAINNYC' }] } });
  });
  afterAll(() => rig.close());

  it('cause the hour to be read again once, and leave it covered', async () => {
    const kalshi = rig.sources.byType.kalshi;
    if (kalshi === undefined || !('source' in kalshi)) throw new Error('no Kalshi');
    const { source } = kalshi;
    const hour = NOON - 7 * DAY;
    let asked = 0;
    const lying = {
      ...source,
      async hourlyVolumes(request: Parameters<NonNullable<typeof source.hourlyVolumes>>[0]) {
        asked++;
        const volumes = (await source.hourlyVolumes?.(request)) ?? [];
        return volumes.map((each) => (each.from === hour ? { ...each, volume: each.volume + 50 } : each));
      },
    };
    const sources = { ...rig.sources, byType: { ...rig.sources.byType, kalshi: { ...kalshi, source: lying } } };
    for (let run = 0; run < 5; run++) {
      now = NOON + run * 23 * HOUR;
      await rig.collectAndStore({ symbol: 'RAIN', executionId: `lies-${run}`, daysBack: 10, sourceTypes: ['kalshi'], sources });
    }
    // two requests for each of the two markets: the first collection, and the hour that was walked again
    expect(asked).toBe(4);
    const { rows } = await rig.database.query(
      `select c.ranges @> int8range($1::bigint, $1::bigint + ${HOUR}) as covered, c.confirmed && int8range($1::bigint, $1::bigint + ${HOUR}) as confirmed,
         exists (select from coverage_doubts d where d.instrument = c.instrument) as doubted from coverage c where c.kind = 0`,
      [hour],
    );
    const unconfirmed = { covered: true, confirmed: false, doubted: false };
    expect(rows).toEqual([unconfirmed, unconfirmed]);
  });
});

describe('a run over three venues of which Kalshi is down', () => {
  let venue: SandboxVenue;
  let rig: Rig;
  beforeAll(async () => {
    venue = await startSandboxVenue({ now: SANDBOX_NOW, faults: { only: ['/kalshi'], blocked: 1 } });
    rig = await createRig({ env: venue.environment });
    await importSandboxSymbols(rig.database, ['SOL_PRICE']);
  });
  afterAll(async () => {
    await rig.close();
    await venue.close();
  });

  it('is degraded, loses nothing of the other venues, and knows the twins at both once Kalshi answers again', async () => {
    const input = { symbols: ['SOL_PRICE'], daysBack: 2, asOf: new Date(SANDBOX_NOW).toISOString() };
    const stored = async () => {
      const counts = await rig.database.query<{ id: string; rows: number; twins: string[] }>(
        `select i.id, count(*)::int as rows, i.facts->'twins' as twins from instruments i join ticks t on t.instrument = i.key and t.kind = 0
         group by 1, 3 order by 1`,
      );
      return counts.rows;
    };
    const isRight = ({ id, rows }: { id: string; rows: number }) =>
      rows === venue.truth.ticks(id, { from: SANDBOX_NOW - 2 * DAY, to: SANDBOX_NOW }).length;

    const down = await rig.run(input);
    expect(down.result).toBe('degraded');
    expect(down.reasons.join('\n')).toMatch(/kalshi/);
    const two = await stored();
    expect(two.map(({ id }) => id.split(':')[0])).toEqual(['polymarket', 'predict']);
    expect(two.every(isRight)).toBe(true);

    venue.setFaults({});
    const up = await rig.run(input);
    expect(up.result).toBe('success');
    const three = await stored();
    expect(three.map(({ id }) => id.split(':')[0])).toEqual(['kalshi', 'polymarket', 'predict']);
    expect(three.every(isRight)).toBe(true);
    const [kalshi, polymarket, predict] = three;
    expect(predict.twins.toSorted()).toEqual([kalshi.id, polymarket.id]);
  });
});
