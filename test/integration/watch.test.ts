import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTokenPool } from '../../src/budget/token-pool.ts';
import { checkThroughTemporal } from '../../src/cli/doctor/checks.ts';
import type { ScheduleCounts } from '../../src/client/schedules/schedule-firings.ts';
import type { Schedules } from '../../src/client/schedules/schedules.ts';
import type { PredictLab } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { disabledAmong, listIncidents } from '../../src/incidents/rows/incidents.ts';
import { closeIncident } from '../../src/incidents/rows/observe.ts';
import { limitsInUse, limitsOf } from '../../src/sources/create-sources.ts';
import type { Queryable } from '../../src/storage/database/database.ts';
import { databaseMark } from '../../src/storage/database/migrate.ts';
import { setEnabled } from '../../src/storage/markets/catalogue.ts';
import { createPostgresWindows } from '../../src/storage/rate-budget.ts';
import { runOf, type StoredRun } from '../../src/storage/runs/runs.ts';
import { freshness } from '../../src/storage/ticks/symbol-rows.ts';
import { quietSymbols } from '../../src/storage/verify/unusual-quiet.ts';
import { deletedOnPurpose, readWatchState, recordDeleting, saveWatchState } from '../../src/storage/watch/watch-state.ts';
import { allChecks } from '../../src/watch/all-checks.ts';
import { diskCheck, shortage } from '../../src/watch/checks/disk.ts';
import { unrecordedEndsCheck } from '../../src/watch/checks/ended-outside.ts';
import { scheduleCheck } from '../../src/watch/checks/schedules.ts';
import { deadlineCheck, goneCheck, requestBudgetCheck, staleCheck } from '../../src/watch/checks/stored-facts.ts';
import { recordedEnd } from '../../src/watch/records/record-end.ts';
import { type Check, runDueChecks } from '../../src/watch/watch.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

let rig: Rig;
let hold = { begun: gate(), end: gate() };
beforeAll(async () => {
  rig = await createRig({
    stages: scriptedStages(async ({ taskId, work }) => {
      if (taskId === 'AAA/clean') throw new PredictLabError('BadInput', 'no');
      if (taskId !== 'BBB/store') return;
      hold.begun.open();
      await Promise.race([hold.end.opened, new Promise((resolve) => work.signal.addEventListener('abort', resolve))]);
    }),
  });
  await importTestSymbols(rig.database);
});
afterAll(async () => rig.close());

const look = async (check: Check, now: number): Promise<void> => {
  await rig.database.query("update watch_state set at = at - interval '1 day' where name like 'turn/%'");
  await runDueChecks({ database: rig.database, checks: [check], onNews: () => undefined, log: silent }, now);
};
const open = async () => (await listIncidents(rig.database, { open: true, limit: 100 })).map(({ cause }) => cause);

const CALM: ScheduleCounts = {
  scheduleId: 's',
  missed: 0,
  overlapped: 0,
  lastFiring: null,
  catchupWindow: '1m',
  pausedItself: null,
  pauseAfter: null,
};
const untouched: Pick<Schedules, 'isThere' | 'lastRuns' | 'namespace' | 'pause'> = {
  namespace: 'default',
  isThere: async () => true,
  lastRuns: async () => [],
  pause: async () => undefined,
};

it('a missed firing is an incident until the next firing becomes a run', async () => {
  let counts: Partial<ScheduleCounts> = { missed: 3, overlapped: 0, lastFiring: 900 };
  const check = scheduleCheck({
    database: rig.database,
    schedules: async () => ({ ...untouched, counts: async () => [{ ...CALM, ...counts }] }),
  });
  await look(check, 1000);
  expect(await open()).toEqual([]);
  counts = { ...counts, missed: 5, overlapped: 1 };
  await look(check, 2000);
  await look(check, 3000);
  expect((await open()).sort()).toEqual([
    expect.stringContaining('schedule s: 2 firings were missed'),
    expect.stringContaining('schedule s: a firing was skipped'),
  ]);
  counts = { ...counts, lastFiring: 4000 };
  await look(check, 5000);
  expect(await open()).toEqual([]);
});

it('the watch counts the firings of the schedules of its task queue', async () => {
  const scheduleId = `watched-${rig.taskQueue}`;
  await rig.lab.schedules.create({ scheduleId });
  // the list of schedules comes some moments later than the schedule
  const found = await until(async () => {
    const counts = await rig.lab.schedules.counts();
    return counts.length > 0 && counts;
  });
  expect(found).toEqual([{ ...CALM, scheduleId }]);
  await rig.lab.schedules.delete(scheduleId);
  // that list has it for some moments yet
  expect([await rig.lab.schedules.counts(), await rig.lab.schedules.isThere(scheduleId)]).toEqual([[], false]);
});

