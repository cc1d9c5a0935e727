import { describe, expect, it } from 'vitest';
import type { LedgerTask } from '../../src/storage/runs/run-rows.ts';
import { ledgerStatus } from '../../src/watch/records/record-end.ts';
import { customTask, runConfig } from '../scheduling/run-config.ts';

const START = Date.UTC(2026, 10, 24);
const ledger = (taskId: string, second: number, degraded: readonly string[] | null = null): LedgerTask => {
  const [symbol, stage] = taskId.includes('/') ? taskId.split('/') : [null, null];
  return {
    taskId,
    symbol,
    stage,
    output: { rows: 1 },
    degraded,
    attempts: 2,
    startedAt: new Date(START + second * 1000),
    durationSeconds: 3,
  };
};
const run = (config: ReturnType<typeof runConfig>) => ({ runId: 'run', config, startedAt: new Date(START).toISOString() });
const how = 'Temporal no longer has it';

describe('a run of which only the ledger is left', () => {
  it('is successful for tasks that took effect, and the others were cancelled at the last sign of life', () => {
    const config = runConfig({ symbols: ['A', 'B'], untilStage: 'clean', maxConcurrent: 3, tasks: [customTask('t')] });
    const status = ledgerStatus(run(config), [ledger('A/collect', 1), ledger('A/clean', 5), ledger('t', 6, ['slow'])], { how });
    expect(status).toMatchObject({
      result: 'failed',
      reasons: [how, 't: slow'],
      maxConcurrent: 3,
      totalTasks: 5,
      completedTasks: 5,
      progress: 1,
      finishedAt: new Date(START + 9_000).toISOString(),
      durationSeconds: 9,
      statusBreakdown: { pending: 0, running: 0, success: 3, failed: 0, skipped: 0, cancelled: 2 },
      stageStats: { collect: { count: 1, meanSeconds: 3 } },
    });
    expect(status.taskResults['A/collect']).toMatchObject({ status: 'success', attempts: 2, durationSeconds: 3, output: { rows: 1 } });
    expect(status.taskResults['B/clean']).toEqual({ status: 'cancelled' });
  });

  it('ended when it was closed, if that time is known', () => {
    const status = ledgerStatus(run(runConfig({ symbols: ['A'] })), [], { closedAt: new Date(START + 60_000), how });
    expect(status).toMatchObject({ durationSeconds: 60, statusBreakdown: { cancelled: 6 } });
  });

  it('is successful when all tasks took effect and only the record of its end is missing', () => {
    const config = runConfig({ symbols: ['A'], untilStage: 'collect' });
    expect(ledgerStatus(run(config), [ledger('A/collect', 1)], { how }).result).toBe('success');
    expect(ledgerStatus(run(config), [ledger('A/collect', 1, ['gaps'])], { how }).result).toBe('degraded');
  });

  it('has a status by symbol when it is large', () => {
    const symbols = Array.from({ length: 60 }, (_, i) => `S${i}`);
    const config = runConfig({ symbols, untilStage: 'clean', tasks: [customTask('t')] });
    const { taskResults, statusBreakdown } = ledgerStatus(run(config), [ledger('S3/collect', 1), ledger('S3/clean', 2)], { how });
    expect(Object.keys(taskResults)).toHaveLength(61);
    expect([taskResults.S3.status, taskResults.S4.status, taskResults.t.status]).toEqual(['success', 'cancelled', 'cancelled']);
    expect(statusBreakdown).toMatchObject({ success: 2, cancelled: 119 });
  });
});
