import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/faults.ts';
import { heal } from '../../src/activities/stages/heal.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { ownerMark } from '../../src/processes/owner-mark.ts';
import { createSources } from '../../src/sources/create-sources.ts';
import { instrumentsOf } from '../../src/storage/markets/instruments.ts';
import { acceptOutcomes } from '../../src/storage/markets/outcome-changes.ts';
import { dropAbandonedImports } from '../../src/storage/staging/import-progress.ts';
import { coverageOf } from '../../src/storage/ticks/coverage.ts';
import { type CollectRig, createCollectRig, DAY, NOON, storedTrades, trueTrades } from '../sources/collect-rig.ts';
import { empty } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';

const GROUP = 'bitcoin-above-this-month';
const ELECTION = 'presidential-election-winner';
const BOTH = { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] };

/** The venue, database and sources of all tests that need none of their own. */
let shared: CollectRig;
let rig: CollectRig;
beforeAll(async () => {
  shared = await createCollectRig();
});
beforeEach(() => {
  rig = shared;
});
afterEach(async () => {
  if (rig !== shared) return await rig.close();
  shared.venue.setFaults({});
  await empty(shared.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'source_lateness']);
});
afterAll(() => shared.close());

const instruments = async (symbol: string): Promise<ReadonlyMap<string, Instrument>> =>
  new Map(
    (await instrumentsOf(rig.database, symbol, ['polymarket', 'predict', 'file'])).map((instrument) => [instrument.reference, instrument]),
  );

