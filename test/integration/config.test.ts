import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { prune } from '../../src/storage/backup/prune.ts';
import { importSymbols, listSymbols, removeSymbol } from '../../src/storage/markets/catalogue.ts';
import { recordConfiguration } from '../../src/storage/runs/configurations.ts';
import { endRun, recordRunStart } from '../../src/storage/runs/runs.ts';
import { COMMAND, predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const START = Date.UTC(2026, 0, 5);
const entry = (symbol: string, more: object = {}) => ({ symbol, title: symbol, enabled: true, priority: 3, sources: {}, ...more });

let rig: Rig;
let scheduleId: string;
beforeAll(async () => {
  rig = await createRig({ worker: false });
  scheduleId = `nightly-${rig.taskQueue}`;
});
afterAll(() => rig.close());

let runs = 0;
/** Records a run as the worker does. */
async function noted(input: object, { code = 'build-1', schedule }: { code?: string; schedule?: string } = {}): Promise<number> {
  const configuration = await recordConfiguration(rig.database, { input, code, plugins: {} });
  const n = ++runs;
  const run = { runId: `run-${n}`, executionId: `execution-${n}`, input, config: {} as RunConfig, startedAt: START + n * 1_000 };
  await recordRunStart(rig.database, { ...run, configuration, scheduleId: schedule });
  return configuration;
}
const config = async (...args: string[]) => {
  const answer = await predictlabHere(['config', ...args], rig.env);
  return { ...answer, json: () => JSON.parse(answer.stdout) as unknown };
};

describe('a version of the configuration', () => {
  it('is the same for the same input, catalogue, plugins and code, whatever versions came in between and whatever asOf a run had', async () => {
    await importSymbols(rig.database, [entry('AAA'), entry('BBB')], { replace: true });
    expect(await noted({ daysBack: 7, symbols: ['AAA'] }, { schedule: scheduleId })).toBe(1);
    expect(await noted({ symbols: ['AAA'], daysBack: 7, asOf: '2026-01-01T00:00:00Z' })).toBe(1);
    await importSymbols(rig.database, [entry('BBB', { enabled: false }), entry('CCC')]);
    await removeSymbol(rig.database, 'AAA');
    expect(await noted({ daysBack: 2 }, { code: 'build-2' })).toBe(2);
    const together = await Promise.all(
      Array.from({ length: 8 }, () => recordConfiguration(rig.database, { input: { daysBack: 3 }, code: 'c', plugins: {} })),
    );
    expect(new Set(together)).toEqual(new Set([3]));

    expect((await config('history', '--json')).json()).toEqual([
      { version: 3, at: expect.stringMatching(/Z$/), runs: [] },
      { version: 2, at: expect.stringMatching(/Z$/), runs: ['run-3'] },
      { version: 1, at: expect.stringMatching(/Z$/), runs: ['run-2', 'run-1'] },
    ]);
    expect((await config('diff', '1', '2', '--json')).json()).toEqual([
      { path: 'catalogue.AAA', before: { title: 'AAA', enabled: true, priority: 3, sources: {} }, after: null },
      { path: 'catalogue.BBB.enabled', before: true, after: false },
      { path: 'catalogue.CCC', before: null, after: { title: 'CCC', enabled: true, priority: 3, sources: {} } },
      { path: 'code', before: 'build-1', after: 'build-2' },
      { path: 'input.daysBack', before: 7, after: 2 },
      { path: 'input.symbols', before: ['AAA'], after: null },
    ]);
    expect((await config('history')).stdout).toContain('input.daysBack');
  });

  it('is named with its differences when two runs are compared', async () => {
    const { stdout } = await predictlabHere(['runs', 'compare', 'run-1', 'run-3'], rig.env);
    expect(stdout).toContain('configuration: input.daysBack: 7 → 2');
    expect(JSON.parse((await predictlabHere(['runs', 'compare', 'run-1', 'run-2', '--json'], rig.env)).stdout)).toMatchObject({
      configuration: [],
    });
  });

  it('is restored with its catalogue and the input of its schedule, both or neither', async () => {
    const standing = await listSymbols(rig.database);
    expect(await config('rollback', '1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`there is no schedule "${scheduleId}"`),
    });
    expect(await listSymbols(rig.database)).toEqual(standing);

    await rig.lab.schedules.create({ scheduleId, input: { daysBack: 2 } });
    expect((await config('rollback', '1', '--json')).json()).toEqual({
      version: 1,
      catalogue: { added: 1, updated: 1, removed: 1 },
      schedule: scheduleId,
      notRestored: [expect.stringMatching(/^not restored: the code of version 1 was build build-1, this is /)],
    });
    expect(await listSymbols(rig.database)).toEqual([entry('AAA'), entry('BBB')]);
    expect((await rig.lab.schedules.show(scheduleId)).input).toMatchObject({ daysBack: 7, symbols: ['AAA'] });

    // an input that its own catalogue does not fit is refused, and nothing changes
    const wrong = await noted({ symbols: ['NOPE'] }, { schedule: scheduleId });
    await importSymbols(rig.database, [entry('DDD')]);
    expect(await config('rollback', String(wrong))).toMatchObject({ code: 2, stderr: expect.stringContaining('NOPE') });
    expect((await listSymbols(rig.database)).map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB', 'DDD']);
    expect((await rig.lab.schedules.show(scheduleId)).input).toMatchObject({ daysBack: 7 });
    await rig.lab.schedules.delete(scheduleId);
  });

  it('is restored by repeating a rollback that was killed halfway, which is reported until then', async () => {
    await importSymbols(rig.database, [entry('AAA'), entry('BBB')], { replace: true });
    await rig.lab.schedules.create({ scheduleId, input: { daysBack: 2 } });
    const inputNow = async () => (await rig.lab.schedules.show(scheduleId)).input.daysBack;
    await rig.database.query(
      `create function waits() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(777); return old; end $$`,
    );
    /** Starts a rollback, kills it while it waits for the lock, and releases the lock. */
    const killedAt = async (lock: string): Promise<void> => {
      await rig.database.transaction(async (held) => {
        await held.query(lock);
        const child = spawn(process.execPath, [COMMAND, 'config', 'rollback', '1'], { env: rig.env, stdio: 'ignore' });
        const ended = new Promise((resolve) => child.once('close', resolve));
        await until(async () => (await waiting()) > 0);
        child.kill('SIGKILL');
        await ended;
      });
      await until(async () => (await waiting()) === 0);
    };
    const waiting = async (): Promise<number> => {
      const { rows } = await rig.database.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = 'predictlab-cli' and wait_event_type = 'Lock'`,
      );
      return rows[0].count;
    };
    const symbols = async () => (await listSymbols(rig.database)).map(({ symbol }) => symbol);
    await importSymbols(rig.database, [entry('EEE')]);

    // a kill before any change leaves nothing to report
    await killedAt('lock table symbols in access exclusive mode');
    expect([await inputNow(), await symbols()]).toEqual([2, ['AAA', 'BBB', 'EEE']]);
    expect((await config('history')).stderr).toBe('');

    // the rollback has changed the schedule, and the commit of the catalogue is blocked
    await rig.database.query(`create trigger waits before delete on watch_state for each row execute function waits()`);
    await killedAt('select pg_advisory_xact_lock(777)');
    await rig.database.query('drop trigger waits on watch_state');
    expect([await inputNow(), await symbols()]).toEqual([7, ['AAA', 'BBB', 'EEE']]);
    const message =
      /^the rollback of the configuration to version 1 was cut off on .*Z: schedule nightly-.* may have the input of that version and the catalogue not; `predictlab config rollback 1` finishes it/;
    for (const args of [['history'], ['diff', '1', '2']]) expect((await config(...args)).stderr).toMatch(message);
    const { stdout } = await predictlabHere(['doctor', '--json'], rig.env);
    expect((JSON.parse(stdout) as { checks: object[] }).checks).toContainEqual({
      name: 'configuration',
      status: 'warn',
      detail: expect.stringContaining('was cut off'),
      action: expect.stringContaining('config rollback 1` finishes it'),
    });

    expect(await config('rollback', '1')).toMatchObject({ code: 0 });
    expect([await inputNow(), await symbols()]).toEqual([7, ['AAA', 'BBB']]);
    expect((await config('history')).stderr).toBe('');
    await rig.lab.schedules.delete(scheduleId);
  }, 120_000);

  it('is restored with its catalogue only when only manual runs used it', async () => {
    expect((await config('rollback', '2', '--json')).json()).toMatchObject({
      version: 2,
      schedule: null,
      notRestored: ['no schedule is changed: no scheduled run used version 2', expect.stringContaining('build-2')],
    });
    expect(await listSymbols(rig.database)).toEqual([entry('BBB', { enabled: false }), entry('CCC')]);
  });

  it.each([
    [['rollback', 'last'], 'version last: write a number from `predictlab config history`'],
    [['diff', '1', '99'], 'there is no version 99; `predictlab config history` lists them'],
  ])('must exist: %j is refused in one sentence', async (args, said) => {
    expect(await config(...args)).toMatchObject({ code: 2, stderr: `predictlab: ${said}\n` });
  });

  it('is removed with its last run when runs are pruned', async () => {
    for (let n = 1; n <= runs; n++)
      await endRun(rig.database, {
        executionId: `execution-${n}`,
        result: { result: 'success', finishedAt: n === 3 ? new Date().toISOString() : '2026-01-06T00:00:00Z' } as never,
      });
    await prune(rig.database, { runs: Date.UTC(2026, 1, 1) });
    expect((await config('history', '--json')).json()).toMatchObject([{ version: 2 }]);
    expect((await rig.database.query('select count(*)::int as kept from catalogues')).rows).toEqual([{ kept: 1 }]);
  });
});
