import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskReport } from '../../src/contracts/task/stage-report.ts';
import { STAGES, stageTaskId } from '../../src/contracts/words.ts';
import { packReports, unpackReports } from '../../src/workflows/symbol/packed-reports.ts';

const SYMBOL = 'BTC_PRICE';
const error = { type: 'RateLimited', message: 'slow down' };

const time = fc.integer({ min: 0, max: 50 });
const attempts = fc.integer({ min: 1, max: 4 });
type Ended = Exclude<TaskReport, { kind: 'started' }>;
type Facts = Ended extends infer Report ? (Report extends Ended ? Omit<Report, 'taskId'> : never) : never;
const ended: fc.Arbitrary<Facts> = fc.oneof(
  fc.record({ kind: fc.constant('succeeded' as const), at: time, startedAt: time, attempts, output: fc.constant({ rows: 42 }) }),
  fc.record({ kind: fc.constant('failed' as const), at: time, startedAt: time, attempts, error: fc.constant(error) }),
  fc.record({
    kind: fc.constant('retryLater' as const),
    at: time,
    startedAt: time,
    attempts,
    failures: attempts,
    retryAt: time,
    error: fc.constant(error),
  }),
  fc.record({ kind: fc.constant('cancelled' as const), at: time, startedAt: time, attempts }),
);

describe('packed reports', () => {
  it('are unpacked to the same reports, for any results', () => {
    fc.assert(
      fc.property(fc.array(ended, { maxLength: STAGES.length }), (facts) => {
        const reports = facts.map((report, i): TaskReport => ({ ...report, taskId: stageTaskId(SYMBOL, STAGES[i]) }));
        const travelled = JSON.parse(JSON.stringify(packReports(STAGES, reports)));
        expect(unpackReports(SYMBOL, travelled)).toEqual(reports);
      }),
    );
  });

  it('are half as large for six successes in a row', () => {
    const reports = STAGES.map(
      (stage, i): TaskReport => ({
        taskId: stageTaskId(SYMBOL, stage),
        kind: 'succeeded',
        startedAt: 1_795_613_480_901 + i,
        at: 1_795_613_480_902 + i,
        attempts: 1,
        output: null,
      }),
    );
    expect(JSON.stringify(packReports(STAGES, reports)).length).toBeLessThan(JSON.stringify(reports).length * 0.52);
  });

  it('of a run that keeps no outputs lack these, and nothing else', () => {
    const reports: TaskReport[] = [
      { taskId: 'BTC_PRICE/collect', kind: 'succeeded', startedAt: 1, at: 2, attempts: 1, output: { ticks: 3 }, degraded: ['gaps'] },
      { taskId: 'BTC_PRICE/clean', kind: 'failed', startedAt: 2, at: 3, attempts: 4, error },
    ];
    const travelled = JSON.parse(JSON.stringify(packReports(STAGES, reports, { brief: true })));
    expect(unpackReports(SYMBOL, travelled)).toEqual([{ ...reports[0], output: null }, reports[1]]);
  });

  it('may also be reports in the form from before packing', () => {
    const whole: TaskReport = { taskId: 'BTC_PRICE/clean', kind: 'succeeded', startedAt: 1, at: 2, attempts: 1, output: { rows: 1 } };
    expect(unpackReports(SYMBOL, [whole as never])).toEqual([whole]);
  });
});
