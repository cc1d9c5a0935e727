import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import ms, { type StringValue } from 'ms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeSymbol } from '../../src/storage/markets/catalogue.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

describe('a schedule', () => {
  let rig: Rig;
  const scheduleId = `test-${randomUUID().slice(0, 8)}`;
  const hold = gate();
  const seen: number[] = [];

  beforeAll(async () => {
    rig = await createRig({
      stages: {
        ...scriptedStages(),
        collect: async (input, work) => {
          seen.push(input.settings.asOf);
          await hold.opened;
          return await work.commit(async () => ({ output: {} }));
        },
      },
    });
    await importTestSymbols(rig.database);
  });
  afterAll(() => rig.close());

  it('is created with the defaults: every four hours, one run at a time, a single run after an outage', async () => {
    expect(await rig.lab.schedules.create({ scheduleId })).toBe('created');
    expect(await rig.lab.schedules.show(scheduleId)).toMatchObject({
      cron: '0 */4 * * *',
      timeZone: 'UTC',
      overlap: 'SKIP',
      catchupWindow: '1m',
      paused: false,
      input: { retry: { maxRetries: 3, retryDelay: '5m', backoff: 1 } },
    });
    const { nextRuns } = await rig.lab.schedules.show(scheduleId);
    expect(nextRuns.length).toBeGreaterThan(0);
    for (const time of nextRuns) expect(time).toMatch(/T(00|04|08|12|16|20):00:00/);
  });

  it('is updated, not duplicated, when it is created again', async () => {
    expect(await rig.lab.schedules.create({ scheduleId, input: { symbols: ['AAA'], untilStage: 'collect' } })).toBe('updated');
    expect((await rig.lab.schedules.show(scheduleId)).input).toMatchObject({ symbols: ['AAA'], retry: { maxRetries: 3 } });
    expect(await rig.lab.schedules.create({ scheduleId, cron: '30 1 * * *' })).toBe('updated');
    expect(await rig.lab.schedules.show(scheduleId)).toMatchObject({ cron: '30 1 * * *', input: { symbols: ['AAA'] } });
  });

  it('keeps the fields of its input that an update does not give, unless the input is given as a whole', async () => {
    const retry = { maxRetries: 3, retryDelay: '5m', backoff: 1 };
    const input = async () => (await rig.lab.schedules.show(scheduleId)).input;
    await rig.lab.schedules.update({ scheduleId, input: { maxConcurrent: 2 } });
    expect(await input()).toEqual({ symbols: ['AAA'], untilStage: 'collect', maxConcurrent: 2, retry });
    await rig.lab.schedules.update({ scheduleId, input: { symbols: ['AAA'], untilStage: 'collect' }, replaceInput: true });
    expect(await input()).toEqual({ symbols: ['AAA'], untilStage: 'collect', retry });
  });

  it('never has an asOf, whichever command changes it', async () => {
    const input = { asOf: '2026-01-01T00:00:00Z' };
    const refused = { type: 'BadInput', message: expect.stringContaining('as of each of its times') };
    await expect(rig.lab.schedules.create({ scheduleId: 'as-of', input })).rejects.toMatchObject(refused);
    await expect(rig.lab.schedules.update({ scheduleId, input })).rejects.toMatchObject(refused);
    await expect(rig.lab.schedules.show('as-of')).rejects.toThrow('as-of');
  });

  it('is paused and resumed', async () => {
    await rig.lab.schedules.pause(scheduleId);
    expect((await rig.lab.schedules.show(scheduleId)).paused).toBe(true);
    await rig.lab.schedules.resume(scheduleId);
    expect((await rig.lab.schedules.show(scheduleId)).paused).toBe(false);
  });

  it('keeps its catch-up window exactly when other fields change', async () => {
    const window = async () => (await rig.lab.schedules.show(scheduleId)).catchupWindow;
    for (const given of ['90s', '61m', '1500m', '10s', '12345ms', '1h', '2d']) {
      await rig.lab.schedules.update({ scheduleId, catchupWindow: given });
      await rig.lab.schedules.update({ scheduleId, cron: '30 1 * * *' });
      expect(ms((await window()) as StringValue)).toBe(ms(given as StringValue));
    }
    await rig.lab.schedules.update({ scheduleId, catchupWindow: '90s' });
    expect(await window()).toBe('90s');
  });

  it.each(['0s', '-5m', '5s', 'soon', ''])('refuses a catch-up window of "%s" and changes nothing', async (catchupWindow) => {
    await expect(rig.lab.schedules.update({ scheduleId, catchupWindow })).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('at least 10s'),
    });
    expect((await rig.lab.schedules.show(scheduleId)).catchupWindow).toBe('90s');
  });

  it('starts one run when triggered twice, as of its scheduled time', async () => {
    const first = await rig.lab.schedules.trigger(scheduleId);
    expect(first).toEqual({ started: expect.stringContaining(`${scheduleId}-`), open: [] });
    const lastRuns = async () => (await rig.lab.schedules.show(scheduleId)).lastRuns;
    await until(async () => (await lastRuns()).length > 0);
    expect(await rig.lab.schedules.trigger(scheduleId)).toEqual({ started: null, open: [first.started] });
    const said = await predictlabHere(['schedule', 'trigger', '--id', scheduleId], rig.env);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(`started nothing: ${first.started} is open`) });
    await until(() => seen.length > 0);
    hold.open();
    const [{ runId }] = await lastRuns();
    rig.started(runId);
    expect(runId).toMatch(new RegExp(`^${scheduleId}-\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$`));
    expect(await rig.lab.result(runId)).toMatchObject({ result: 'success', totalTasks: 1 });
    expect(await lastRuns()).toEqual([{ runId, result: 'success' }]);
    expect(new Date(seen[0]).toISOString()).toBe(runId.slice(scheduleId.length + 1).replace('Z', '.000Z'));
  });

  it('lists what is missing, and then backfills only that, newest first', async () => {
    hold.open();
    await rig.lab.schedules.update({
      scheduleId,
      cron: '0 */4 * * *',
      input: { symbols: ['AAA'], untilStage: 'collect', daysBack: 1 },
      replaceInput: true,
    });
    const good = await rig.run({ symbols: ['AAA'], untilStage: 'collect', daysBack: 0.5, asOf: '2026-01-02T12:00Z' });
    expect(good.result).toBe('success');
    const ask = async (...more: string[]) => {
      const range = ['--from', '2026-01-02T00:00:00Z', '--to', '2026-01-02T20:00:00Z'];
      const answer = await predictlabHere(['schedule', 'backfill', '--id', scheduleId, ...range, '--json', ...more], rig.env);
      expect(answer.stderr).toBe('');
      return JSON.parse(answer.stdout) as { firings: string[]; skipped: string[]; dryRun: boolean };
    };
    const hours = (list: readonly string[]) => list.map((time) => Number(time.slice(11, 13)));
    const all = await ask('--dry-run');
    expect([hours(all.firings), all.skipped]).toEqual([[0, 4, 8, 12, 16, 20], []]);
    const missing = await ask('--dry-run', '--only-missing');
    // the run as of 12:00 saw half a day
    expect([hours(missing.firings), hours(missing.skipped)]).toEqual([
      [20, 16, 0],
      [4, 8, 12],
    ]);
    seen.length = 0;
    await ask('--only-missing');
    await until(() => seen.length >= 3);
    expect(seen.map((at) => new Date(at).getUTCHours())).toEqual([20, 16, 0]);
    for (const { runId } of (await rig.lab.schedules.show(scheduleId)).lastRuns) {
      rig.started(runId);
      await rig.lab.result(runId);
    }
  });

  it('has a jitter, a note and a pause after failures, which stay when other fields change', async () => {
    await rig.lab.schedules.update({ scheduleId, jitter: '5m', note: 'the desk’s', pauseOnFailure: 3 });
    await rig.lab.schedules.update({ scheduleId, cron: '0 */6 * * *' });
    expect(await rig.lab.schedules.show(scheduleId)).toMatchObject({
      jitter: '5m',
      note: 'the desk’s',
      pauseOnFailure: 3,
      cron: '0 */6 * * *',
    });
    await rig.lab.schedules.pause(scheduleId, 'the venue moves');
    expect(await rig.lab.schedules.show(scheduleId)).toMatchObject({ paused: true, note: 'the venue moves' });
    const failures = async () => (await rig.lab.schedules.show(scheduleId)).pauseOnFailure;
    for (const [given, kept] of [
      [['--pause-on-failure'], 1],
      [['--pause-on-failure', '10'], 10],
      [['--no-pause-on-failure'], 0],
    ] as const) {
      expect(await predictlabHere(['schedule', 'update', '--id', scheduleId, ...given], rig.env), given.join(' ')).toMatchObject({
        code: 0,
      });
      expect(await failures(), given.join(' ')).toBe(kept);
    }
    for (const wrong of ['0', '11', 'often'])
      expect(await predictlabHere(['schedule', 'update', '--id', scheduleId, '--pause-on-failure', wrong], rig.env)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`--pause-on-failure ${wrong}: write a whole number`),
      });
    await expect(rig.lab.schedules.update({ scheduleId, jitter: '2d' })).rejects.toThrow(
      'jitter "2d": write a duration up to 1d, like "5m"',
    );
  });

  it('is refused in one sentence when it does not exist or its cron expression is wrong', async () => {
    await rig.lab.schedules.delete(scheduleId);
    await expect(rig.lab.schedules.show(scheduleId)).rejects.toThrow(`there is no schedule "${scheduleId}"`);
    for (const cron of ['every day', '61 * * * *', '0 25 * * *', '99 * * * *'])
      await expect(rig.lab.schedules.create({ scheduleId, cron }), cron).rejects.toMatchObject({ type: 'BadInput' });
  });
});