describe('collecting an instrument', () => {
  it('stores how its market ended: yes, a draw after a dispute, a push, or a legacy market without a payout', async () => {
    const slugs = ['rate-cut-at-the-last-meeting', 'match-abandoned', 'legacy-poll'];
    await rig.add({
      symbol: 'ENDED',
      sources: { polymarket: slugs.map((slug) => ({ slug })), predict: [{ categorySlug: 'eth-updown-flat-day' }] },
    });
    await rig.collect({ symbol: 'ENDED', executionId: 'run', daysBack: 5 });
    const found = await instruments('ENDED');
    expect(found.get('rate-cut-at-the-last-meeting')?.resolution).toMatchObject({ kind: 'settled', payout: 1 });
    expect(found.get('match-abandoned')?.resolution).toMatchObject({ kind: 'settled', payout: 0.5 });
    expect(found.get('eth-updown-flat-day')).toMatchObject({ closed: true, resolution: { kind: 'settled', payout: 0.5 } });
    expect(found.get('legacy-poll')?.resolution).toMatchObject({ kind: 'unresolved' });
  });

  it('reports a database failure as such, not as a failure of the venue', async () => {
    await rig.add({ symbol: 'ABOVE', sources: { polymarket: [{ eventSlug: GROUP }] } });
    await rig.database.query('alter table staged_coverage rename to away');
    try {
      const failed = rig.collect({ symbol: 'ABOVE', executionId: 'away', daysBack: 1, lastAttempt: true });
      await expect(failed).rejects.toThrow('relation "staged_coverage" does not exist');
      await expect(failed).rejects.not.toThrow(/polymarket/);
    } finally {
      await rig.database.query('alter table away rename to staged_coverage');
    }
  });

  it('with outcomes that were stored wrongly is refused until they are accepted, and then turns the quarantined rows into ticks', async () => {
    const { database } = rig;
    await rig.add({ symbol: 'ABOVE', sources: { polymarket: [{ eventSlug: GROUP }] } });
    await rig.collectAndStore({ symbol: 'ABOVE', executionId: 'one', daysBack: 1 });
    const [market] = await instrumentsOf(database, 'ABOVE', ['polymarket']);
    const trades = await storedTrades(database, market.id);
    // as stored by a build that read wrong outcome ids: rows with the venue's real ids went into quarantine
    await database.query(`update instruments set facts = facts || '{"outcomeIds": ["1", "2"]}' where key = $1`, [market.key]);
    await rig.collect({ symbol: 'ABOVE', executionId: 'two', daysBack: 1, refetch: true });
    await database.query('delete from staging_batches');
    expect(await acceptOutcomes(database, 'polymarket:none')).toBeUndefined();
    const raw = await rig.collect({ symbol: 'ABOVE', executionId: 'three', daysBack: 1, refetch: true });
    expect(JSON.stringify(raw.degraded)).toContain(`predictlab symbols accept ${market.id}`);
    const original = {
      token_id: market.outcomeIds[1],
      side: 'BUY',
      price: 0.37,
      size: 5,
      timestamp: NOON / 1000 - 60,
      outcome: market.outcomes[1],
    };
    await database.query(
      `insert into quarantine (symbol, instrument, stage, reason, time, row_hash, row, run_id, execution_id, kind)
       values ('ABOVE', $1, 'clean', 'unknown-outcome', $2, md5($3)::uuid, $3, 'run', 'two', 0), ('ABOVE', $1, 'clean', 'malformed', null, md5('{}')::uuid, '{}', 'run', 'two', 0)`,
      [market.key, NOON - 60_000, JSON.stringify(original)],
    );
    const look = { database, log: silent, symbol: 'ABOVE', asOf: NOON };
    expect(await heal({ ...look, dryRun: true })).toEqual([{ symbol: 'ABOVE', instrument: market.id, rows: 2, healed: 0, inserted: null }]);
    expect(await acceptOutcomes(database, market.id)).toEqual({
      before: { outcomes: market.outcomes, outcomeIds: ['1', '2'] },
      after: { outcomes: market.outcomes, outcomeIds: market.outcomeIds },
    });
    expect(await acceptOutcomes(database, market.id)).toBeUndefined();
    expect(await heal({ ...look, dryRun: true })).toMatchObject([{ rows: 2, healed: 1, inserted: null }]);
    expect(await storedTrades(database, market.id)).toHaveLength(trades.length);
    // a heal that is killed before it clears the staging leaves rows as a killed import does, which workers remove
    await database.query(
      `create function keep() returns trigger language plpgsql as 'begin return null; end';
       create trigger keeps before delete on staging_batches for each row execute function keep()`,
    );
    expect(await heal({ ...look, dryRun: false })).toMatchObject([{ rows: 2, healed: 1, inserted: 1 }]);
    await database.query('drop trigger keeps on staging_batches; drop function keep()');
    const gone = `4194305-1-${ownerMark().split('-')[2]}`;
    await database.query('update staging_batches set execution_id = replace(execution_id, $1, $2)', [ownerMark(), gone]);
    expect(await dropAbandonedImports(database, Date.now())).toBe(1);
    const mirrored = (await storedTrades(database, market.id)).find(({ time, size }) => time === NOON - 60_000 && size === 5);
    expect(mirrored).toMatchObject({ price: 0.63, side: 'sell', outcome: market.outcomes[1] });
    // healed rows are not read again, and the originals stay
    expect(await heal({ ...look, dryRun: false })).toMatchObject([{ rows: 1, healed: 0 }]);
    expect((await database.query('select row from quarantine')).rowCount).toBe(2);
    const { collect } = await rig.collectAndStore({ symbol: 'ABOVE', executionId: 'four', daysBack: 1, refetch: true });
    expect(JSON.stringify(collect.degraded ?? [])).not.toContain('symbols accept');
  });

  it('stores the order book of an open market, best prices first in whatever order the venue lists them, and its twins', async () => {
    await rig.add({ symbol: 'BTC', sources: BOTH });
    await rig.collect({ symbol: 'BTC', executionId: 'run', daysBack: 1 });
    const found = await instrumentsOf(rig.database, 'BTC', ['polymarket', 'predict']);
    expect(found).toHaveLength(6);
    for (const { book } of found) {
      expect(book?.bid).toBeGreaterThan(0);
      expect(book?.ask).toBeGreaterThan(book?.bid ?? 1);
      expect((book?.ask ?? 1) - (book?.bid ?? 0)).toBeLessThan(0.1);
    }
    const ids = new Set(found.map(({ id }) => id));
    const twins = found.filter(({ source }) => source === 'predict').flatMap((instrument) => instrument.twins);
    expect(twins).toHaveLength(3);
    for (const twin of twins) expect(ids.has(twin)).toBe(true);
  });

  it('stores which markets exclude each other, and their number when the whole event was selected', async () => {
    rig = await createCollectRig({ markets: [ELECTION, GROUP] });
    const one = { slug: 'will-ada-alder-win-the-presidential-election' };
    await rig.add({ symbol: 'ONE', sources: { polymarket: [one] } });
    await rig.add({ symbol: 'BTC', sources: BOTH });
    await rig.add({ symbol: 'ALL', sources: { polymarket: [{ eventSlug: ELECTION }, one], predict: [{ categorySlug: ELECTION }] } });
    const groups = async (symbol: string) => {
      await rig.collect({ symbol, executionId: 'run', daysBack: 1 });
      const found = await instrumentsOf(rig.database, symbol, ['polymarket', 'predict']);
      return found.toSorted((a, b) => a.source.localeCompare(b.source)).map(({ group }) => group);
    };
    const [alone] = await groups('ONE');
    expect(alone).toMatchObject({ id: expect.stringMatching(/^polymarket:0x/), markets: null });
    expect(await groups('BTC')).toEqual(Array.from({ length: 6 }, () => undefined));
    const whole = { id: alone?.id, markets: 4 };
    const category = { id: `predict:${ELECTION}`, markets: 4 };
    expect(await groups('ALL')).toEqual([whole, whole, whole, whole, category, category, category, category]);
  });

  it('stores price points of the first outcome, at the finest grain of the venue', async () => {
    await rig.add({ symbol: 'BTC', sources: { polymarket: [{ slug: 'bitcoin-above-110k-this-month' }] } });
    await rig.collectAndStore({ symbol: 'BTC', executionId: 'run', daysBack: 10 });
    const [{ id }] = await instrumentsOf(rig.database, 'BTC', ['polymarket']);
    const { rows } = await rig.database.query<{ time: number; price: number }>(
      'select t.time, t.price from ticks t join instruments i on i.key = t.instrument where i.id = $1 and t.kind = 1 order by t.time',
      [id],
    );
    const fine = rig.venue.truth
      .points(id, { from: NOON - 7 * DAY, to: NOON + 1000, bucketSeconds: 60 })
      .map(({ time, price }) => ({ time: time * 1000, price }));
    const coarse = rig.venue.truth
      .points(id, { from: NOON - 10 * DAY, to: NOON - 7 * DAY, bucketSeconds: 300 })
      .map(({ time, price }) => ({ time: time * 1000, price }));
    expect(fine.length).toBeGreaterThan(9000);
    expect(coarse.length).toBeGreaterThan(500);
    expect(rows.filter(({ time }) => time >= NOON - 7 * DAY)).toEqual(fine);
    expect(rows.filter(({ time }) => time < NOON - 7 * DAY)).toEqual(coarse);
  });
});

