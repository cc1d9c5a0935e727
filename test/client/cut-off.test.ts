import { expect, it } from 'vitest';
import { cutOff } from '../../src/client/runs/follow-run.ts';
import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';

it('a run that was terminated from outside is shown as ended at that time, with no task running or pending', () => {
  const running: PipelineStatus = {
    runId: 'r',
    paused: false,
    maxConcurrent: 5,
    totalTasks: 3,
    completedTasks: 1,
    progress: 1 / 3,
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    durationSeconds: 2,
    statusBreakdown: { pending: 1, running: 1, success: 1, failed: 0, skipped: 0, cancelled: 0 },
    stageStats: {},
    taskResults: {
      'A/collect': { status: 'success', attempts: 1, startedAt: '2026-01-01T00:00:00.000Z', durationSeconds: 1, error: null },
      'A/clean': { status: 'running', attempts: 1, startedAt: '2026-01-01T00:00:01.000Z', durationSeconds: 1, error: null },
      'A/store': { status: 'pending', attempts: 0, startedAt: null, durationSeconds: null, error: null },
    },
  };
  expect(cutOff(running, new Date('2026-01-01T00:00:05Z'))).toEqual({
    ...running,
    completedTasks: 3,
    progress: 1,
    finishedAt: '2026-01-01T00:00:05.000Z',
    durationSeconds: 5,
    statusBreakdown: { pending: 0, running: 0, success: 1, failed: 0, skipped: 0, cancelled: 2 },
    taskResults: {
      'A/collect': running.taskResults['A/collect'],
      'A/clean': { ...running.taskResults['A/clean'], status: 'cancelled', durationSeconds: 4 },
      'A/store': { ...running.taskResults['A/store'], status: 'cancelled' },
    },
  });
});