it('the incidents of a deleted schedule close, while those of a schedule that is only missing in the list stay open', async () => {
  let deleted = false;
  let counts: ScheduleCounts[] = [{ ...CALM, scheduleId: 'deleted', missed: 1 }];
  const check = scheduleCheck({
    database: rig.database,
    schedules: async () => ({ ...untouched, isThere: async () => !deleted, counts: async () => counts }),
  });
  const reported = async () => (await open()).filter((cause) => cause.includes('schedule deleted'));
  await look(check, 1000);
  counts = [{ ...CALM, scheduleId: 'deleted', missed: 2, pausedItself: 'it failed' }];
  await look(check, 2000);
  expect(await reported()).toHaveLength(2);
  counts = [];
  await look(check, 3000);
  expect(await reported()).toHaveLength(2);
  for (const id of ['deleted', 's']) await recordDeleting(rig.database, id);
  deleted = true;
  await look(check, 4000);
  expect(await reported()).toEqual([]);
});

it('a schedule that another tool deleted is one incident until it is back, and one deleted with predictlab is no incident', async () => {
  const { schedules } = rig.lab;
  const scheduleId = `gone-${rig.taskQueue}`;
  const reported = async () =>
    (await listIncidents(rig.database, { open: true, limit: 100 })).filter(({ cause }) => cause.includes(scheduleId));
  // the list of schedules comes some moments later than the schedule
  const seen = async () => {
    await expect.poll(async () => (await schedules.counts()).some((one) => one.scheduleId === scheduleId), { timeout: 60_000 }).toBe(true);
    await look(check, Date.now());
  };
  const check = scheduleCheck({ database: rig.database, schedules: async () => schedules });
  const remove = async () => await rig.client.schedule.getHandle(scheduleId).delete();
  await schedules.create({ scheduleId });
  await seen();
  await remove();
  // a worker of another namespace knows nothing of it
  const elsewhere = { ...untouched, counts: async () => [], isThere: async () => false, namespace: 'elsewhere' };
  await look(scheduleCheck({ database: rig.database, schedules: async () => elsewhere }), Date.now());
  expect(await reported()).toEqual([]);
  await look(check, Date.now());
  const [incident, ...others] = await reported();
  expect([incident.cause, others]).toEqual([expect.stringContaining(`\`predictlab schedule create --id ${scheduleId}\``), []]);
  // an operator who deleted it on purpose closes the incident and gets no further alert
  await closeIncident(rig.database, incident.id, 'it was meant');
  await look(check, Date.now());
  expect(await reported()).toEqual([]);

  await schedules.create({ scheduleId });
  await seen();
  await remove();
  await look(check, Date.now());
  expect(await reported()).toHaveLength(1);
  await schedules.create({ scheduleId });
  await seen();
  expect(await reported()).toEqual([]);

  const doctor = await predictlabHere(['doctor', '--json'], rig.env);
  const lines = (JSON.parse(doctor.stdout) as { checks: { name: string; detail: string }[] }).checks.filter(
    ({ name }) => name === 'schedule',
  );
  expect(lines).toEqual([expect.objectContaining({ status: 'ok', detail: expect.stringContaining(`${scheduleId}: next run 20`) })]);
  expect(await predictlabHere(['schedule', 'delete', '--id', scheduleId], rig.env)).toMatchObject({ code: 0 });
  await look(check, Date.now());
  expect(await reported()).toEqual([]);
  await expect.poll(async () => (await schedules.upcoming()).upcoming.length, { timeout: 60_000 }).toBe(0);
  expect((await checkThroughTemporal(rig.env)).filter(({ name }) => name === 'schedule')).toEqual([
    { name: 'schedule', status: 'ok', detail: expect.stringContaining(`none on task queue ${rig.taskQueue}: no run starts by itself`) },
  ]);
  // a deletion that did not come about leaves nothing behind that would hide the next one
  expect(await predictlabHere(['schedule', 'delete', '--id', 'never-there'], rig.env)).toMatchObject({ code: 2 });
  expect(await deletedOnPurpose(rig.database, [scheduleId, 'never-there'])).toEqual(new Set([scheduleId]));
}, 120_000);