describe('collecting when something is missing', () => {
  it('skips Predict.fun without a key, and states that in the run', async () => {
    rig = await createCollectRig({ env: { PREDICT_API_KEY: '' } });
    await rig.add({ symbol: 'BTC', sources: BOTH });
    const { output, degraded } = await rig.collect({ symbol: 'BTC', executionId: 'run' });
    expect(output).toMatchObject({ instruments: 3, skippedSources: { predict: expect.stringContaining('PREDICT_API_KEY') as string } });
    expect(degraded).toEqual([expect.stringContaining('PREDICT_API_KEY')]);
  });

  it('reports a refused key as one clear error, without the key in it', async () => {
    rig = await createCollectRig({ env: { PREDICT_API_KEY: 'my-secret-key' } });
    await rig.add({ symbol: 'BTC', sources: { predict: BOTH.predict } });
    const error = (await rig.collect({ symbol: 'BTC', executionId: 'run' }).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ type: 'SourceUnauthorized' });
    expect(error.message).not.toContain('my-secret-key');
  });

  it('continues with the other markets after one bad selector', async () => {
    await rig.add({ symbol: 'BTC', sources: { polymarket: [{ slug: 'gone' }, ...BOTH.polymarket], predict: [{ marketId: 999_999 }] } });
    const { output, degraded } = await rig.collect({ symbol: 'BTC', executionId: 'run' });
    expect(output).toMatchObject({ instruments: 3 });
    expect(degraded?.join('\n')).toContain('BTC: polymarket has no market for {"slug":"gone"}');
    expect(degraded?.join('\n')).toContain('BTC: predict has no market {"marketId":999999}');
  });

  it('reports for a symbol without selectors how to add them', async () => {
    await rig.add({ symbol: 'EMPTY', sources: {} });
    const { output, degraded } = await rig.collect({ symbol: 'EMPTY', executionId: 'run' });
    expect(output).toMatchObject({ instruments: 0, ticks: 0 });
    expect(degraded?.[0]).toContain('EMPTY has no selectors for polymarket, predict');
  });

  it('refuses a symbol that is not in the catalogue', async () => {
    await expect(rig.collect({ symbol: 'NOWHERE', executionId: 'run' })).rejects.toMatchObject({ type: 'BadInput' });
  });
});

