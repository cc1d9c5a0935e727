import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { filedFolderName } from '../../src/report/elements/report-path.ts';
import { listRuns, runOf } from '../../src/storage/runs/runs.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, type Script, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

let rig: Rig;
/** The end of every run id here: a second pass over this file on the same server starts new runs. */
let pass = '';
let script: Script = () => undefined;
const ask = (...args: string[]) => predictlabHere(args, rig.env);
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

beforeAll(async () => {
  pass = `-${randomUUID()}`;
  rig = await createRig({ stages: scriptedStages((call) => script(call)) });
  await importTestSymbols(rig.database);
});
afterAll(() => rig.close());

describe('a Temporal run id', () => {
  it('selects exactly its run, also when the run’s id was used again', async () => {
    script = ({ taskId }) => {
      if (taskId === 'AAA/clean') throw new PredictLabError('BadInput', 'the file is empty');
    };
    const same = `same${pass}`;
    const first = await rig.lab.start({ symbols: ['AAA'], untilStage: 'clean' }, { runId: same });
    await expect(rig.lab.result(same)).rejects.toMatchObject({ how: 'failed' });
    const reached = gate();
    script = ({ work }) => {
      reached.open();
      return untilAborted(work.signal);
    };
    const second = await rig.lab.start({ symbols: ['BBB'], untilStage: 'collect' }, { runId: same });
    await reached.opened;
    // by its Temporal run id alone it is found in Temporal's list, which comes some moments later
    await until(async () => (await rig.lab.describe(second.executionId)) !== undefined);

    const refusal = await ask('cancel', first.executionId);
    expect(refusal).toMatchObject({ code: 2, stderr: expect.stringContaining(`run ${same} is closed (failed)`) });
    expect(await rig.lab.describe(same)).toMatchObject({ open: true, executionId: second.executionId });
    expect(await rig.lab.describe(first.executionId)).toMatchObject({ open: false, executionId: first.executionId });
    expect(Object.keys((await rig.lab.status(first.executionId)).taskResults)).toEqual(['AAA/collect', 'AAA/clean']);
    expect(Object.keys((await rig.lab.status(second.executionId)).taskResults)).toEqual(['BBB/collect']);
    expect((await ask('why', first.executionId, 'AAA/clean')).stdout).toContain('the file is empty');
    expect([...(await rig.lab.attempts(first.executionId)).keys()]).toEqual([]);

    expect((await ask('cancel', second.executionId)).code).toBe(0);
    await expect(rig.lab.result(second.executionId)).rejects.toMatchObject({ how: 'cancelled' });

    const folders = [first, second].map((run, i) => path.join(rig.home, 'reports', filedFolderName({ ...run, idUsedBefore: i > 0 })));
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders) expect(existsSync(path.join(folder, 'index.html'))).toBe(true);
    for (const [i, name] of [first.executionId, second.executionId].entries()) {
      expect((await ask('report', name)).stdout).toBe(`${path.join(folders[i], 'index.html')}\n`);
    }
    expect((await ask('report', same)).stdout).toBe(`${path.join(folders[1], 'index.html')}\n`);
  });
});

describe('the id of an ended run', () => {
  it('can be reused, with a message that names both runs, but not while the later run is open', async () => {
    script = () => undefined;
    const again = `again${pass}`;
    const args = ['run', '--symbols', 'AAA', '--until', 'collect', '--run-id', again, '--detach', '--json'];
    expect((await ask(...args)).stderr).toBe('');
    await rig.lab.result(again);
    const first = await rig.lab.describe(again);
    const reached = gate();
    script = ({ work }) => {
      reached.open();
      return untilAborted(work.signal);
    };
    const second = await ask(...args);
    expect(second).toMatchObject({ code: 0, stderr: expect.stringMatching(/^the id again-\S+ was used before: .*\n$/) });
    expect(second.stderr).toContain(String(first?.executionId));
    await reached.opened;
    const refused = await ask(...args);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`run ${again} is already open`) });
    expect(refused.stderr).not.toContain('used before');
    const open = await rig.lab.describe(again);
    expect(open?.executionId).not.toBe(first?.executionId);
    expect((await ask('status', String(first?.executionId))).stdout).toContain('success');
    await ask('cancel', again);
    await expect(rig.lab.result(again)).rejects.toMatchObject({ how: 'cancelled' });
    // Temporal knows the run, but this command uses another database
    const elsewhere = await predictlabHere(['retry', again], { ...rig.env, DATABASE_URL: '', PREDICTLAB_HOME: `${rig.home}/elsewhere` });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining(`nothing is stored under ${rig.home}/elsewhere yet`) });
  });
});

describe('a run that Temporal has forgotten', () => {
  const workflowId = (): string => `forgotten${pass}`;
  /** Starts a run without the rig, which would replay it: its history is deleted. */
  async function forgotten(): Promise<string> {
    const reached = gate();
    script = ({ stage, work }) => {
      if (stage !== 'clean') return;
      reached.open();
      return untilAborted(work.signal);
    };
    const args = [{ symbols: ['AAA'], untilStage: 'store' }];
    const handle = await rig.client.workflow.start('pipeline', { taskQueue: rig.taskQueue, workflowId: workflowId(), args });
    await reached.opened;
    await handle.terminate('by a test');
    const execution = { workflowId: workflowId(), runId: handle.firstExecutionRunId };
    await rig.client.workflowService.deleteWorkflowExecution({ namespace: 'default', workflowExecution: execution });
    await until(async () => (await rig.lab.describe(workflowId())) === undefined);
    return handle.firstExecutionRunId;
  }

  it('is marked as forgotten in the database, from which its status is then read', async () => {
    const executionId = await forgotten();
    expect(await runOf(rig.database, workflowId())).toMatchObject({ result: null, status: null });
    const why = await ask('why', workflowId(), 'AAA/store');
    expect(why).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^AAA\/store was cut off with the run: .*Temporal no longer has it/),
    });
    expect(await runOf(rig.database, executionId)).toMatchObject({
      result: 'failed',
      status: { statusBreakdown: { success: 1, cancelled: 2 } },
    });
    expect(JSON.parse((await ask('status', workflowId(), '--json')).stdout)).toMatchObject({
      runId: workflowId(),
      finishedAt: expect.any(String),
    });
    expect((await ask('why', workflowId(), 'AAA/shop')).code).toBe(2);
    expect((await ask('report', workflowId())).code).toBe(0);
  });

  it('is also marked by the list of runs, which leaves an open run as it is', async () => {
    const unsaid = 'update runs set result = null, status = null, finished_at = null where run_id = $1';
    await rig.database.query(unsaid, [workflowId()]);
    const reached = gate();
    const proceed = gate();
    script = async () => {
      reached.open();
      await proceed.opened;
    };
    const { runId } = await rig.lab.start({ symbols: ['AAA'], untilStage: 'collect' });
    await reached.opened;
    const runs = JSON.parse((await ask('runs', '--json')).stdout) as { runId: string; result: string | null }[];
    expect(runs.find((run) => run.runId === workflowId())).toMatchObject({ result: 'failed', totalTasks: 3 });
    expect(runs.find((run) => run.runId === runId)).toMatchObject({ result: null });
    expect((await listRuns(rig.database)).find((run) => run.runId === workflowId())?.finishedAt).not.toBeNull();
    proceed.open();
    await rig.lab.result(runId);
  });
});
