import { describe, expect, it } from 'vitest';
import type { TaskResult } from '../../../src/contracts/run/pipeline-status.ts';
import { type EndedRun, observationOf } from '../../../src/incidents/rule/end-of-run.ts';
import { reconcile } from '../../../src/incidents/rule/reconcile.ts';

const failed = (type: string, message: string): TaskResult => ({ status: 'failed', error: { type, message } });
const done = (symbol: string, stage: 'collect' | 'clean', degraded: readonly string[] | null = null) =>
  ({ taskId: `${symbol}/${stage}`, symbol, stage, startedAt: 1, finishedAt: 2, degraded }) as const;

function run(taskResults: Record<string, TaskResult>, more: Partial<EndedRun> = {}): EndedRun {
  const result = { result: 'degraded', reasons: ['AAA/clean failed'], taskResults } as const;
  const base = {
    runId: 'r',
    executionId: 'e',
    asOf: 5,
    line: 'l',
    past: false,
    sourceTypes: [],
    symbols: ['AAA', 'BBB'],
    hadDeadline: false,
    tasks: [],
    endedAt: 9,
  };
  return { ...base, result, ...more };
}

describe('the observation at the end of a run', () => {
  it('has one trouble per failed task, and none for tasks skipped because of the failure', () => {
    const { troubles } = observationOf(
      run({
        'AAA/clean': failed('BadInput', 'no'),
        'AAA/store': { status: 'skipped', skippedBecause: 'AAA/clean' },
        'BBB/clean': { status: 'success' },
      }),
    );
    expect(troubles).toMatchObject([{ cause: 'clean: BadInput: no', subjects: [{ what: 'clean', subject: 'AAA', isSymbol: true }] }]);
  });

  it('names the stage of a large run, whose status has symbols only: the one after the last in the ledger', () => {
    const { troubles } = observationOf(
      run({ AAA: failed('BadInput', 'no'), BBB: failed('BadInput', 'no') }, { tasks: [done('AAA', 'collect')] }),
    );
    expect(troubles.map(({ subjects }) => subjects[0])).toMatchObject([
      { what: 'clean', subject: 'AAA' },
      { what: 'collect', subject: 'BBB' },
    ]);
    // one cause, although each message names its task
    const named = observationOf(
      run({ AAA: failed('BadInput', 'AAA/collect is bad'), BBB: failed('BadInput', 'BBB/collect is bad') }),
    ).troubles.map(({ fingerprint }) => fingerprint);
    expect(named[0]).toBe(named[1]);
    // the same cause as in a run whose status lists stages
    const message = failed('BadInput', 'BBB/collect is bad');
    expect(observationOf(run({ 'BBB/collect': message })).troubles[0].fingerprint).toBe(named[1]);
  });

  it('names a custom task by its own id, which is not a symbol', () => {
    const { troubles } = observationOf(run({ notify: failed('BadInput', 'no') }));
    expect(troubles).toMatchObject([{ cause: 'notify: BadInput: no', subjects: [{ what: 'task', subject: 'notify', isSymbol: false }] }]);
  });

  it('has one trouble for each reason of a degraded task, and none for the count of further reasons', () => {
    const tasks = [done('AAA', 'collect', ['polymarket:0x1: gone', 'and 12 more of this kind'])];
    expect(observationOf(run({}, { tasks })).troubles).toHaveLength(1);
  });

  it('has one trouble of low severity for each change of a venue, however many symbols met it, and the run stays a success', () => {
    const venueChanges = ['polymarket /markets: sunset: Fri, 01 May 2026', 'predict market: status has the unknown word "ARCHIVED"'];
    const met = (symbol: string) => ({ ...done(symbol, 'collect'), venueChanges });
    const result = { result: 'success', reasons: [], taskResults: {} } as const;
    const observation = observationOf(run({}, { tasks: [met('AAA'), met('BBB')], result }));
    const changes = reconcile([], observation);
    expect(changes).toMatchObject([
      { type: 'open', trouble: { venue: 'polymarket', severity: 'low' } },
      { type: 'open', trouble: { venue: 'predict', cause: expect.stringContaining('ARCHIVED') } },
    ]);
    expect(changes.every((change) => change.type === 'open' && change.trouble.subjects.length === 1)).toBe(true);
    // the collect stages are healthy, and no later run closes an incident
    const open = changes.flatMap((change, index) =>
      change.type === 'open'
        ? [{ id: String(index), ...change.trouble, subjects: change.trouble.subjects.map((one) => ({ ...one, asOf: 5, wellAt: null })) }]
        : [],
    );
    const later = observationOf(
      run({}, { tasks: [{ ...done('AAA', 'collect'), startedAt: 10, finishedAt: 11 }], result, asOf: 50, endedAt: 60 }),
    );
    expect(reconcile(open, later)).toEqual([]);
    expect(reconcile(open, observation).map(({ type }) => type)).toEqual(['last', 'last']);
  });

  it('has the run as the subject of its trouble when a degraded run has no reason but changes of venues', () => {
    const tasks = [{ ...done('AAA', 'collect'), venueChanges: ['polymarket /markets: deprecation: true'] }];
    expect(observationOf(run({}, { tasks })).troubles.map(({ subjects }) => subjects[0].what)).toEqual(['venue change', 'run']);
  });

  it('has no trouble for a cancelled run, and lists the stages that succeeded before the cancellation', () => {
    const { troubles, looked } = observationOf(
      run(
        {},
        {
          tasks: [done('AAA', 'collect')],
          result: { result: 'cancelled', reasons: ['cancelled'], taskResults: { 'AAA/clean': failed('BadInput', 'no') } },
        },
      ),
    );
    expect(troubles).toEqual([]);
    expect(looked).toMatchObject([{ what: 'collect', subject: 'AAA' }]);
  });

  it('has the run as the subject of its trouble when no task gives a reason', () => {
    expect(
      observationOf(run({}, { result: { result: 'failed', reasons: ['ended from outside'], taskResults: {} } })).troubles,
    ).toMatchObject([{ cause: 'run: ended from outside', subjects: [{ what: 'run', subject: 'l', isSymbol: false }] }]);
  });

  it('has other troubles for a backfill than for a live run', () => {
    const [today] = observationOf(run({ 'AAA/clean': failed('BadInput', 'no') })).troubles;
    const [past] = observationOf(run({ 'AAA/clean': failed('BadInput', 'no') }, { past: true })).troubles;
    expect(past.fingerprint).not.toBe(today.fingerprint);
  });

  it('has a deadline trouble for all runs of the same input, which a run that meets the deadline closes', () => {
    const reason = 'the deadline 12:15:00Z was missed by 3 min: the run ended at 12:18:00Z';
    const { troubles } = observationOf(run({}, { hadDeadline: true, result: { result: 'degraded', reasons: [reason], taskResults: {} } }));
    expect(troubles).toMatchObject([{ cause: `deadline: ${reason}`, subjects: [{ what: 'deadline', subject: 'l' }] }]);
    const kept = observationOf(run({}, { hadDeadline: true, result: { result: 'success', reasons: [], taskResults: {} } }));
    expect(kept.looked).toContainEqual({ what: 'deadline', subject: 'l', isSymbol: false, at: 9 });
  });

  it('has the time at which a failed task ended, or at which the run ended when the task has no start', () => {
    const failure = { status: 'failed', error: { type: 'BadInput', message: 'no' } } as const;
    const startedAt = '2026-01-05T12:00:00.000Z';
    const { troubles } = observationOf(
      run({
        'AAA/clean': { ...failure, startedAt, durationSeconds: 2.5 },
        'AAA/kline': { ...failure, startedAt },
        'BBB/clean': { ...failure, startedAt: null },
        'BBB/kline': failure,
      }),
    );
    expect(troubles.map(({ subjects }) => subjects[0].at)).toEqual([Date.parse(startedAt) + 2500, Date.parse(startedAt), 9, 9]);
  });

  it('has a custom task as the subject of its failure and of its degradation', () => {
    const ended = { taskId: 'notify', symbol: null, stage: null, startedAt: 1, finishedAt: 2, degraded: ['late'] };
    const { troubles, looked } = observationOf(run({ notify: failed('BadInput', 'no') }, { tasks: [ended] }));
    const subject = { what: 'task', subject: 'notify', isSymbol: false };
    expect(troubles).toMatchObject([
      { cause: 'notify: BadInput: no', subjects: [subject] },
      { cause: 'notify: late', subjects: [{ ...subject, at: 2 }] },
    ]);
    expect(looked[0]).toEqual({ ...subject, at: 1 });
  });

  it('does not count a custom task of a symbol as a stage of that symbol in a large run', () => {
    const custom = { taskId: 'own', symbol: 'AAA', stage: null, startedAt: 1, finishedAt: 2, degraded: null };
    const { troubles, looked } = observationOf(run({ AAA: failed('BadInput', 'no') }, { tasks: [done('AAA', 'collect'), custom] }));
    expect(troubles[0].subjects[0]).toMatchObject({ what: 'clean', subject: 'AAA' });
    expect(looked[1]).toEqual({ what: 'task', subject: 'own', isSymbol: false, at: 1 });
  });
});