describe('collecting from a venue that changes or fails', () => {
  it('fails when a field was renamed, reports that once, and stores nothing', async () => {
    rig = await createCollectRig({ faults: { renamed: { price: 'px' } } });
    await rig.add({ symbol: 'BTC', sources: { polymarket: BOTH.polymarket } });
    const error = (await rig.collect({ symbol: 'BTC', executionId: 'run' }).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ type: 'SourceSchemaChanged' });
    expect(error.message).toMatch(
      /polymarket changed its answer on \/v2\/trades: expected a value at data\[\]\.price, got nothing; sample: \{/,
    );
  });

  it('reports a blocked address as one error of the venue, after few attempts', async () => {
    rig = await createCollectRig({ faults: { blocked: 1, only: ['/polymarket'] } });
    await rig.add({ symbol: 'BTC', sources: { polymarket: BOTH.polymarket } });
    await expect(rig.collect({ symbol: 'BTC', executionId: 'run' })).rejects.toMatchObject({ type: 'SourceBlocked' });
    expect(rig.venue.requests.filter(({ venue }) => venue === 'polymarket').length).toBeLessThanOrEqual(2);
  });

  it('fails the attempt when the venue does not answer, and continues in the next attempt where it stopped', async () => {
    await rig.add({ symbol: 'BTC', sources: BOTH });
    rig.venue.setFaults({ unavailable: 1, only: ['/predict/v1/orders'] });
    await expect(rig.collect({ symbol: 'BTC', executionId: 'run' })).rejects.toMatchObject({ type: 'SourceUnavailable', retryable: true });
    rig.venue.setFaults({});
    rig.venue.requests.length = 0;
    const { output } = await rig.collect({ symbol: 'BTC', executionId: 'run' });
    expect(output).toMatchObject({ instruments: 6 });
    expect(rig.venue.requests.filter(({ route }) => route === '/data/v2/trades')).toHaveLength(0);
  }, 30_000);

  it('reports how long to wait when the venue requests a long wait', async () => {
    rig = await createCollectRig({ faults: { rateLimited: 1, retryAfterSeconds: 90, only: ['/polymarket/data/v2/trades'] } });
    await rig.add({ symbol: 'BTC', sources: { polymarket: BOTH.polymarket } });
    const error: unknown = await rig.collect({ symbol: 'BTC', executionId: 'run' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ type: 'RateLimited', retryable: true });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(80_000);
    expect(rig.venue.requests.filter(({ route }) => route === '/data/v2/trades').length).toBeLessThanOrEqual(3);
  });
});

