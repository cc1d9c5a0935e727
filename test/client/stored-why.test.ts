import { describe, expect, it } from 'vitest';
import { storedWhy } from '../../src/client/stored-why.ts';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';

const taskResults: Record<string, TaskResult> = {
  'A/collect': { status: 'success', degraded: ['predict is skipped'] },
  'A/clean': { status: 'failed', attempts: 4, error: { type: 'BadInput', message: 'the file\n is empty' } },
  'A/store': { status: 'skipped', skippedBecause: 'A/clean' },
  'B/collect': { status: 'cancelled' },
  LARGE: { status: 'failed', attempts: 1, error: { type: 'RateLimited', message: 'later' } },
  AFTER: { status: 'skipped', skippedBecause: 'LARGE/clean' },
};
const why = (taskId: string) => storedWhy({ taskResults, reasons: ['the run was cancelled'] }, taskId);

describe('the reason for the end of a task, from the stored result', () => {
  it.each([
    ['A/collect', 'A/collect succeeded, degraded: predict is skipped'],
    ['A/clean', 'A/clean failed after 4 attempts: BadInput: the file is empty'],
    ['A/store', 'A/store was skipped because A/clean failed: BadInput: the file is empty'],
    ['B/collect', 'B/collect was cut off with the run: the run was cancelled'],
    ['LARGE/kline', 'LARGE failed after 1 attempt: RateLimited: later'],
    ['A', 'A/clean failed after 4 attempts: BadInput: the file is empty'],
    ['AFTER/collect', 'AFTER was skipped because LARGE/clean failed: RateLimited: later'],
    ['LARGE', 'LARGE failed after 1 attempt: RateLimited: later'],
  ])('is stated for %s', (taskId, answer) => expect(why(taskId)).toBe(answer));

  it.each(['A/shop', 'C/collect', 'constructor', '__proto__/collect', ''])(
    'is absent for "%s", which the result does not contain',
    (taskId) => {
      expect(why(taskId)).toBeUndefined();
    },
  );
});