it('a request budget that is near its limit in five checks is an incident until it recovers', async () => {
  const check = requestBudgetCheck({ database: rig.database, limits: { family: { requests: 100, windowMs: 10_000 } } });
  const use = async (pausedUntil: number) =>
    rig.database.query(
      `insert into rate_budgets (name, state) values ('family', $1) on conflict (name) do update set state = excluded.state`,
      [JSON.stringify({ slots: [], pausedUntil })],
    );
  await use(Date.now() + 3_600_000);
  for (let minute = 0; minute < 4; minute++) await look(check, minute);
  expect(await open()).toEqual([]);
  await look(check, 5);
  expect(await open()).toEqual([expect.stringContaining('requests to family')]);
  await use(0);
  await look(check, 6);
  expect(await open()).toEqual([]);
});

it.each([0.1, 1, 4])('a budget is near its limit when collection waits for it, with a share of %d of the limits', async (rateShare) => {
  await rig.database.query('delete from rate_budgets');
  const { list, close } = allChecks({
    database: rig.database,
    home: tmpdir(),
    env: {},
    taskQueue: rig.taskQueue,
    limits: limitsInUse({ PREDICTLAB_RATE_SHARE: String(rateShare) }),
    onNews: () => undefined,
    log: silent,
  });
  const check = list.find(({ name }) => name === 'request budgets') as Check;
  const pool = createTokenPool({ store: createPostgresWindows(rig.database), limits: limitsOf(), share: rateShare });
  const take = async (requests: number): Promise<void> => {
    for (let sent = 0; sent < requests; sent++) await pool.take('predict/general', 'live', AbortSignal.timeout(30_000));
  };
  const looks = async (): Promise<string[]> => {
    for (let minute = 1; minute <= 5; minute++) await look(check, minute);
    return await open();
  };
  await take(Math.floor(250 * rateShare * 0.6));
  expect(await looks()).toEqual([]);
  await take(Math.floor(250 * rateShare * 0.3));
  expect(await looks()).toEqual([expect.stringContaining('requests to predict/general')]);
  await rig.database.query('delete from rate_budgets');
  await look(check, 6);
  expect(await open()).toEqual([]);
  await close();
});

it('the disk is checked by one worker per minute', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-watch-'));
  const check = diskCheck({ database: rig.database, home });
  let looks = 0;
  const counted = { ...check, look: (now: number) => (looks++, check.look(now)) };
  const options = { database: rig.database, checks: [counted], onNews: () => undefined, log: silent };
  await Promise.all([runDueChecks(options, Date.now()), runDueChecks(options, Date.now())]);
  expect(looks).toBe(1);
  expect(await open()).toEqual([]);
  await rm(home, { recursive: true });
});

it('a disk that would be full within a day at the rate of the last day is an incident, and its free space is noted every half hour', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-watch-'));
  const name = `free/${hostname()}:${home}`;
  const check = diskCheck({ database: rig.database, home });
  const now = Date.now();
  const minutes = (count: number): number => count * 60_000;
  /** Looks once after these samples: minutes ago, and the free bytes then. Returns the troubles and the number of samples after the look. */
  const after = async (...samples: readonly (readonly [ago: number, free: number])[]) => {
    await saveWatchState(rig.database, name, { samples: samples.map(([ago, free]) => [now - minutes(ago), free]) });
    const found = await check.look(now);
    const kept = await readWatchState<{ samples: [number, number][] }>(rig.database, name);
    return { causes: found?.troubles.map(({ cause }) => cause), samples: kept?.samples.length };
  };
  const full = [expect.stringMatching(/^disk: [\d.]+ (MB|GB) are free .* it lost 79999\d+\.\d GB over the last day; make room/)];
  expect(await after([180, 1e18])).toEqual({ causes: full, samples: 2 });
  expect(await after([180, 1e18], [29, 1e18])).toEqual({ causes: full, samples: 2 });
  expect(await after([180, 1e18], [30, 1e18])).toEqual({ causes: full, samples: 3 });
  expect(await after([25 * 60, 1e18])).toEqual({ causes: [], samples: 1 });
  await rm(home, { recursive: true });
});

it('free space below 256 MiB is too little, however slowly it shrinks', () => {
  const least = 256 * 1024 * 1024;
  expect([shortage(least, 0), shortage(least - 1, 0)]).toEqual([null, 'which is too little to work with']);
  expect([shortage(5e9, 5e9), shortage(5e9, 6e9)]).toEqual([null, 'and it lost 6.0 GB over the last day']);
  expect(shortage(1e6, 2e6)).toBe('and it lost 2 MB over the last day');
});