describe('one of two venues', () => {
  const down = (faults: Faults): Promise<CollectRig> => createCollectRig({ faults: { ...faults, only: ['/predict'] } });

  it.each<[string, Faults, string]>([
    ['blocks this address', { blocked: 1 }, 'SourceBlocked'],
    ['has changed its answers', { renamed: { outcomes: 'results' } }, 'SourceSchemaChanged'],
  ])('is left out at once when it %s, and the symbol continues with the other venue', async (_, faults, type) => {
    rig = await down(faults);
    await rig.add({ symbol: 'BTC', sources: BOTH });
    const { collect, store } = await rig.collectAndStore({ symbol: 'BTC', executionId: 'run' });
    expect(collect.output).toMatchObject({ instruments: 3, failedSources: { predict: expect.stringContaining('predict') as string } });
    expect(collect.degraded).toEqual([expect.stringContaining(`predict failed (${type})`)]);
    expect(store.output).toMatchObject({ inserted: expect.any(Number) as number });
    for (const { id } of rig.venue.truth.instruments({ group: GROUP, venue: 'polymarket' })) {
      expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 2 * DAY, to: NOON }));
    }
  });

  it('fails the attempt when it may answer again, and the rows of the other venue are kept; the last attempt continues without it', async () => {
    rig = await down({ unavailable: 1 });
    await rig.add({ symbol: 'BTC', sources: BOTH });
    const run = { symbol: 'BTC', executionId: 'run' };
    await expect(rig.collect(run)).rejects.toMatchObject({ type: 'SourceUnavailable', retryable: true });
    rig.venue.requests.length = 0;
    const { output, degraded } = await rig.collect({ ...run, lastAttempt: true });
    expect(rig.venue.requests.filter(({ route }) => route === '/data/v2/trades')).toHaveLength(0);
    expect(rig.venue.requests.filter(({ route }) => route === '/clob/book')).toHaveLength(0);
    expect(output).toMatchObject({ instruments: 3, failedSources: { predict: expect.stringContaining('503') as string } });
    expect(degraded).toEqual([expect.stringContaining('predict failed (SourceUnavailable)')]);
    expect((await instrumentsOf(rig.database, 'BTC', ['polymarket'])).map(({ book }) => book?.bid)).toEqual(
      Array.from({ length: 3 }, () => expect.any(Number) as number),
    );
  }, 30_000);

  it('fails the task when the other venue fails as well', async () => {
    rig = await createCollectRig({ faults: { blocked: 1 } });
    await rig.add({ symbol: 'BTC', sources: BOTH });
    await expect(rig.collect({ symbol: 'BTC', executionId: 'run', lastAttempt: true })).rejects.toMatchObject({ type: 'SourceBlocked' });
  });

  it('may fail for some of its instruments, and the rows of its other instruments are stored', async () => {
    await rig.add({ symbol: 'BTC', sources: { polymarket: BOTH.polymarket } });
    const [broken, ...others] = rig.venue.truth.instruments({ group: GROUP, venue: 'polymarket' });
    rig.venue.setFaults({ unavailable: 1, only: ['/polymarket/data/v2/trades'], onlyQuery: broken.id.slice('polymarket:'.length) });
    const { collect } = await rig.collectAndStore({ symbol: 'BTC', executionId: 'run', lastAttempt: true });
    expect(collect.output).toMatchObject({
      failedSources: { polymarket: expect.stringContaining(`1 of 3 instruments failed, among them ${broken.id}`) as string },
    });
    for (const { id } of others) {
      expect(await storedTrades(rig.database, id)).toEqual(trueTrades(rig, id, { from: NOON - 2 * DAY, to: NOON }));
    }
  }, 30_000);
});

