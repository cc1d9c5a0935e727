import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { PlannedTask } from '../../src/contracts/run/pipeline-status.ts';
import type { Rehearsal } from '../../src/scheduling/rehearse/rehearse.ts';
import { type Answer, predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';

let rig: Rig;
const call = (...args: string[]): Promise<Answer> => predictlabHere(args, rig.env);
const planned = (answer: Answer): string[] => {
  const { tasks } = JSON.parse(answer.stdout) as { tasks: PlannedTask[] };
  return tasks.map(({ taskId, action, reason }) => `${taskId}: ${action}, ${reason}`);
};

beforeAll(async () => {
  const stages = scriptedStages(({ taskId }) => {
    if (taskId === 'BBB/clean') throw new PredictLabError('BadInput', 'this symbol is broken');
  });
  rig = await createRig({ stages });
  await importTestSymbols(rig.database);
});
afterAll(() => rig.close());

describe('predictlab plan', () => {
  it('lists the tasks of a run in execution order, and starts nothing', async () => {
    expect(planned(await call('plan', '--until', 'clean', '--json'))).toEqual([
      'AAA/collect: run, at once; nothing is collected yet',
      'AAA/clean: run, after AAA/collect',
      'BBB/collect: run, at once; nothing is collected yet',
      'BBB/clean: run, after BBB/collect',
    ]);
    expect((await call('plan', '--symbols', 'AAA', '--mermaid')).stdout).toMatch(/^flowchart LR\n {2}subgraph s0\["AAA"\]/);
    expect(
      await rig.client.workflowService.listWorkflowExecutions({ namespace: 'default', query: `TaskQueue = '${rig.taskQueue}'` }),
    ).toMatchObject({
      executions: [],
    });
  });

  it('states what a retry of a run would reuse, and why the other tasks run', async () => {
    await rig.run({ untilStage: 'store' }, 'broken');
    expect(planned(await call('plan', '--retry', 'broken', '--json'))).toEqual([
      'AAA/collect: reuse, succeeded in broken',
      'AAA/clean: reuse, succeeded in broken',
      'AAA/store: reuse, succeeded in broken',
      'BBB/collect: reuse, succeeded in broken',
      'BBB/clean: run, at once; did not succeed in broken',
      'BBB/store: run, after BBB/clean; did not succeed in broken',
    ]);
    const beside = await call('plan', '--retry', 'broken', '--days', '3', '--symbols', 'AAA', '--json');
    expect(beside).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^predictlab: --retry .*--symbols, --days.*\n$/) });
    expect(await call('plan', '--retry', 'nobody')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no run nobody') });
  });

  it('ends with exit code 2 and all problems of a wrong input', async () => {
    const answer = await call('plan', '--symbols', 'AAB', 'CCD', '--as-of', '2999-01-01');
    expect(answer.code).toBe(2);
    for (const part of ['3 problems', 'symbols[0]', 'did you mean AAA?', 'symbols[1]', 'asOf']) expect(answer.stderr).toContain(part);
  });
});

describe('predictlab rehearse', () => {
  it('simulates the run with the requested faults, and recommends a value for --concurrent', async () => {
    const figures = JSON.parse((await call('rehearse', '--json')).stdout) as Rehearsal;
    expect(figures).toMatchObject({ successRate: 1, bestConcurrent: 2 });
    expect(figures.criticalPath).toHaveLength(6);
    const faulty = JSON.parse((await call('rehearse', '--fail', 'collect=100%', '--json')).stdout) as Rehearsal;
    expect(faulty.successRate).toBe(0);
    expect((await call('rehearse', '--fail', 'collect=10%')).stdout).toMatch(/makespan .* in half of the runs/);
    expect(await call('rehearse', '--fail', 'collect=many')).toMatchObject({ code: 2 });
  });
});
