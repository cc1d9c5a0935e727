import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { pollingOf, workersOf } from '../../src/client/deployments/polling.ts';
import { checkSchedule, failuresInARow, jitterMs, timeZoneName, windowMs } from '../../src/client/schedules/check-schedule.ts';

describe('the fields of a schedule', () => {
  it('are valid when they are absent or well formed', () => {
    expect(() => checkSchedule({})).not.toThrow();
    expect(() =>
      checkSchedule({ scheduleId: 'desk', cron: '0 4 * * *', timeZone: 'UTC', catchupWindow: '1m', jitter: '5m', pauseOnFailure: 3 }),
    ).not.toThrow();
  });

  it.each([
    [{ scheduleId: '' }, 'schedule'],
    [{ cron: '0 4' }, 'cron "0 4" has 2 fields'],
    [{ timeZone: 'Mars' }, 'time zone "Mars" is not known'],
    [{ catchupWindow: '1s' }, 'catchup window "1s"'],
    [{ jitter: '2d' }, 'jitter "2d"'],
    [{ pauseOnFailure: 11 }, 'pause on failure 11'],
    [{ input: { asOf: '2026-11-23' } }, 'leave asOf'],
  ])('%j is refused in one sentence', (given, message) => {
    expect(() => checkSchedule(given as never)).toThrow(message);
  });

  it('accept the values at their limits and refuse those beyond', () => {
    expect([jitterMs('1ms'), jitterMs('1d'), windowMs('10s')]).toEqual([1, 86_400_000, 10_000]);
    for (const text of ['0ms', '-1m', '86400001ms', '5', 'soon', `${' '.repeat(100)}5m`]) expect(() => jitterMs(text)).toThrow('jitter');
    for (const text of ['9999ms', '60', 'soon']) expect(() => windowMs(text)).toThrow('catchup window');
    expect([failuresInARow(0), failuresInARow(10)]).toEqual([0, 10]);
    for (const count of [-1, 1.5]) expect(() => failuresInARow(count)).toThrow('from 1 to 10');
    expect(timeZoneName('europe/berlin')).toBe('Europe/Berlin');
    expect(() => timeZoneName('+02:00')).toThrow('time zone "+02:00"');
  });
});

describe('workers that poll a task queue', () => {
  const seconds = (agoMs: number) => ({ seconds: Math.floor((Date.now() - agoMs) / 1000), nanos: 0 });
  const version = { deploymentName: 'desk', buildId: 'b1', workerVersioningMode: 2 };
  const clientOf = (pollers: readonly object[] | undefined, heartbeats?: readonly (readonly object[])[]) =>
    ({
      options: { namespace: 'default' },
      workflowService: {
        describeTaskQueue: async () => ({ pollers, versioningInfo: {} }),
        listWorkers: async ({ nextPageToken }: { nextPageToken?: Uint8Array }) => {
          if (heartbeats === undefined) throw new Error('unimplemented');
          const page = nextPageToken?.[0] ?? 0;
          const workersInfo = heartbeats[page].map((workerHeartbeat) => ({ workerHeartbeat }));
          return { workersInfo, nextPageToken: page + 1 < heartbeats.length ? Uint8Array.of(page + 1) : new Uint8Array() };
        },
      },
    }) as unknown as Client;
  const upOf = async (...given: Parameters<typeof clientOf>) =>
    (await pollingOf(clientOf(...given), 'q')).pollers.map(({ identity, up }) => [identity, up]);

  it('count as running while their last poll is younger than the duration of a poll, when the server has no heartbeats', async () => {
    expect(await upOf(undefined)).toEqual([]);
    const pollers = [
      { identity: 'new', lastAccessTime: seconds(30_000) },
      { identity: 'old', lastAccessTime: seconds(90_000) },
    ];
    expect(await upOf(pollers)).toEqual([
      ['new', true],
      ['old', false],
    ]);
  });

  it('count as stopped when their newest heartbeat says so, on any page of the server’s list', async () => {
    const pollers = ['a', 'b'].map((identity) => ({ identity, lastAccessTime: seconds(1_000), deploymentOptions: version }));
    const beat = (workerIdentity: string, agoMs: number, status: number) => ({ workerIdentity, heartbeatTime: seconds(agoMs), status });
    const pages = [
      [beat('a', 5_000, 1), beat('b', 9_000, 3)],
      [beat('a', 2_000, 3), beat('b', 2_000, 1)],
    ];
    expect(await upOf(pollers, pages)).toEqual([
      ['a', false],
      ['b', true],
    ]);
    const polling = await pollingOf(clientOf(pollers, pages), 'q');
    expect(workersOf(polling, { name: 'desk', buildId: 'b1' })).toBe(1);
    expect(workersOf(polling, { name: 'desk', buildId: 'b2' })).toBe(0);
    expect(workersOf(polling, null)).toBe(0);
  });
});