describe('predictlab schedule create and update', () => {
  let rig: Rig;
  const id = `test-${randomUUID().slice(0, 8)}`;
  const ask = (...args: string[]) => predictlabHere(['schedule', ...args, '--id', id], rig.env);
  const stored = async (): Promise<unknown> => (await rig.lab.schedules.show(id)).input;
  const retry = { maxRetries: 3, retryDelay: '5m', backoff: 1 };

  beforeAll(async () => {
    rig = await createRig({ worker: false });
    await importTestSymbols(rig.database);
  });
  afterAll(async () => {
    await rig.lab.schedules.delete(id);
    await rig.close();
  });

  it('accept the same input as `plan`, including one without symbols', async () => {
    expect(await ask('create', '--json')).toMatchObject({ code: 0, stderr: '' });
    expect(await stored()).toEqual({ retry });
    expect(await ask('update', '--symbols', 'AAA')).toMatchObject({ code: 0 });
    expect(await stored()).toEqual({ symbols: ['AAA'], retry });
  });

  it('refuse a wrong input with exit code 2 and every problem at once, and change nothing', async () => {
    const file = path.join(rig.home, 'pipeline.json');
    await writeFile(
      file,
      JSON.stringify({ symbols: ['AAB'], strategies: [{ name: 'sma-kross' }], tasks: [{ taskId: 'x', activity: 'httpGit' }] }),
    );
    for (const verb of ['create', 'update']) {
      const answer = await ask(verb, '--file', file, '--json');
      expect(answer).toMatchObject({ code: 2, stdout: '' });
      for (const part of ['3 problems', 'unknown symbol "AAB"', 'sma-cross', 'httpGet']) expect(answer.stderr).toContain(part);
    }
    expect(await stored()).toEqual({ symbols: ['AAA'], retry });
  });

  it('check the input that a run would get, including the kept fields, against the current catalogue', async () => {
    await removeSymbol(rig.database, 'AAA');
    expect(await ask('update', '--days', '3')).toMatchObject({ code: 2, stderr: expect.stringContaining('unknown symbol "AAA"') });
    expect(await ask('create', '--days', '3')).toMatchObject({ code: 2 });
    expect(await ask('update', '--days', '3', '--symbols', 'BBB')).toMatchObject({ code: 0 });
    expect(await stored()).toEqual({ symbols: ['BBB'], daysBack: 3, retry });
  });

  it('end with exit code 3 and one sentence when the catalogue cannot be reached', async () => {
    const answer = await predictlabHere(['schedule', 'create', '--id', id], { ...rig.env, DATABASE_URL: 'postgresql://127.0.0.1:1/none' });
    expect(answer).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^predictlab: Postgres at 127\.0\.0\.1:1\S*: .+\n$/),
    });
  });
});
