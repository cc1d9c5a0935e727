import { describe, expect, it } from 'vitest';
import { encodedBytes } from '../../../src/scheduling/payload/budget.ts';
import { fitStatus } from '../../../src/scheduling/payload/fit-status.ts';
import { DrivenRun, failed, succeeded } from '../driven-run.ts';
import { customTask, runConfig } from '../run-config.ts';

/** Ten tasks: five with a large output, five that failed with a long message and a stack. */
function finished() {
  const ids = Array.from({ length: 10 }, (_, i) => `t${i}`);
  const run = new DrivenRun(runConfig({ maxConcurrent: 10, tasks: ids.map((id) => customTask(id)) }));
  run.start();
  for (const [i, id] of ids.entries()) {
    const large = { ...succeeded(id), output: { text: 'o'.repeat(2_000) } };
    run.ends(id, [i % 2 === 0 ? large : failed(id, `${id} ${'m'.repeat(500)}`)]);
  }
  return run.result;
}

describe('a result that is too large for a payload', () => {
  const result = finished();
  const whole = encodedBytes(result);

  it('stays unchanged if it fits', () => {
    expect(fitStatus(result, whole)).toBe(result);
  });

  it('loses stacks first, then large outputs, then the ends of messages, then tasks, and lists what it lost', () => {
    const seen: string[] = [];
    const least = encodedBytes(fitStatus(result, 1));
    for (let budget = whole - 1; budget >= least + 50; budget -= 50) {
      const fitted = fitStatus(result, budget);
      expect(encodedBytes(fitted)).toBeLessThanOrEqual(budget);
      expect(fitted).toMatchObject({ result: result.result, statusBreakdown: result.statusBreakdown, totalTasks: 10 });
      const notes = (fitted.leftOut ?? []).join(' ');
      if (notes !== seen.at(-1)) seen.push(notes);
    }
    expect(seen[0]).toBe('stacks');
    expect(seen[1]).toBe('stacks outputs');
    expect(seen[2]).toBe('stacks outputs messages');
    expect(seen.at(-1)).toMatch(/^stacks outputs messages times successes( tasks)?$/);
  });
});
