import {
  ApplicationFailure,
  CancelledFailure,
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
  WorkflowFailedError,
} from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { describe, expect, it } from 'vitest';
import { countFirings, lastRunsOf, upcomingOf } from '../../src/client/schedules/schedule-firings.ts';
import { Schedules } from '../../src/client/schedules/schedules.ts';

const at = (seconds: number): Date => new Date(seconds * 1_000);
const fired = (workflowId: string, seconds: number) => ({
  action: { type: 'startWorkflow', workflow: { workflowId, firstExecutionRunId: `first-${workflowId}` } },
  takenAt: at(seconds),
});

interface Facts {
  readonly note?: string;
  readonly paused?: boolean;
  readonly pauseOnFailure?: boolean;
  readonly memo?: object;
  readonly info?: object;
  readonly spec?: object;
  readonly args?: readonly object[];
}

const scheduleOf = ({ note, paused = false, pauseOnFailure = false, memo, info, spec, args }: Facts = {}): ScheduleDescription =>
  ({
    scheduleId: 'daily',
    state: { paused, note },
    policies: { catchupWindow: 3_600_000, overlap: 'SKIP', pauseOnFailure },
    action: { type: 'startWorkflow', workflowType: 'pipeline', taskQueue: 'q', memo, args },
    spec: spec ?? {},
    info: {
      numActionsMissedCatchupWindow: 2,
      numActionsSkippedOverlap: 3,
      numActionsTaken: 5,
      recentActions: [],
      nextActionTimes: [],
      runningActions: [],
      ...info,
    },
  }) as unknown as ScheduleDescription;

describe('the counts of a schedule', () => {
  it('state its firings, and when one last started a run', () => {
    expect(countFirings(scheduleOf())).toEqual({
      scheduleId: 'daily',
      missed: 2,
      overlapped: 3,
      lastFiring: null,
      catchupWindow: '1h',
      pausedItself: null,
      pauseAfter: null,
    });
    expect(countFirings(scheduleOf({ info: { recentActions: [fired('a', 10), fired('b', 20)] } })).lastFiring).toBe(20_000);
  });

  it('state why it was paused unless a person paused it, and after how many failures workers pause it', () => {
    const note = 'paused after 3 failures in a row';
    expect(countFirings(scheduleOf({ paused: true, note })).pausedItself).toBe(note);
    expect(countFirings(scheduleOf({ paused: false, note })).pausedItself).toBeNull();
    expect(countFirings(scheduleOf({ paused: true, note: 'for the holidays' })).pausedItself).toBeNull();
    expect(countFirings(scheduleOf({ paused: true })).pausedItself).toBeNull();
    expect(countFirings(scheduleOf({ memo: { pauseAfter: 3 } })).pauseAfter).toBe(3);
    expect(countFirings(scheduleOf({ memo: { pauseAfter: 3 }, paused: true })).pauseAfter).toBeNull();
    expect(countFirings(scheduleOf({ pauseOnFailure: true })).pauseAfter).toBeNull();
  });
});

it('the next firing of a schedule is null when it never fires again', () => {
  expect(upcomingOf(scheduleOf({ paused: true }))).toEqual({ scheduleId: 'daily', paused: true, at: null });
  expect(upcomingOf(scheduleOf({ info: { nextActionTimes: [at(60), at(120)] } })).at).toBe('1970-01-01T00:01:00.000Z');
});

