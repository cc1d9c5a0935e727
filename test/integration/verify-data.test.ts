import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { checkData } from '../../src/set-up/checks/home.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

/** What `doctor --data` prints. */
const doctor = async () => {
  const lines = await checkData({ DATABASE_URL: test.url }, silent);
  return lines.map(({ status, detail }) => `${status} ${detail}`);
};

it('a sample looks at evenly spread series, and at each once when it is larger than their number', async () => {
  for (const id of ['0x1', '0x2', '0x3'])
    await collect(test.database, {
      symbol: 'RAIN',
      executionId: 'a',
      instrument: instrument(`polymarket:${id}`),
      rows: [trade(START, 0.5)],
    });
  await runStages(test.database, { symbol: 'RAIN', executionId: 'a' });
  const looked = async (sample?: number) => {
    const { series, ticks } = await verifyData(test.database, { sample });
    return { series, ticks };
  };
  expect(await looked()).toEqual({ series: 3, ticks: 3 });
  expect(await looked(1)).toEqual({ series: 1, ticks: 1 });
  expect(await looked(3)).toEqual({ series: 3, ticks: 3 });
  expect(await looked(20)).toEqual({ series: 3, ticks: 3 });
});

describe('markets of which only one can win', () => {
  const GROUP = 'polymarket:0xe1ec';

  /** A market of the group that traded at a price once an hour, two days long. */
  interface Candidate {
    readonly id: string;
    readonly price: number;
    readonly facts?: Partial<Instrument>;
  }

  const store = async (candidates: readonly Candidate[], markets: number | null): Promise<void> => {
    for (const { id, price, facts } of candidates) {
      const market = instrument(`polymarket:${id}`, { group: { id: GROUP, markets }, ...facts });
      const rows = Array.from({ length: 48 }, (_, hour) => trade(START + hour * HOUR, price));
      await collect(test.database, { symbol: 'ELECTION', executionId: 'a', instrument: market, rows });
    }
    await runStages(test.database, { symbol: 'ELECTION', executionId: 'a' });
  };

  it('give no warning when their prices add up to about 1', async () => {
    await store(
      [
        { id: '0x1', price: 0.55 },
        { id: '0x2', price: 0.3 },
        { id: '0x3', price: 0.08 },
      ],
      3,
    );
    expect(await verifyData(test.database)).toMatchObject({ findings: [], warnings: [], notes: [] });
  });

  it('give a warning when their prices add up to more than 1, however many of them are collected', async () => {
    await store(
      [
        { id: '0x1', price: 0.55 },
        { id: '0x2', price: 0.7 },
      ],
      null,
    );
    expect(await doctor()).toEqual([
      `warn ELECTION: 2 markets of which only one can win add up to 1.25 on average, more than 1 at 48 of 48 times (1h trades, group ${GROUP}): probably one of them has its outcomes the wrong way round`,
      expect.stringMatching(/^ok .* all as stored$/),
    ]);
  });

  it('give a warning when their prices add up to less than 1 although all of them are collected', async () => {
    await store(
      [
        { id: '0x1', price: 0.2 },
        { id: '0x2', price: 0.3 },
      ],
      2,
    );
    expect(await doctor()).toEqual([
      `warn ELECTION: 2 markets of which only one can win add up to 0.50 on average, less than 1 at 48 of 48 times (1h trades, group ${GROUP}): probably one of them has its outcomes the wrong way round, or the venue does not list one that can win`,
      expect.stringMatching(/^ok /),
    ]);
  });

  it('are reported as a part of their group, without a warning, when a symbol selects only some of them', async () => {
    await store(
      [
        { id: '0x1', price: 0.2 },
        { id: '0x2', price: 0.3 },
      ],
      null,
    );
    const part = `add up to 0.50 on average (1h trades, group ${GROUP}), as a part of them may; a selector of their whole event or category brings the others`;
    const said = (of: string) => `ok ELECTION: only 2 ${of}markets of which one will win have prices here, and ${part}`;
    expect(await doctor()).toEqual([said(''), expect.stringMatching(/^ok .* all as stored$/)]);
    await test.database.query(`update instruments set facts = jsonb_set(facts, '{group,markets}', '4') where id = 'polymarket:0x1'`);
    expect((await doctor())[0]).toBe(said('of the 4 '));
  });

  it('count with their payout once they are settled, even those that were never collected', async () => {
    const lost = instrument('polymarket:0x9', {
      group: { id: GROUP, markets: 3 },
      closed: true,
      resolution: { kind: 'settled', payout: 0, at: START - DAY },
    });
    await collect(test.database, { symbol: 'ELECTION', executionId: 'a', instrument: lost, rows: [] });
    await store(
      [
        { id: '0x1', price: 0.2 },
        { id: '0x2', price: 0.3 },
      ],
      3,
    );
    expect(await doctor()).toEqual([expect.stringMatching(/^warn ELECTION: 3 markets .* 0\.50 on average/), expect.stringMatching(/^ok /)]);
  });

  it('give no warning while they rarely have prices at the same time, or while only one of them is known', async () => {
    await store([{ id: '0x1', price: 0.9 }], 2);
    expect(await verifyData(test.database)).toMatchObject({ warnings: [], notes: [] });
    const rows = Array.from({ length: 48 }, (_, hour) => trade(START + 30 * DAY + hour * HOUR, 0.9));
    const other = instrument('polymarket:0x2', { group: { id: GROUP, markets: 2 } });
    await collect(test.database, { symbol: 'ELECTION', executionId: 'b', instrument: other, rows });
    await runStages(test.database, { symbol: 'ELECTION', executionId: 'b', asOf: START + 40 * DAY, daysBack: 30 });
    expect(await verifyData(test.database)).toMatchObject({ warnings: [], notes: [] });
  });

  it('are not compared with markets that were stored before groups of markets were recorded', async () => {
    await store(
      [
        { id: '0x1', price: 0.8 },
        { id: '0x2', price: 0.8 },
      ],
      2,
    );
    await test.database.query(`update instruments set facts = facts - 'group'`);
    expect(await verifyData(test.database)).toMatchObject({ findings: [], warnings: [], notes: [] });
  });
});

