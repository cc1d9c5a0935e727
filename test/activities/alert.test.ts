import { describe, expect, it } from 'vitest';
import { alertOf } from '../../src/activities/run/alert.ts';
import type { PipelineResult } from '../../src/contracts/pipeline-status.ts';

const run = (result: PipelineResult['result'], reasons: readonly string[] = []): PipelineResult => ({
  runId: 'predictlab-2026-11-24T08:00:00Z',
  result,
  reasons,
  paused: false,
  maxConcurrent: 5,
  totalTasks: 6,
  completedTasks: 6,
  progress: 1,
  startedAt: '2026-11-24T08:00:00.000Z',
  finishedAt: '2026-11-24T08:01:00.000Z',
  durationSeconds: 60,
  statusBreakdown: { pending: 0, running: 0, success: 6, failed: 0, skipped: 0, cancelled: 0 },
  stageStats: {},
  taskResults: {},
});
const gap = ['ETH_PRICE has a gap'];

describe('an alert', () => {
  it('is sent for trouble, with its reasons', () => {
    expect(alertOf(run('degraded', gap), undefined)).toMatchObject({
      kind: 'trouble',
      previousResult: null,
      text: expect.stringContaining('ETH_PRICE has a gap'),
    });
    expect(alertOf(run('failed', ['AAA/collect failed']), { result: 'degraded', reasons: gap })).toMatchObject({ kind: 'trouble' });
  });

  it('is not sent again for the same trouble, but for a new reason', () => {
    expect(alertOf(run('degraded', gap), { result: 'degraded', reasons: gap })).toBeUndefined();
    expect(alertOf(run('degraded', ['BTC_PRICE has a gap']), { result: 'degraded', reasons: gap })).toMatchObject({ kind: 'trouble' });
  });

  it('is sent once when things are well again, and never for a run that somebody cancelled', () => {
    expect(alertOf(run('success'), { result: 'failed', reasons: [] })).toMatchObject({ kind: 'recovered', previousResult: 'failed' });
    expect(alertOf(run('success'), { result: 'success', reasons: [] })).toBeUndefined();
    expect(alertOf(run('success'), undefined)).toBeUndefined();
    expect(alertOf(run('cancelled'), undefined)).toBeUndefined();
  });
});
