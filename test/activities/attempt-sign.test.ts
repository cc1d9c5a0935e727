import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttemptSign, lostSince, lostWorkersOf } from '../../src/activities/runner/attempt-sign.ts';

const sign = (attempt: number, lostBefore: number): AttemptSign => ({ attempt, worker: '7@desk', from: 1_000, seen: 5_000, lostBefore });

describe('attempts that were lost with their worker', () => {
  it('are reported by the next attempt, with the worker and the time of its last heartbeat, or with the time at which the loss was noticed if there was none', () => {
    expect(lostSince({ attempt: 2, lost: 1, missedAt: 15_000 }, sign(1, 0))).toEqual([
      { attempt: 1, from: 1_000, to: 5_000, next: 15_000, error: 'WorkerLost', lostWith: '7@desk' },
    ]);
    expect(lostSince({ attempt: 2, lost: 1, missedAt: 15_000 }, undefined)).toEqual([
      { attempt: 1, from: 15_000, to: 15_000, next: 15_000, error: 'WorkerLost', lostWith: null },
    ]);
    // the second one died before its first heartbeat, so that the sign is still that of the first
    expect(lostSince({ attempt: 3, lost: 2, missedAt: 30_000 }, sign(1, 0)).map((one) => [one.attempt, one.lostWith])).toEqual([
      [1, '7@desk'],
      [2, null],
    ]);
  });

  it('are each reported once, at whatever point their worker died; an attempt that failed by itself is not reported as lost', () => {
    const ends = fc.constantFrom('failed', 'lost early', 'lost late');
    fc.assert(
      fc.property(fc.array(ends, { maxLength: 8 }), (past) => {
        const reported = new Map<number, string | null | undefined>();
        let [known, lost]: [AttemptSign | undefined, number] = [undefined, 0];
        past.concat('failed').forEach((end, i) => {
          const attempt = i + 1;
          for (const one of lostSince({ attempt, lost, missedAt: i }, known))
            if (!reported.has(one.attempt)) reported.set(one.attempt, one.lostWith);
          if (end !== 'lost early') known = sign(attempt, lost);
          if (end !== 'failed') lost += 1;
        });
        const wanted = past.flatMap((end, i) => (end === 'failed' ? [] : [[i + 1, end === 'lost late' ? '7@desk' : null]]));
        expect([...reported]).toEqual(wanted);
      }),
    );
  });
});

describe('the number of lost workers of a task', () => {
  it.each([
    ['counts several attempts that no worker started as one', { lost: 5, cutOff: 0, started: 0, lostLocally: false }, 1],
    ['counts recorded starts, and the first attempt, which records none', { lost: 3, cutOff: 0, started: 1, lostLocally: false }, 2],
    ['does not count a thread that ended', { lost: 2, cutOff: 2, started: 1, lostLocally: false }, 0],
    ['counts a loss during a local activity, whose start is recorded', { lost: 1, cutOff: 0, started: 2, lostLocally: true }, 2],
    ['does not count a poll of a stopped worker after a local loss', { lost: 1, cutOff: 0, started: 1, lostLocally: true }, 1],
  ])('%s', (_, of, wanted) => expect(lostWorkersOf(of)).toBe(wanted));
});
