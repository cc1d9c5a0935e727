import { afterAll, beforeAll, expect, it } from 'vitest';
import { comparePoints, compareResults } from '../../bench/year/points.ts';
import { compareWithTruth } from '../../bench/year/truth.ts';
import { type CollectRig, createCollectRig, DAY, NOON } from '../sources/collect-rig.ts';
import { runStage } from '../support/stage-run.ts';

const HOUR = 3_600_000;
const GROUP = 'bitcoin-above-this-month';
const SERIES = 'btc-updown-4h';
const DAYS_BACK = 4;

let clock = NOON;
let rig: CollectRig;
beforeAll(async () => {
  rig = await createCollectRig({
    now: () => clock,
    markets: [GROUP, SERIES],
    // days of firings pass within a minute, so the request limit is raised
    env: { PREDICTLAB_RATE_SHARE: '10' },
  });
  await rig.add(
    { symbol: 'OPEN', sources: { polymarket: [{ eventSlug: GROUP }], predict: [{ categorySlug: GROUP }] } },
    { symbol: 'SERIES', sources: { polymarket: [{ seriesSlug: SERIES }] } },
  );
});
afterAll(() => rig.close());

const looks: { readonly asOf: number; readonly away: ReadonlySet<string> }[] = [];
/** Runs one firing of both symbols. @returns the reasons of the runs */
async function fire(): Promise<readonly string[]> {
  looks.push({ asOf: clock, away: new Set() });
  const said = await Promise.all(
    ['OPEN', 'SERIES'].map(async (symbol) => {
      const { collect } = await rig.collectAndStore({ symbol, executionId: `${symbol} ${clock}`, daysBack: DAYS_BACK });
      return collect.degraded ?? [];
    }),
  );
  return said.flat();
}

it('a market wrongly called closed and a reversed result are corrected and reported once, and leave no gap and no false coverage', async () => {
  const { venue, database } = rig;
  expect(await fire()).toEqual([]);
  clock += 4 * HOUR;
  const [atPolymarket] = venue.truth.instruments({ venue: 'polymarket', group: GROUP });
  const [atPredict] = venue.truth.instruments({ venue: 'predict', group: GROUP });
  const closed = venue.truth.instruments({ venue: 'polymarket', group: SERIES }).filter(({ closesAt }) => (closesAt ?? clock + 1) <= clock);
  const last = closed.sort((a, b) => (b.closesAt ?? 0) - (a.closesAt ?? 0))[0];
  venue.setFaults({
    calledClosed: { [atPolymarket.id]: clock - HOUR, [atPredict.id]: clock - HOUR },
    flipped: [last.id],
    contradicted: 0.05,
  });
  expect(await fire()).toEqual([]);
  venue.setFaults({});
  clock += 4 * HOUR;
  const opened = await fire();
  expect(opened.toSorted()).toEqual([
    expect.stringMatching(
      new RegExp(`^${atPolymarket.id}: polymarket had called it closed on .* and settled at 1 and calls it open again`),
    ),
    expect.stringMatching(new RegExp(`^${atPredict.id}: predict had called it closed on .* and settled at 1 and calls it open again`)),
  ]);
  const said: string[] = [];
  for (let i = 0; i < 9; i++) {
    clock += 4 * HOUR;
    said.push(...(await fire()));
  }
  const { payout } = last;
  expect(said).toEqual([
    `${last.id}: polymarket had settled it at ${1 - (payout ?? 0)} and settles it at ${payout} now: the new statement counts from now on`,
  ]);
  // long after that everything has been asked about again
  clock += 3 * DAY;
  expect(await fire()).toEqual([]);

  const span = { database, venue, from: NOON - DAYS_BACK * DAY, to: clock };
  expect((await compareWithTruth({ ...span, looks, windowMs: DAYS_BACK * DAY })).wrong).toEqual([]);
  const { points, wrong } = await comparePoints({ ...span, refetchedFrom: clock });
  expect({ many: points > 5_000, wrong }).toEqual({ many: true, wrong: [] });
  expect(await compareResults({ ...span, to: clock + 5 * DAY })).toMatchObject({ wrong: [] });
  const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from quarantine where reason = 'malformed'`);
  expect(rows[0].count).toBeGreaterThan(0);
}, 240_000);

it('a run that saw a market as closed, but stores after another run saw it open again, claims nothing after that close', async () => {
  const { venue, database } = rig;
  const [market] = venue.truth.instruments({ venue: 'polymarket', group: GROUP });
  clock += 4 * HOUR;
  const end = clock - HOUR;
  venue.setFaults({ calledClosed: { [market.id]: end } });
  await fire();
  clock += 4 * HOUR;
  await rig.collect({ symbol: 'OPEN', executionId: 'held up', daysBack: DAYS_BACK });
  venue.setFaults({});
  await rig.collect({ symbol: 'OPEN', executionId: 'quick', daysBack: DAYS_BACK });
  const store = async (executionId: string): Promise<void> => {
    for (const stage of ['clean', 'store'] as const) {
      await runStage(database, stage, { executionId, symbol: 'OPEN', asOf: clock, daysBack: DAYS_BACK });
    }
  };
  const coveredUntil = async (): Promise<number> => {
    const { rows } = await database.query<{ until: number }>(
      'select max(upper(ranges)) as until from coverage c join instruments i on i.key = c.instrument where i.id = $1',
      [market.id],
    );
    return rows[0].until;
  };
  await store('held up');
  // an hour more than stated: trades after that end are seen at once
  expect(await coveredUntil()).toBeLessThan(end + 2 * HOUR);
  await store('quick');
  expect(await coveredUntil()).toBeGreaterThan(end + 3 * HOUR);
  clock += 4 * HOUR;
  await fire();
  const span = { database, venue, from: NOON - DAYS_BACK * DAY, to: clock };
  expect((await compareWithTruth({ ...span, looks, windowMs: DAYS_BACK * DAY })).wrong).toEqual([]);
}, 120_000);