/** A client with one schedule, whose description at each call is the next of these; the runs have these states. */
const clientOf = (descriptions: readonly ScheduleDescription[], states: Readonly<Record<string, string>> = {}) => {
  const calls: unknown[] = [];
  let described = 0;
  const handle = {
    describe: () => Promise.resolve(descriptions[Math.min(described++, descriptions.length - 1)]),
    trigger: (overlap: unknown) => Promise.resolve(calls.push(['trigger', overlap])),
    backfill: (ranges: unknown) => Promise.resolve(calls.push(['backfill', ranges])),
    update: (change: (previous: unknown) => unknown) => Promise.resolve(calls.push(['update', change(descriptions[0])])),
  };
  const client = {
    options: { namespace: 'default' },
    schedule: {
      getHandle: (id: string) =>
        id === 'daily' ? handle : { ...handle, describe: () => Promise.reject(new ScheduleNotFoundError('none', id)) },
      create: (options: unknown) => Promise.resolve(calls.push(['create', options])),
    },
    workflow: {
      getHandle: (id: string, _: unknown, { firstExecutionRunId } = { firstExecutionRunId: undefined as string | undefined }) => ({
        workflowId: id,
        describe: () => {
          if (firstExecutionRunId !== undefined) calls.push(firstExecutionRunId);
          return states[id] === undefined ? Promise.reject(new Error('gone')) : Promise.resolve({ status: { name: states[id] } });
        },
        result: () => {
          const failure = { CANCELED: new CancelledFailure('by a user'), FAILED: new ApplicationFailure('broken') }[states[id]];
          if (failure === undefined) return Promise.resolve({ result: 'success' });
          return Promise.reject(new WorkflowFailedError('failed', failure, 'RETRY_POLICY_NOT_SET'));
        },
      }),
    },
    workflowService: {
      listScheduleMatchingTimes: (request: unknown) => {
        calls.push(request);
        return Promise.resolve({ startTime: [msToTs(60_000)] });
      },
    },
  } as unknown as Client;
  return { client, calls };
};

it('the last runs of a schedule are listed newest first, with whether they failed, by the chain that each firing started', async () => {
  const actions = [
    ...['done', 'broken', 'late', 'open', 'lost'].map((id, i) => fired(id, i + 1)),
    { action: { type: 'other' }, takenAt: at(9) },
  ];
  const { client, calls } = clientOf([scheduleOf({ info: { recentActions: actions } })], {
    done: 'COMPLETED',
    broken: 'FAILED',
    late: 'TIMED_OUT',
    open: 'RUNNING',
  });
  expect(await lastRunsOf(client, 'daily')).toEqual([
    { runId: 'lost', at: 5_000, failed: null },
    { runId: 'open', at: 4_000, failed: null },
    { runId: 'late', at: 3_000, failed: true },
    { runId: 'broken', at: 2_000, failed: true },
    { runId: 'done', at: 1_000, failed: false },
  ]);
  expect(calls).toContain('first-done');
});

