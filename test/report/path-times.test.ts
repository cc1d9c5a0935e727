import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskSpan } from '../../src/report/run/run-facts.ts';
import { pathTimes } from '../../src/report/run/time/path-times.ts';

const span = (taskId: string, from: number, to: number, attempts = 1): TaskSpan => ({
  taskId,
  from,
  to,
  task: { status: 'success', attempts },
});

describe('the times on the critical path', () => {
  it('are divided into work, waits between attempts and waits for a slot', () => {
    const spans = [span('a', 1_000, 41_000, 2), span('b', 43_000, 44_000)];
    const attempts = { a: [{ attempt: 1, from: 1_000, to: 3_000, next: 33_000, error: 'Error' }] };
    expect(pathTimes(['a', 'b'], { spans, start: 0, attempts, wholes: new Set() })).toEqual({
      work: 11,
      between: 30,
      waiting: 3,
      isMixed: false,
    });
  });

  it('are marked as mixed when work and waits cannot be distinguished', () => {
    const spans = [span('a', 0, 40_000, 3), span('S', 40_000, 50_000)];
    const of = (path: string[], wholes: string[]) => pathTimes(path, { spans, start: 0, attempts: {}, wholes: new Set(wholes) });
    expect(of(['a'], [])).toEqual({ work: 40, between: 0, waiting: 0, isMixed: true });
    expect(of(['S'], ['S']).isMixed).toBe(true);
    expect(of(['S'], []).isMixed).toBe(false);
  });

  it('add up to the time from the start of the run to the end of the path', () => {
    const step = fc.record({
      wait: fc.nat(5_000),
      failed: fc.array(fc.tuple(fc.nat(2_000), fc.nat(2_000)), { maxLength: 4 }),
      last: fc.nat(5_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
        let end = 0;
        const attempts: Record<string, { attempt: number; from: number; to: number; next: number; error: string }[]> = {};
        const spans = steps.map(({ wait, failed, last }, i) => {
          const from = end + wait;
          end = from;
          attempts[`t${i}`] = failed.map(([took, pause], k) => {
            const attempt = { attempt: k + 1, from: end, to: end + took, next: end + took + pause, error: 'Error' };
            end = attempt.next;
            return attempt;
          });
          end += last;
          return span(`t${i}`, from, end, failed.length + 1);
        });
        const times = pathTimes(
          spans.map(({ taskId }) => taskId),
          { spans, start: 0, attempts, wholes: new Set() },
        );
        expect(times.work + times.between + times.waiting).toBeCloseTo(end / 1000, 6);
        expect(times.between).toBeCloseTo(steps.flatMap(({ failed }) => failed).reduce((sum, [, pause]) => sum + pause, 0) / 1000, 6);
      }),
    );
  });
});