it('a run that will miss its deadline is an incident while it runs, until a run meets the deadline', async () => {
  await setEnabled(rig.database, ['AAA', 'BBB'], true);
  const { runId } = await rig.lab.start({ symbols: ['BBB'], untilStage: 'store', deadline: '1s' });
  await hold.begun.opened;
  const check = deadlineCheck({ database: rig.database, lab: async () => rig.lab, log: silent });
  // its stages have no recorded durations, so a second each is assumed
  await look(check, Date.now());
  expect(await open()).toEqual([expect.stringMatching(/^deadline: .*(after its deadline|has passed)/)]);
  await rig.lab.cancel(runId);
  await rig.lab.result(runId).catch(() => undefined);
  expect(await open()).toHaveLength(1);
  hold.end.open();
  const late = await rig.run({ symbols: ['BBB'], untilStage: 'store', deadline: '1ms' });
  expect(late).toMatchObject({ result: 'degraded', reasons: [expect.stringContaining('was missed by')] });
  for (const incident of await listIncidents(rig.database, { open: true, limit: 9 }))
    await closeIncident(rig.database, incident.id, 'the test is over');
  hold = { begun: gate(), end: gate() };
});

it('a terminated run is recorded and reported, and its staged rows are removed after a day; the incidents of a disabled symbol close', async () => {
  const { runId, executionId } = await rig.lab.start({ symbols: ['BBB'], untilStage: 'store' });
  await hold.begun.opened;
  await rig.database.query(
    `with i as (insert into instruments (id, source, facts) values ('polymarket:x', 'polymarket', '{}') returning key)
     insert into staging_batches (execution_id, symbol, instrument) select $1, 'BBB', key from i`,
    [executionId],
  );
  await rig.client.workflow.getHandle(runId).terminate('by hand');
  hold.end.open();
  const check = unrecordedEndsCheck({ database: rig.database, lab: async () => rig.lab, onNews: () => undefined, log: silent });
  await look(check, Date.now() + 130_000);
  expect(await runOf(rig.database, executionId)).toMatchObject({ result: 'failed' });
  expect(await open()).toEqual([expect.stringContaining('was ended from outside: by hand')]);
  await look(check, Date.now() + 25 * 3_600_000);
  const { rows } = await rig.database.query('select from staging_batches');
  expect(rows).toEqual([]);

  await rig.run({ symbols: ['AAA'], untilStage: 'store' });
  expect(await open()).toContainEqual(expect.stringContaining('clean: BadInput'));
  await setEnabled(rig.database, ['AAA'], false);
  expect(await disabledAmong(rig.database, ['AAA', 'BBB', 'NONE'])).toEqual(['AAA', 'NONE']);
  await look(goneCheck({ database: rig.database }), Date.now());
  expect(await open()).not.toContainEqual(expect.stringContaining('clean: BadInput'));
});

it('the end of a run that Temporal does not know is recorded, unless all workers of that Temporal have another database', async () => {
  const { runId, executionId } = await rig.lab.start({ symbols: ['BBB'], untilStage: 'collect' });
  await rig.lab.result(runId);
  await rig.database.query('update runs set finished_at = null, status = null, result = null where execution_id = $1', [executionId]);
  const own = (await databaseMark(rig.database)) as string;
  const recorded = async (marks: readonly string[]) => {
    const forgetful = { describe: async () => undefined, workerDatabases: async () => marks } as unknown as PredictLab;
    return await recordedEnd(forgetful, rig.database, (await runOf(rig.database, executionId)) as StoredRun);
  };
  expect(await recorded(['another'])).toBeUndefined();
  expect(await recorded(['another', own])).toMatchObject({
    result: 'success',
    reasons: [expect.stringContaining('Temporal no longer has it')],
  });
  expect(await runOf(rig.database, executionId)).toMatchObject({ result: 'success' });
  await rig.database.query('update runs set finished_at = null, status = null, result = null where execution_id = $1', [executionId]);
  expect(await recorded([])).toMatchObject({ result: 'success' });
});

