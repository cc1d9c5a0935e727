import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { STAGES } from '../../src/contracts/words.ts';
import { fingerprint, rootCauses } from '../../src/report/run/causes/root-causes.ts';

const failed = (type: string, message: string, attempts = 1): TaskResult => ({ status: 'failed', attempts, error: { type, message } });

describe('the root causes of a run', () => {
  it('group tasks that failed for the same reason, with the tasks skipped because of them', () => {
    const causes = rootCauses({
      'AAA/collect': failed('SourceBlocked', 'predict answered 403 for market 17 of AAA', 2),
      'AAA/clean': { status: 'skipped', skippedBecause: 'AAA/collect' },
      'BBB/collect': failed('SourceBlocked', 'predict answered 403 for market 4711 of BBB', 4),
      'BBB/clean': { status: 'skipped', skippedBecause: 'BBB/collect' },
      'BBB/store': { status: 'skipped', skippedBecause: 'BBB/collect' },
      'CCC/kline': failed('BadInput', 'no'),
      notify: failed('SourceUnavailable', 'the desk does not answer'),
    });
    expect(causes).toEqual([
      {
        what: 'collect',
        taskIds: ['AAA/collect', 'BBB/collect'],
        type: 'SourceBlocked',
        message: 'predict answered 403 for market 17 of AAA',
        attempts: 4,
        skipped: 3,
      },
      { what: 'kline', taskIds: ['CCC/kline'], type: 'BadInput', message: 'no', attempts: 1, skipped: 0 },
      { what: 'notify', taskIds: ['notify'], type: 'SourceUnavailable', message: 'the desk does not answer', attempts: 1, skipped: 0 },
    ]);
  });

  it('group symbols of a large run, whose status has no stages', () => {
    const tasks = { AAA: failed('BadInput', 'AAA is no good'), BBB: failed('BadInput', 'BBB is no good') };
    expect(rootCauses(tasks, new Set(['AAA', 'BBB']))).toMatchObject([{ what: 'a stage', taskIds: ['AAA', 'BBB'] }]);
    expect(rootCauses(tasks)).toHaveLength(2);
  });

  it('name every failed task once', () => {
    const task = fc.oneof(
      fc
        .record({ type: fc.constantFrom('BadInput', 'SourceBlocked'), message: fc.string() })
        .map(({ type, message }) => failed(type, message)),
      fc.constant<TaskResult>({ status: 'success' }),
      fc.constant<TaskResult>({ status: 'failed' }),
    );
    const id = fc.oneof(
      fc.tuple(fc.string({ minLength: 1 }), fc.constantFrom(...STAGES)).map(([symbol, stage]) => `${symbol}/${stage}`),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(id, task)), (entries) => {
        const tasks = Object.fromEntries(entries);
        const named = rootCauses(tasks).flatMap(({ taskIds }) => taskIds);
        const expected = Object.keys(tasks).filter((taskId) => tasks[taskId].status === 'failed');
        expect(named.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it('differ by stage, error type and words, not by ids, amounts and times', () => {
    const of = (taskId: string, message: string, type = 'T') => fingerprint(taskId, { type, message });
    expect(of('A/collect', 'page 3 of 0xab12 at 2026-11-24T08:00Z: 503')).toBe(of('B/collect', 'page 9 of 0xcd at 2026-11-24T12:00Z: 500'));
    expect(of('A/collect', 'no')).not.toBe(of('A/clean', 'no'));
    expect(of('A/collect', 'no')).not.toBe(of('A/collect', 'no', 'U'));
    expect(of('A/collect', 'no')).not.toBe(of('A/collect', 'yes'));
  });
});
