import { expect, it } from 'vitest';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { stagesOfWhole, worstState } from '../../src/report/run/symbol-tasks.ts';

const done: TaskResult = { status: 'success', attempts: 1 };
const error = { type: 'BadData', message: 'no row is good' };
const of = (whole: TaskResult, known: Record<string, TaskResult>): string =>
  Object.values(stagesOfWhole('A', whole, { untilStage: 'kline', known }))
    .map(({ status, skippedBecause = '' }) => `${status}${skippedBecause}`)
    .join(' ');

it('a symbol that is known only as a whole is at its first stage that has not taken effect', () => {
  expect(of({ status: 'pending' }, {})).toBe('pending pending pending pending');
  expect(of({ status: 'running' }, { 'A/collect': done, 'A/clean': done })).toBe('success success running pending');
  expect(of({ status: 'failed', error }, { 'A/collect': done })).toBe('success failed skippedA/clean skippedA/clean');
  expect(of({ status: 'cancelled' }, { 'A/collect': done })).toBe('success cancelled cancelled cancelled');
  expect(of({ status: 'skipped', skippedBecause: 'gate' }, {})).toBe('skippedgate skippedgate skippedgate skippedgate');
  // taken over from an earlier run, which has the rows
  expect(of(done, { 'A/collect': done })).toBe('success success success success');
});

it('the symbol’s own workflow decides the state of the current stage', () => {
  const waiting: TaskResult = { status: 'pending', attempts: 2, error };
  const stages = stagesOfWhole('A', { status: 'running' }, { untilStage: 'clean', known: { 'A/collect': waiting } });
  expect(stages).toEqual({ 'A/collect': waiting, 'A/clean': { status: 'pending' } });
});

it('the verdict on a symbol is the same by its stages as it is as a whole', () => {
  for (const status of ['pending', 'running', 'success', 'failed', 'cancelled', 'skipped'] as const)
    for (const known of [{}, { 'A/collect': done }, { 'A/collect': done, 'A/clean': done }] as Record<string, TaskResult>[]) {
      if (status === 'pending' && Object.keys(known).length > 0) continue;
      const stages = stagesOfWhole('A', { status }, { untilStage: 'visualize', known });
      expect(worstState(Object.values(stages)), `${status} ${Object.keys(known).join(' ')}`).toBe(worstState([{ status }]));
    }
});