describe('a schedule', () => {
  const trigger = async (...after: readonly Facts[]) => {
    const { client, calls } = clientOf([scheduleOf(), ...after.map(scheduleOf)]);
    return { ...(await new Schedules(client, 'q').trigger('daily')), calls };
  };

  it('that is triggered starts a run, or names the open runs that prevent it', async () => {
    const started = { info: { numActionsTaken: 6, recentActions: [fired('old', 1), fired('new', 2)] } };
    expect(await trigger({}, started)).toEqual({ started: 'new', open: [], calls: [['trigger', 'SKIP']] });
    const skipped = { info: { numActionsSkippedOverlap: 4, runningActions: [fired('busy', 1).action] } };
    expect(await trigger({}, skipped)).toMatchObject({ started: null, open: ['busy'] });
  });

  it('that does not exist is named, with how to create it', async () => {
    await expect(new Schedules(clientOf([scheduleOf()]).client, 'q').show('weekly')).rejects.toThrow(
      'there is no schedule "weekly"; `predictlab schedule create` makes it',
    );
  });

  it('shows its options, its next firings and how its last runs ended', async () => {
    const facts = {
      note: 'mine',
      memo: { cron: '0 6 * * *', timeZone: 'Europe/Oslo', pauseAfter: 2 },
      spec: { jitter: 60_000 },
      args: [{ symbols: ['RAIN'] }],
      info: {
        recentActions: ['done', 'broken', 'stopped', 'open', 'lost'].map((id, i) => fired(id, i + 1)),
        nextActionTimes: [at(60)],
      },
    };
    const { client } = clientOf([scheduleOf(facts)], { done: 'COMPLETED', broken: 'FAILED', stopped: 'CANCELED', open: 'RUNNING' });
    expect(await new Schedules(client, 'q').show('daily')).toEqual({
      scheduleId: 'daily',
      cron: '0 6 * * *',
      timeZone: 'Europe/Oslo',
      overlap: 'SKIP',
      catchupWindow: '1h',
      paused: false,
      note: 'mine',
      jitter: '1m',
      pauseOnFailure: 2,
      nextRuns: ['1970-01-01T00:01:00.000Z'],
      lastRuns: [
        { runId: 'lost', result: 'unknown' },
        { runId: 'open', result: 'running' },
        { runId: 'stopped', result: 'cancelled' },
        { runId: 'broken', result: 'failed' },
        { runId: 'done', result: 'success' },
      ],
      input: { symbols: ['RAIN'] },
    });
    expect(await new Schedules(clientOf([scheduleOf()]).client, 'q').show('daily')).toMatchObject({
      cron: '(made by another tool)',
      timeZone: 'UTC',
      note: null,
      jitter: null,
      pauseOnFailure: 0,
      input: {},
    });
  });

  it('keeps a note, a jitter and a number of failures only where they are given', async () => {
    const { client, calls } = clientOf([scheduleOf()]);
    const schedules = new Schedules(client, 'q');
    await schedules.create({ scheduleId: 'daily', cron: '0 6 * * *' });
    await schedules.create({ scheduleId: 'daily', cron: '0 6 * * *', note: 'mine', jitter: '1m', pauseOnFailure: 3 });
    await schedules.create({ scheduleId: 'daily', cron: '0 6 * * *', pauseOnFailure: 1 });
    const created = calls.map((call) => (call as [string, Record<string, object>])[1]);
    expect(created.map((one) => one['state'])).toEqual([undefined, { note: 'mine' }, undefined]);
    expect(created.map(({ spec }) => (spec as { jitter?: number }).jitter)).toEqual([undefined, 60_000, undefined]);
    expect(created.map(({ action }) => (action as { memo: object }).memo)).toEqual([
      { cron: '0 6 * * *', timeZone: 'UTC' },
      { cron: '0 6 * * *', timeZone: 'UTC', pauseAfter: 3 },
      { cron: '0 6 * * *', timeZone: 'UTC' },
    ]);
    expect(created.map(({ policies }) => (policies as { pauseOnFailure: boolean }).pauseOnFailure)).toEqual([false, false, true]);
  });

  it('that is updated keeps its other options, and the firing times that another tool gave it', async () => {
    const theirs = scheduleOf({ note: 'theirs', spec: { calendars: ['theirs'] }, args: [{ symbols: ['RAIN'], asOf: '2026-01-01' }] });
    const { client, calls } = clientOf([theirs]);
    const schedules = new Schedules(client, 'q');
    await schedules.update({ scheduleId: 'daily', input: { maxConcurrent: 2 } });
    await schedules.update({ scheduleId: 'daily', cron: '0 7 * * *', note: 'mine', input: { maxConcurrent: 3 }, replaceInput: true });
    expect(calls).toMatchObject([
      [
        'update',
        { spec: { calendars: ['theirs'] }, state: { note: 'theirs' }, action: { args: [{ symbols: ['RAIN'], maxConcurrent: 2 }] } },
      ],
      ['update', { spec: { cronExpressions: ['0 7 * * *'] }, state: { note: 'mine' }, action: { args: [{ maxConcurrent: 3 }] } }],
    ]);
  });

  it('has its firings in a range computed by the server, the first millisecond included, and runs them again in order', async () => {
    const { client, calls } = clientOf([scheduleOf()]);
    const schedules = new Schedules(client, 'q');
    expect(await schedules.firings('daily', { from: at(60), to: at(120) })).toEqual([at(60)]);
    await schedules.backfill('daily', [at(60), at(120)]);
    await schedules.backfill('daily', []);
    expect(calls).toMatchObject([
      { scheduleId: 'daily', startTime: { nanos: 999_000_000 }, endTime: { nanos: 0 } },
      [
        'backfill',
        [
          { start: new Date(59_999), end: at(60), overlap: 'BUFFER_ALL' },
          { start: new Date(119_999), end: at(120), overlap: 'BUFFER_ALL' },
        ],
      ],
    ]);
    expect(calls).toHaveLength(2);
  });
});
