import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadEventPage, twinBases } from '../../src/activities/report/queries/event-query.ts';
import { loadSymbolPage } from '../../src/activities/report/queries/symbol-query.ts';
import { importSymbols, listSymbols } from '../../src/storage/markets/catalogue.ts';
import { instrumentsOf, type StoredInstrument, saveInstruments } from '../../src/storage/markets/instruments.ts';
import { openTwins, twinsOf } from '../../src/storage/markets/twins.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { predictlab } from '../cli/run-main.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

const TITLE = 'Will Bitcoin be above $100,000 on November 9?';
const END = START + 7 * 24 * HOUR;
const A = instrument('kalshi:KXBTC-100', {
  source: 'kalshi',
  title: 'BTC over 100k on Nov 9',
  event: 'kalshi:KXBTC',
  closesAt: END,
  book: { bid: 0.4, ask: 0.42, at: START + 2 * HOUR },
  settles: { ties: 'At exactly 100,000 it resolves to No.', delaySeconds: 1800 },
});
const B = instrument('polymarket:0x1', {
  title: TITLE,
  closesAt: END + HOUR,
  book: { bid: 0.6, ask: 0.64, at: START + 2 * HOUR + 1000 },
  fees: { model: 'polymarket', rate: 0.1 },
  settles: { ties: 'At exactly 100,000 it resolves 50-50.' },
});

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
  vi.stubEnv('DATABASE_URL', test.url);
  const entry = (symbol: string) => ({ symbol, title: '', enabled: true, priority: 3, sources: {} });
  await importSymbols(test.database, [entry('BTC'), entry('BTC_K')]);
  const rows = (prices: (hour: number) => number) => Array.from({ length: 12 }, (_, i) => trade(START + i * HOUR, prices(i)));
  const covered = { from: START, to: START + 24 * HOUR };
  await collect(test.database, { executionId: 'a', symbol: 'BTC_K', instrument: A, rows: rows((i) => 0.3 + i / 100), covered });
  await collect(test.database, { executionId: 'b', symbol: 'BTC', instrument: B, rows: rows((i) => 0.7 - i / 100), covered });
  await runStages(test.database, { executionId: 'a', symbol: 'BTC_K' });
  await runStages(test.database, { executionId: 'b', symbol: 'BTC' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await test.close();
});

const twins = (...args: string[]) => predictlab('symbols', 'twins', ...args);
const PAIR = [A.id, B.id];

