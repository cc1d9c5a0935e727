import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW, storedData, tradesAlone } from '../support/sandbox-run.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const iso = (time: number): string => new Date(time).toISOString();

describe('recovery from a pause, over the sandbox venue', () => {
  let venue: SandboxVenue;
  let rig: Rig;
  const scheduleId = `test-${randomUUID().slice(0, 8)}`;
  const input: PipelineInput = { symbols: ['BTC_PRICE'], daysBack: 0.5, untilStage: 'kline' };

  beforeAll(async () => {
    venue = await startSandboxVenue({ now: SANDBOX_NOW });
    rig = await createRig({ env: tradesAlone(venue) });
    await importSandboxSymbols(rig.database, input.symbols);
  });
  afterAll(async () => {
    await rig.close();
    await venue.close();
  });

  /** Times of the trades in the range that the venue had, and of those that are stored, by instrument. */
  const trades = async (from: number, to: number): Promise<{ readonly truth: number[]; readonly stored: number[] }> => {
    const { rows } = await rig.database.query<{ id: string; times: number[] }>(
      `select i.id, coalesce(array_agg(t.time::float8 order by t.time, t.seq) filter (where t.time > $1 and t.time <= $2), '{}') as times
       from instruments i left join ticks t on t.instrument = i.key group by i.id order by i.id`,
      [from, to],
    );
    const truth = rows.flatMap(({ id }) => venue.truth.ticks(id).map(({ time }) => time));
    return {
      truth: truth.filter((time) => time > from && time <= to).toSorted((a, b) => a - b),
      stored: rows.flatMap(({ times }) => times).toSorted((a, b) => a - b),
    };
  };

  it('fills with a backfill exactly the times that its dry run listed as missing', async () => {
    const [from, to] = [SANDBOX_NOW - 48 * HOUR, SANDBOX_NOW];
    // the later run comes first: a run that follows a hole catches up with it
    for (const asOf of [to, from + 12 * HOUR]) expect((await rig.run({ ...input, asOf: iso(asOf) })).reasons).toEqual([]);
    await rig.lab.schedules.create({ scheduleId, cron: '0 */4 * * *', input });
    await rig.lab.schedules.pause(scheduleId);
    const backfill = async (...more: string[]) => {
      const range = ['--from', iso(from + 4 * HOUR), '--to', iso(to), '--only-missing', '--json'];
      const answer = await predictlabHere(['schedule', 'backfill', '--id', scheduleId, ...range, ...more], rig.env);
      expect(answer).toMatchObject({ code: 0, stderr: '' });
      return (JSON.parse(answer.stdout) as { firings: string[] }).firings.map((time) => Date.parse(time));
    };
    const named = await backfill('--dry-run');
    expect(named.map((time) => (time - from) / HOUR)).toEqual([36, 32, 28, 24, 20, 16]);
    const before = await trades(from, to);
    // the hole of a day holds every trade that is missing, and nothing of it is stored
    const hole = await trades(from + 12 * HOUR, to - 12 * HOUR);
    expect([hole.truth.length > 50, hole.stored]).toEqual([true, []]);
    expect(before.truth.length - before.stored.length).toBe(hole.truth.length);

    expect(await backfill()).toEqual(named);
    const lastRuns = async () => (await rig.lab.schedules.show(scheduleId)).lastRuns;
    await until(async () => {
      const runs = await lastRuns();
      return runs.length === named.length && runs.every(({ result }) => result !== 'running');
    });
    const runs = await lastRuns();
    for (const { runId } of runs) rig.started(runId);
    expect(runs.map(({ result }) => result)).toEqual(named.map(() => 'success'));
    expect(runs.map(({ runId }) => Date.parse(runId.slice(scheduleId.length + 1))).toSorted((a, b) => a - b)).toEqual(
      named.toSorted((a, b) => a - b),
    );
    expect((await trades(from, to)).stored).toEqual(before.truth);
    expect(await backfill('--dry-run')).toEqual([]);
    await rig.lab.schedules.delete(scheduleId);
  });

  it('finds nothing wrong with `doctor --data` after a good run was reset, and leaves the data the same', async () => {
    const { runId } = await rig.run({ ...input, asOf: iso(SANDBOX_NOW) }, 'reset');
    const before = await storedData(rig.database);
    const { workflowService } = rig.client.connection;
    const handle = rig.client.workflow.getHandle(runId);
    const workflowExecution = { workflowId: runId, runId: (await handle.describe()).runId };
    // everything after the first workflow task happens again
    const { events } = await handle.fetchHistory();
    const firstTask = events?.find(({ workflowTaskCompletedEventAttributes: done }) => done !== undefined && done !== null);
    const again = await workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution,
      reason: 'test',
      requestId: randomUUID(),
      workflowTaskFinishEventId: firstTask?.eventId,
    });
    expect(again.runId).not.toBe(workflowExecution.runId);
    expect(await rig.client.workflow.getHandle(runId, again.runId).result()).toMatchObject({ result: 'success' });
    expect(await storedData(rig.database)).toEqual(before);
    const doctor = await predictlabHere(['doctor', '--data', '--json'], rig.env);
    expect(doctor, doctor.stdout).toMatchObject({ code: 0 });
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; detail: string; action?: string }[] };
    expect(checks.filter(({ name }) => name === 'data')).toEqual([
      {
        name: 'data',
        status: 'warn',
        detail: expect.stringMatching(/^reset: BTC_PRICE is stored, and \d+ rows of a repeated collection are left in staging$/),
        action: expect.stringMatching(/^no data is missing; /),
      },
      { name: 'data', status: 'ok', detail: expect.stringMatching(/candles of \d+ series built again from .*: all as stored$/) },
    ]);
    // the advice in the message works
    const pruned = await predictlabHere(['prune', '--staging', '1ms', '--json'], rig.env);
    expect(pruned).toMatchObject({ code: 0 });
    expect((await rig.database.query('select from staging_batches')).rows).toEqual([]);
  });

  it('checks with `doctor` only the venues of plugins that the shell’s environment names', async () => {
    const toyChecks = async (plugins: NodeJS.ProcessEnv) => {
      const { stdout } = await predictlabHere(['doctor', '--json'], { ...rig.env, ...plugins });
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
      return checks.filter(({ name }) => name === 'Toy Exchange');
    };
    const toy = { PREDICTLAB_PLUGINS: './examples/toy-venue.mjs', TOY_API_URL: 'http://127.0.0.1:9' };
    expect(await toyChecks(toy)).toMatchObject([{ status: 'fail' }]);
    expect(await toyChecks({})).toEqual([]);
  });
});