describe('the older trades route of Polymarket', () => {
  it('claims only the range that it has read, and returns the same trades as the newer route', async () => {
    rig = await createCollectRig({
      env: { POLYMARKET_TRADES_ROUTE: 'v1', POLYMARKET_PRICE_POINTS: 'off' },
      scale: { instruments: 1, tradesPerInstrument: 6000 },
    });
    await rig.add({ symbol: 'SCALE', sources: { polymarket: [{ eventSlug: 'scale' }] } });
    const { collect } = await rig.collectAndStore({ symbol: 'SCALE', executionId: 'old', daysBack: 8 });
    const { ticks: seen } = collect.output as { ticks: number };
    expect(seen).toBeGreaterThan(3000);
    expect(seen).toBeLessThan(6000);
    const [{ id, key }] = await instrumentsOf(rig.database, 'SCALE', ['polymarket']);
    const ranges = await coverageOf(rig.database, key, 'trade');
    const times = (await storedTrades(rig.database, id)).map(({ time }) => time);
    // the last page may lack trades of its oldest time, the last ten minutes do not count, and before that the market was not open
    expect(ranges.slice(-1)).toEqual([{ from: times[999] + 1, to: (times.at(-1) ?? 0) - 600_000 }]);
    expect(ranges.length).toBeLessThanOrEqual(2);

    const newer = createSources({ env: { ...rig.venue.environment, POLYMARKET_PRICE_POINTS: 'off' } });
    const { store } = await rig.collectAndStore({ symbol: 'SCALE', executionId: 'new', daysBack: 8, sources: newer });
    await newer.close();
    expect(store.output).toMatchObject({ inserted: 6000 - seen, duplicates: seen });
  });
});

describe('files of the user’s own', () => {
  it('become one instrument each, and are read completely every time', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-files-'));
    const file = path.join(folder, 'senate.csv');
    const lines = [
      'Timestamp,Price,Shares,Type,Outcome',
      '2026-06-10 11:59:58,0.4,10,Buy,Republican',
      '2026-06-10 11:59:58,0.4,10,Buy,Republican',
      'torn line',
      '2026-06-10 11:00:00,0.7,5,Sell,Democrat',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    await rig.add({
      symbol: 'SENATE',
      sources: {
        file: [
          {
            path: path.join(folder, '*.csv'),
            columns: { time: 'Timestamp', price: 'Price', size: 'Shares', side: 'Type', outcome: 'Outcome' },
            firstOutcome: 'Democrat',
          },
        ],
      },
    });
    for (const executionId of ['one', 'two']) {
      const run = await rig.collectAndStore({ symbol: 'SENATE', executionId, sourceTypes: ['file'], daysBack: 1 });
      expect(run.collect.output).toMatchObject({ ticks: 4, instruments: 1, sources: { file: 4 } });
      expect(run.clean.output).toMatchObject({ quarantined: 1 });
    }
    expect(await storedTrades(rig.database, 'file:senate')).toEqual([
      { time: Date.UTC(2026, 5, 10, 11), price: 0.7, size: 5, side: 'sell', outcome: 'Democrat', tradeId: null },
      { time: Date.UTC(2026, 5, 10, 11, 59, 58), price: 0.6, size: 10, side: 'sell', outcome: 'Republican', tradeId: null },
      { time: Date.UTC(2026, 5, 10, 11, 59, 58), price: 0.6, size: 10, side: 'sell', outcome: 'Republican', tradeId: null },
    ]);
    await rm(folder, { recursive: true });
  });

  it('with rows outside the window are reported with the options that include these rows', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-files-'));
    await writeFile(path.join(folder, 'old.csv'), 'time,price\n2022-11-08T00:00:00Z,0.4\n2022-11-09T00:00:00Z,0.5\n');
    await rig.add({ symbol: 'OLD', sources: { file: [{ path: path.join(folder, 'old.csv') }] } });
    const { degraded } = await rig.collect({ symbol: 'OLD', executionId: 'run', sourceTypes: ['file'] });
    expect(degraded?.[0]).toContain("has 2 rows from 2022-11-08 to 2022-11-09, none of them in the run's window");
    expect(degraded?.[0]).toContain('--as-of 2022-11-10');
    await rm(folder, { recursive: true });
  });
});