it('a collected symbol is stale when it has had no ticks for longer than its usual pauses', async () => {
  expect(await quietSymbols(rig.database)).toEqual({ quiet: [], others: [] });
  await setEnabled(rig.database, ['AAA', 'BBB'], true);
  const hour = 480_000;
  // AAA has ticks every hour, BBB every 20 hours; both are quiet for 30 hours
  for (const [symbol, step] of [
    ['AAA', 1],
    ['BBB', 20],
  ] as const) {
    await rig.database.query(
      `with i as (insert into instruments (id, source, facts) values ($1, 'polymarket', $2) returning key),
       s as (insert into symbol_instruments (symbol, instrument) select $3, key from i),
       c as (insert into coverage (instrument, kind, ranges) select key, 0, int8multirange(int8range($4, $5)) from i)
       insert into tick_hours (instrument, kind, hour, ticks, version) select key, 0, h, 5, 1 from i, generate_series($6::int, $7::int, $8::int) h`,
      [
        `polymarket:${symbol}`,
        JSON.stringify({ closed: false, closesAt: null, resolution: { kind: 'open' } }),
        symbol,
        (hour - 400) * 3_600_000,
        (hour + 30) * 3_600_000,
        hour - 400,
        hour,
        step,
      ],
    );
  }
  const { quiet, others } = await quietSymbols(rig.database);
  expect(quiet).toMatchObject([{ symbol: 'AAA', since: (hour + 1) * 3_600_000, usual: 3_600_000 }]);
  expect(others.map(({ symbol }) => symbol)).toEqual(['BBB']);
  const check = staleCheck({ database: rig.database });
  expect(check.everyMs).toBe(900_000);
  await look(check, Date.now());
  expect(await open()).toContainEqual(expect.stringContaining('stale: AAA is collected, but has had no tick for 29 h'));
  // a run later it trades again
  await rig.database.query('update coverage set ranges = ranges + int8multirange(int8range(0, $1))', [(hour + 34) * 3_600_000]);
  await rig.database.query(
    `insert into tick_hours (instrument, kind, hour, ticks, version) select key, 0, $1, 1, 2 from instruments where id = 'polymarket:AAA'`,
    [hour + 33],
  );
  await look(check, Date.now());
  expect(await open()).not.toContainEqual(expect.stringContaining('stale: AAA'));
});

it('the newest hour of an instrument is found without reading its other hours', async () => {
  const hours = 20_000;
  await rig.database.query(
    `insert into tick_hours (instrument, kind, hour, ticks, version)
     select key, 0, h, 1, 1 from instruments, generate_series(1, $1::int) h where id = 'polymarket:AAA'`,
    [hours],
  );
  await rig.database.query('analyze tick_hours');
  for (const query of [quietSymbols, (queryable: Queryable) => freshness(queryable, Date.now())]) {
    const read = await rig.database.transaction(async (transaction) => {
      await query(transaction);
      const { rows } = await transaction.query<{ read: number }>(
        `select (pg_stat_get_xact_tuples_returned('tick_hours'::regclass) + pg_stat_get_xact_tuples_returned('tick_hours_pkey'::regclass))::float8 as read`,
      );
      return rows[0].read;
    });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(hours / 10);
  }
});

it('a schedule is paused after several failed runs in a row, reported until it is resumed, and counted again from then on', async () => {
  await setEnabled(rig.database, ['AAA', 'BBB'], true);
  const { schedules } = rig.lab;
  const scheduleId = `failing-${rig.taskQueue}`;
  await schedules.create({ scheduleId, pauseOnFailure: 2, input: { symbols: ['AAA'], untilStage: 'clean' } });
  const check = scheduleCheck({
    database: rig.database,
    // the list of schedules comes some moments later than the schedule
    schedules: async () => ({
      counts: () =>
        until(async () => {
          const mine = (await schedules.counts()).filter((one) => one.scheduleId === scheduleId);
          return mine.length > 0 && mine;
        }),
      isThere: (id) => schedules.isThere(id),
      namespace: schedules.namespace,
      lastRuns: (id) => schedules.lastRuns(id),
      pause: (id, note) => schedules.pause(id, note),
    }),
  });
  const fails = async (): Promise<string> => {
    const { started } = await schedules.trigger(scheduleId);
    rig.started(started!);
    await expect(rig.lab.result(started!)).rejects.toMatchObject({ how: 'failed' });
    return started!;
  };
  const reported = async () => (await open()).filter((cause) => cause.includes('paused'));
  const isPaused = async () => (await schedules.show(scheduleId)).paused;

  await fails();
  await look(check, Date.now());
  expect([await isPaused(), await reported()]).toEqual([false, []]);
  const last = await fails();
  await look(check, Date.now());
  expect(await schedules.show(scheduleId)).toMatchObject({
    paused: true,
    note: `paused after 2 failed runs in a row, the last one ${last}`,
  });
  await look(check, Date.now());
  expect(await reported()).toEqual([
    expect.stringContaining(`schedule ${scheduleId}: paused after 2 failed runs in a row, the last one ${last}; fix the cause`),
  ]);

  await schedules.resume(scheduleId);
  await look(check, Date.now());
  expect([await isPaused(), await reported()]).toEqual([false, []]);
  await fails();
  await look(check, Date.now());
  expect([await isPaused(), await reported()]).toEqual([false, []]);
  await schedules.delete(scheduleId);
});
