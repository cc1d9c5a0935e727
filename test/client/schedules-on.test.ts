import type { Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import { schedulesOn } from '../../src/client/schedules/schedule-firings.ts';
import { Schedules } from '../../src/client/schedules/schedules.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';

const described = (scheduleId: string, taskQueue = 'predictlab') => ({
  scheduleId,
  action: { type: 'startWorkflow', workflowType: 'pipeline', taskQueue },
});

/** A client with these schedules: each is described, or the error that describing it throws. */
const clientOf = (schedules: Readonly<Record<string, object>>): Client =>
  ({
    schedule: {
      list: () => Object.keys(schedules).map((scheduleId) => ({ scheduleId })),
      getHandle: (id: string) => ({
        describe: () => (schedules[id] instanceof Error ? Promise.reject(schedules[id]) : Promise.resolve(schedules[id])),
      }),
    },
  }) as unknown as Client;

it('a schedule that cannot be decoded is listed with the reason, next to the others', async () => {
  const client = clientOf({
    first: described('first'),
    old: new PredictLabError('BadInput', 'this payload in Temporal is not sealed'),
    elsewhere: described('elsewhere', 'other'),
    last: described('last'),
  });
  const { schedules, unreadable } = await schedulesOn(client, 'predictlab');
  expect(schedules.map(({ scheduleId }) => scheduleId)).toEqual(['first', 'last']);
  expect(unreadable).toEqual([{ scheduleId: 'old', why: 'this payload in Temporal is not sealed' }]);
});

it('the list of schedules fails when Temporal does not answer, instead of being empty', async () => {
  const client = clientOf({ first: described('first'), second: new PredictLabError('SourceUnavailable', 'Temporal does not answer') });
  await expect(schedulesOn(client, 'predictlab')).rejects.toThrow('Temporal does not answer');
});

it('a schedule that cannot be decoded counts as existing, so that it is not reported as deleted', async () => {
  const client = clientOf({
    old: new PredictLabError('BadInput', 'this payload in Temporal is not sealed'),
    silent: new PredictLabError('SourceUnavailable', 'Temporal does not answer'),
  });
  const schedules = new Schedules(client, 'predictlab');
  expect(await schedules.isThere('old')).toBe(true);
  await expect(schedules.isThere('silent')).rejects.toThrow('Temporal does not answer');
});
