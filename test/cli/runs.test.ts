import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { mergeRuns } from '../../src/cli/commands/runs.ts';
import type { TemporalRun } from '../../src/client.ts';
import type { RunSummary } from '../../src/storage/runs/runs.ts';
import { predictlab } from './run-main.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const row = (executionId: string, more: Partial<RunSummary> = {}): RunSummary => ({
  runId: 'run',
  executionId,
  result: null,
  startedAt: at(0),
  finishedAt: null,
  durationSeconds: null,
  totalTasks: null,
  statusBreakdown: null,
  ...more,
});
const known = (executionId: string, more: Partial<TemporalRun> = {}): TemporalRun => ({
  runId: 'run',
  executionId,
  startedAt: at(0),
  closedAt: null,
  ended: 'open',
  ...more,
});

describe('the list of runs', () => {
  it('shows a run as running while Temporal holds it open, even after it continued as new', () => {
    expect(mergeRuns([known('a')], [row('a')])).toEqual([row('a')]);
    expect(mergeRuns([known('b', { startedAt: at(9) })], [row('a')])).toEqual([row('a')]);
  });

  it('shows a terminated run as failed from the time at which it was closed, also when its id is used again', () => {
    const terminated = known('a', { ended: 'failed', closedAt: at(4) });
    expect(mergeRuns([terminated], [row('a')])).toEqual([row('a', { result: 'failed', finishedAt: at(4), durationSeconds: 4 })]);
    const again = known('b', { startedAt: at(6) });
    expect(mergeRuns([again, terminated], [row('b', { startedAt: at(6) }), row('a')])).toEqual([
      row('b', { startedAt: at(6) }),
      row('a', { result: 'failed', finishedAt: at(4), durationSeconds: 4 }),
    ]);
  });

  it('shows a run as failed when Temporal has forgotten it and it recorded no end', () => {
    expect(mergeRuns([], [row('a')])).toEqual([row('a', { result: 'failed' })]);
  });

  it('never shows a run as successful when it lacks the record of that run', () => {
    const completed = known('z', { closedAt: at(3), ended: 'succeeded' });
    expect(mergeRuns([completed], [])).toEqual([{ ...row('z', { finishedAt: at(3), durationSeconds: 3 }), result: 'unknown' }]);
    expect(mergeRuns([completed], [row('z')])).toMatchObject([{ result: 'unknown', finishedAt: at(3) }]);
  });

  it('shows a run whose input was refused and which therefore recorded nothing', () => {
    const refused = known('z', { runId: 'refused', startedAt: at(2), closedAt: at(3), ended: 'failed' });
    const success = row('a', { result: 'success', finishedAt: at(1), durationSeconds: 1 });
    expect(mergeRuns([refused, known('a', { closedAt: at(1), ended: 'succeeded' })], [success])).toEqual([
      row('z', { runId: 'refused', startedAt: at(2), result: 'failed', finishedAt: at(3), durationSeconds: 1 }),
      success,
    ]);
  });

  it('creates no database when there is none, even when Temporal cannot be reached', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-runs-'));
    const home = path.join(folder, 'home');
    vi.stubEnv('DATABASE_URL', '');
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:99999');
    vi.stubEnv('PREDICTLAB_HOME', home);
    try {
      expect(await predictlab('runs')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('TEMPORAL_ADDRESS') });
      expect(existsSync(home)).toBe(false);
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });
});
