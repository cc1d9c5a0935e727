import { describe, expect, it } from 'vitest';
import { endedLines } from '../../src/cli/terminal/run-lines.ts';
import type { PipelineStatus, TaskResult } from '../../src/contracts/run/pipeline-status.ts';

const status = (taskResults: Record<string, TaskResult>): PipelineStatus => ({
  runId: 'run',
  paused: false,
  maxConcurrent: 5,
  totalTasks: 0,
  completedTasks: 0,
  progress: 0,
  startedAt: '2026-11-24T08:00:00Z',
  finishedAt: null,
  durationSeconds: 0,
  statusBreakdown: { pending: 0, running: 0, success: 0, failed: 0, skipped: 0, cancelled: 0 },
  stageStats: {},
  taskResults,
});
const success: TaskResult = { status: 'success', durationSeconds: 1 };
const failed: TaskResult = { status: 'failed', durationSeconds: 2, error: { type: 'BadInput', message: 'the file\nis empty' } };

describe('a symbol or task, in output without redrawing', () => {
  it('is printed once, with its result and the reason, as soon as all of its stages have ended', () => {
    const printed = new Set<string>();
    const running: TaskResult = { status: 'running' };
    expect(endedLines(status({ 'A/collect': success, 'A/clean': running, 'B/collect': running, t: running }), printed)).toEqual([]);
    const skipped: TaskResult = { status: 'skipped', skippedBecause: 'B/collect' };
    const next = {
      'A/collect': success,
      'A/clean': success,
      'B/collect': failed,
      'B/clean': skipped,
      t: { ...success, degraded: ['gaps'] },
    };
    expect(endedLines(status(next), printed)).toEqual([
      'A  ● success in 2.0 s',
      'B  ✕ failed in 2.0 s: BadInput: the file is empty',
      't  ▲ degraded in 1.0 s: gaps',
    ]);
    expect(endedLines(status(next), printed)).toEqual([]);
  });

  it('is only counted when many end at once, unless it failed', () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`S${i}`, i === 7 ? failed : success]));
    expect(endedLines(status(many), new Set())).toEqual([
      'S7  ✕ failed in 2.0 s: BadInput: the file is empty',
      '39 more ended: 39 success',
    ]);
  });
});
