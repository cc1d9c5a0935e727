import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areReports, originProblem, symbolInputProblem } from '../../src/workflows/given.ts';

const input = { runId: 'daily', executionId: 'e1', symbol: 'BTC', stages: ['collect', 'clean'] };
const ended = { taskId: 'BTC/clean', at: 2, startedAt: 1, attempts: 1 };
const error = { type: 'TypeError', message: 'x is no function' };

describe('an argument that a workflow receives from outside', () => {
  it('may have any value, and is checked without an error in the workflow', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        areReports(a, b);
        expect(typeof symbolInputProblem(a)).toBe('string');
        originProblem(a);
      }),
    );
  });

  it('is accepted when it is the input that a run passes to its child', () => {
    expect(symbolInputProblem(input)).toBeUndefined();
    expect(
      symbolInputProblem({ ...input, signalStages: ['clean'], done: [{ stage: 'collect' }], earlier: { attempts: 1 } }),
    ).toBeUndefined();
    expect(symbolInputProblem({ ...input, earlier: { attempts: 0 }, policies: {}, little: {} })).toBeUndefined();
  });

  it.each([
    [undefined, /^the input is not an object; symbolPipeline is started by the pipeline workflow/],
    [{ ...input, symbol: 5 }, /^symbol is missing/],
    [{ ...input, symbol: '' }, /^symbol is missing/],
    [[input], /^the input is not an object/],
    [{ ...input, stages: [] }, /^stages must name some of collect, clean/],
    [{ ...input, stages: ['clean', 'collect'] }, /in this order/],
    [{ ...input, stages: ['constructor'] }, /^stages must name/],
    [{ ...input, policies: { collect: { timeoutMs: 'long' } } }, /^policies must be retry policies by stage/],
    [{ ...input, earlier: 3 }, /^earlier must count attempts/],
    [{ ...input, earlier: { attempts: 1.5 } }, /^earlier must count attempts/],
    [{ ...input, earlier: { attempts: -1 } }, /^earlier must count attempts/],
    [{ ...input, little: 3 }, /^little must be an object/],
    [{ ...input, signalStages: ['sell'] }, /^signalStages must name stages/],
    [{ ...input, done: [{ stage: 'clean' }] }, /^done must report the first stages/],
    [{ ...input, done: 'collect' }, /^done must report the first stages/],
  ])('is refused as a child’s input when it is %j', (given, message) => {
    expect(symbolInputProblem(given)).toMatch(message);
  });

  it('is accepted as reports in the form that children send', () => {
    for (const at of [1, -8.64e15, 8.64e15]) expect(areReports('BTC', [{ taskId: 'BTC/collect', kind: 'started', at }])).toBe(true);
    expect(
      areReports('BTC', [
        { ...ended, kind: 'succeeded', output: null, degraded: ['gaps'] },
        { ...ended, kind: 'cancelled' },
      ]),
    ).toBe(true);
    expect(
      areReports('BTC', [
        { ...ended, kind: 'failed', error },
        { ...ended, kind: 'retryLater', error, failures: 1, retryAt: 9 },
      ]),
    ).toBe(true);
  });

  it.each([
    [undefined, []],
    ['BTC', 'junk'],
    ['BTC', [null]],
    ['BTC', [{ kind: 'started', at: 1 }]],
    ['BTC', [{ taskId: 'BTC/collect', kind: 'started', at: 'now' }]],
    ['BTC', [{ taskId: 'BTC/collect', kind: 'started', at: 1e300 }]],
    ['BTC', [{ ...ended, kind: 'failed' }]],
    ['', []],
    ['BTC', [{ ...ended, taskId: '', kind: 'cancelled' }]],
    ['BTC', [{ ...ended, startedAt: 'now', kind: 'cancelled' }]],
    ['BTC', [{ ...ended, attempts: 1.5, kind: 'cancelled' }]],
    ['BTC', [{ ...ended, kind: 'retryLater', error, failures: -1, retryAt: 9 }]],
    ['BTC', [{ ...ended, kind: 'retryLater', error, failures: 1 }]],
    ['BTC', [{ ...ended, kind: 'failed', error: { ...error, stack: 5 } }]],
    ['BTC', [{ ...ended, kind: 'succeeded', output: null, degraded: [5] }]],
    ['BTC', [{ ...ended, kind: 'retryLater', failures: 1, retryAt: 9 }]],
    ['BTC', [{ ...ended, kind: 'failed', error: { type: 'E', message: 5 } }]],
    ['BTC', [{ ...ended, kind: 'succeeded', output: null, degraded: 'gaps' }]],
    ['BTC', [{ ...ended, kind: 'exploded' }]],
  ])('is refused as reports when it is (%j, %j)', (lane, reports) => {
    expect(areReports(lane, reports)).toBe(false);
  });

  it('is accepted as options when it is that of a retry, or of the run itself', () => {
    expect(originProblem({})).toBeUndefined();
    expect(originProblem({ retryOf: 'e1' })).toBeUndefined();
    expect(originProblem({ continued: { startedAt: 1, state: {} } })).toBeUndefined();
    expect(originProblem({ exclusive: false })).toBeUndefined();
    expect(originProblem({ exclusive: 'yes' })).toMatch(/^exclusive must be true or false/);
    expect(originProblem({ retryOf: '' })).toMatch(/^retryOf must be/);
    expect(originProblem({ continued: { startedAt: 'now', state: {} } })).toMatch(/^continued is not the state of a run/);
    expect(originProblem(7)).toMatch(/^the options are not an object; leave the second argument out/);
    expect(originProblem({ retryOf: 7 })).toMatch(/^retryOf must be/);
    expect(originProblem({ continued: { state: 3 } })).toMatch(/^continued is not the state of a run/);
  });
});