describe('a market without new trades', () => {
  /** Trades every second hour for two days, then collection goes on without any. */
  const LAST = START + 46 * HOUR;
  const rows = Array.from({ length: 24 }, (_, k) => trade(START + 2 * k * HOUR, 0.5));

  const store = async (facts: Partial<Instrument>, covered: number, id = 'polymarket:0x1'): Promise<void> => {
    await collect(test.database, { executionId: id, instrument: instrument(id, facts), rows, covered: { from: START, to: covered } });
    await runStages(test.database, { executionId: id });
  };

  it('gives a warning when it is open and collected, and its pauses are usually shorter', async () => {
    await store({}, LAST + 31 * HOUR);
    expect(await doctor()).toEqual([
      `warn RAIN: polymarket:0x1 is open and collected, but has had no trade for 30 h (since ${new Date(LAST + HOUR).toISOString()}); its pauses are rarely longer than 2 h`,
      expect.stringMatching(/^ok .* all as stored$/),
    ]);
  });

  it('gives no warning while the pause is usual', async () => {
    await store({}, LAST + 6 * HOUR);
    expect(await verifyData(test.database)).toMatchObject({ warnings: [] });
  });

  it.each<[string, Partial<Instrument>]>([
    ['closed', { closed: true }],
    ['resolved', { resolution: { kind: 'settled', payout: 1, at: LAST } }],
    ['over by its own dates', { closesAt: LAST + HOUR }],
    ['a file', { source: 'file' }],
  ])('gives no warning when it is %s', async (_, facts) => {
    await store(facts, LAST + 31 * HOUR);
    expect(await verifyData(test.database)).toMatchObject({ warnings: [] });
  });

  it('gives no warning when it is no longer collected', async () => {
    await store({}, LAST + 31 * HOUR);
    await store({}, LAST + 100 * HOUR, 'polymarket:0x2');
    const { warnings } = await verifyData(test.database);
    expect(warnings.map(({ detail }) => detail)).toEqual([expect.stringContaining('polymarket:0x2')]);
  });

  it('is listed among the five most unusual ones, and otherwise only counted', async () => {
    for (let n = 1; n <= 7; n++) await store({}, LAST + (20 + n) * HOUR, `polymarket:0x${n}`);
    const { warnings } = await verifyData(test.database);
    expect(warnings).toHaveLength(6);
    expect(warnings[0].detail).toContain('polymarket:0x7');
    expect(warnings[5].detail).toBe('… and 2 more like these');
  });
});
