import { describe, expect, it } from 'vitest';
import { withOutputs } from '../../src/cli/run/ended-run.ts';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { fitStatus } from '../../src/scheduling/payload/fit-status.ts';
import { DrivenRun, succeeded } from '../scheduling/driven-run.ts';
import { customTask, runConfig } from '../scheduling/run-config.ts';

describe('a result that was too large to carry all outputs', () => {
  const run = new DrivenRun(runConfig({ tasks: [customTask('a'), customTask('__proto__')] }));
  run.start();
  for (const id of ['a', '__proto__']) run.ends(id, [{ ...succeeded(id), output: id.repeat(1_000) } as TaskReport]);
  const whole = run.result;
  const travelled = fitStatus(whole, 3_000);

  it('gets its outputs back from the ledger, whatever the names of its tasks', () => {
    expect(travelled.leftOut).toEqual(['outputs']);
    const effects = new Map(['a', '__proto__'].map((id) => [id, { output: id.repeat(1_000), attempts: 1 }]));
    expect(withOutputs(travelled, effects)).toEqual(whole);
  });

  it('lists the outputs as left out when the ledger does not have them', () => {
    const filled = withOutputs(travelled, new Map());
    const lacking = Object.values(filled.taskResults).filter(({ output }) => output === undefined);
    expect(lacking).not.toEqual([]);
    expect(filled.leftOut).toEqual(['outputs']);
  });
});