describe('the twins in the catalogue', () => {
  it('are suggested with reasons and differences, and stored only after a yes', async () => {
    const [found] = (await twins('suggest', '--json')).json() as unknown as Record<string, unknown>[];
    expect(found).toMatchObject({ markets: PAIR, likeness: 1, numbers: [9, 100_000], words: ['above', 'bitcoin', 'nov'] });
    const ties = { fact: 'ties', values: [A.settles?.ties, B.settles?.ties], differs: true };
    expect(found).toMatchObject({ terms: expect.arrayContaining([ties]) });
    const { out } = await twins('suggest');
    expect(out).toContain('BTC over 100k on Nov 9');
    expect(out).toContain(`predictlab symbols twins accept ${A.id} ${B.id}`);

    const refused = await twins('accept', ...PAIR);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('add --yes') });
    expect((await twins('accept', ...PAIR, '--json')).code).toBe(2);
    expect((await listSymbols(test.database)).flatMap(({ twins: pairs }) => pairs ?? [])).toEqual([]);
  });

  it('appear on the event page, in the data checks and in the exported catalogue once they are accepted', async () => {
    const accepted = await twins('accept', ...PAIR, '--yes', '--json');
    expect(accepted.json()).toMatchObject({ accepted: PAIR, symbol: 'BTC_K' });
    expect((await twins('suggest', '--json')).json()).toEqual([]);
    const page = await loadEventPage(test.database, 'kalshi:KXBTC', END);
    expect(page?.outcomes.map((row) => row.map(({ instrument: { id } }) => id))).toEqual([PAIR]);
    const [b] = await instrumentsOf(test.database, 'BTC');
    expect((await twinsOf(test.database, [b])).get(b.key)?.map(({ id }) => id)).toEqual([A.id]);
    expect((await openTwins(test.database, 10)).map(({ id }) => id)).toEqual([A.id]);
    expect((await verifyData(test.database)).warnings.map(({ detail }) => detail)).toContain(
      `${A.id} and its twin ${B.id} add up to 1 (trades, 12 times): their outcomes are probably the wrong way round`,
    );
    const entries = JSON.parse((await predictlab('symbols', 'export')).out) as unknown[];
    expect(entries).toContainEqual(expect.objectContaining({ symbol: 'BTC_K', twins: [PAIR] }));
  });

  it('have their price difference over time as an export, with the rest after half-spreads and fees if both books were recorded', async () => {
    const rows = (await predictlab('export', 'basis', '--symbol', 'BTC', '--interval', '1h', '--json')).json() as unknown as Record<
      string,
      unknown
    >[];
    expect(rows).toHaveLength(12);
    expect(rows[0]).toMatchObject({
      symbol: 'BTC',
      instrument: B.id,
      twin: A.id,
      twin_source: 'kalshi',
      interval: '1h',
      price_type: 'trade',
      buy: null,
    });
    const last = rows[11];
    const [bid, ask] = [0.59 - 0.02, 0.41 + 0.01];
    expect(last).toMatchObject({ price: 0.59, twin_price: 0.41, time: new Date(START + 12 * HOUR).toISOString() });
    expect(last['difference']).toBeCloseTo(0.18, 12);
    expect(last['sell']).toBeCloseTo(bid - 0.1 * bid * (1 - bid) - ask, 12);
    expect(last['buy']).toBeCloseTo(0.4 - (0.61 + 0.1 * 0.61 * 0.39), 12);
    const both = (
      await predictlab('export', 'basis', '--instrument', A.id, '--to', new Date(START + 3 * HOUR).toISOString(), '--json')
    ).json();
    expect((both as unknown as { interval: string }[]).filter(({ interval }) => interval === '1h')).toHaveLength(2);
    const settings = { sourceTypes: ['polymarket', 'kalshi'], intervals: ['1h' as const], daysBack: 7, asOf: START + 6 * HOUR };
    const page = await loadSymbolPage(test.database, { runId: 'run', executionId: 'b', symbol: 'BTC', settings });
    expect(page.instruments[0].twins).toMatchObject([{ id: A.id, basis: { interval: '1h', points: { length: 6 } } }]);
    expect(page.instruments[0].twins[0].basis?.points.map(({ sell }) => sell)).toEqual(rows.slice(0, 6).map((row) => row['sell']));
    const basis = 0.6 - 0.1 * 0.6 * 0.4 - 0.42;
    expect(await twinBases(test.database)).toEqual([{ market: A.id, twin: B.id, profit: expect.closeTo(basis, 12) }]);
  });

  it('appear next to each other in `symbols show`, with the differences in their settlement', async () => {
    const { out } = await predictlab('symbols', 'show', 'BTC');
    expect(out).toMatch(/ties +≠ +At exactly 100,000 it resolves 50-50\. +At exactly 100,000 it resolves to No\./);
    const shown = (await predictlab('symbols', 'show', 'BTC', '--json')).json();
    expect(shown['settlement']).toMatchObject([{ markets: [B.id, A.id] }]);
  });

  it('include all three venues when only some of the pairs are declared or accepted', async () => {
    const third = instrument('predict:7', { source: 'predict', title: 'Up to 100k?', twins: [B.id] });
    const other = instrument('predict:8', { source: 'predict', title: 'Another one', twins: [B.id] });
    await saveInstruments(test.database, 'BTC', [third, other]);
    const all = await instrumentsOf(test.database, 'BTC');
    const [a] = await instrumentsOf(test.database, 'BTC_K');
    const twinIds = async (one: StoredInstrument) => (await twinsOf(test.database, [one])).get(one.key)?.map(({ id }) => id);
    expect(await twinIds(a)).toEqual([B.id, third.id, other.id]);
    expect(await twinIds(all[1]), 'not the other market of its own venue').toEqual([B.id, A.id]);
    await test.database.query("delete from symbol_instruments where instrument in (select key from instruments where source = 'predict')");
    await test.database.query("update instruments set facts = facts || '{\"twins\":[]}' where source = 'predict'");
  });

  it('are found with an index among thousands of markets', async () => {
    await test.database.transaction(async (transaction) => {
      await transaction.query(
        `insert into instruments (id, source, facts)
         select 'polymarket:many-' || g, 'polymarket', jsonb_build_object('twins', '[]'::jsonb, 'closed', false) from generate_series(1, 3000) g`,
      );
      await transaction.query('analyze instruments');
      const naming = `explain select key from instruments where id = any($1) or facts->'twins' <> '[]' and facts->'twins' ?| $2`;
      const { rows } = await transaction.query<Record<string, string>>(naming, [[A.id], [B.id]]);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('instruments_twins');
      expect(plan).not.toContain('Seq Scan');
      await transaction.query("delete from instruments where id like 'polymarket:many-%'");
    });
  });

  it('are kept by an import of an entry without twins, and replaced by an entry with other twins', async () => {
    const [, kept] = await listSymbols(test.database);
    const { twins: pairs, ...entry } = kept;
    await importSymbols(test.database, [entry]);
    expect((await listSymbols(test.database))[1].twins).toEqual(pairs);
    await importSymbols(test.database, [{ ...entry, twins: [[A.id, 'predict:7']] }]);
    expect((await listSymbols(test.database))[1].twins).toEqual([[A.id, 'predict:7']]);
    await importSymbols(test.database, [{ ...entry, twins: [[B.id, A.id]] }]);
  });

  it.each([
    ['accept kalshi:NONE polymarket:0x1 --yes', 'no run has found an instrument kalshi:NONE'],
    ['accept kalshi:KXBTC-100 kalshi:KXBTC-100 --yes', 'are both at kalshi'],
    ['accept kalshi:KXBTC-100 polymarket:0x1 --yes', 'are twins already'],
    ['remove kalshi:KXBTC-100 predict:7', 'are not twins'],
  ])('are not changed by `%s`, which is refused with one sentence', async (line, said) => {
    const { code, err } = await twins(...line.split(' '));
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(said);
  });

  it('can be removed in either order, and only once', async () => {
    expect((await twins('remove', B.id, A.id, '--json')).json()).toEqual({ removed: [B.id, A.id], symbols: ['BTC_K'] });
    expect(await twins('remove', ...PAIR)).toMatchObject({ code: 2, err: expect.stringContaining('are not twins') });
    expect((await listSymbols(test.database)).every((entry) => entry.twins === undefined)).toBe(true);
  });
});
