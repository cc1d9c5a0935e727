import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FollowedRun, PredictLab } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { PipelineResult, PipelineStatus, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunOnPage } from '../../src/report/run/run-data.ts';
import type { Database } from '../../src/storage/database/database.ts';
import type { LedgerTask } from '../../src/storage/runs/run-rows.ts';
import type { StoredRun } from '../../src/storage/runs/runs.ts';
import { lookAtOpenRun, VisibleStages } from '../../src/ui/run/open-run.ts';
import { RunPages } from '../../src/ui/run/run-pages.ts';
import { renderDrawer } from '../../src/ui/run/task-drawer.ts';
import { runConfig } from '../scheduling/run-config.ts';

const START = Date.UTC(2026, 10, 24);
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `S${i}`);
const runOf = (symbols: number, status: PipelineResult | null = null) =>
  ({
    runId: 'run',
    executionId: 'execution',
    startedAt: new Date(START).toISOString(),
    finishedAt: null,
    config: runConfig({ symbols: names(symbols), untilStage: 'store' }),
    status,
    retryOf: null,
    idUsedBefore: false,
  }) as unknown as StoredRun;

const statusOf = (taskResults: Record<string, TaskResult>, more: Partial<PipelineStatus> = {}) =>
  ({
    runId: 'run',
    startedAt: new Date(START).toISOString(),
    finishedAt: null,
    durationSeconds: 9,
    reasons: [],
    taskResults,
    ...more,
  }) as unknown as RunOnPage;

const done = (taskId: string): LedgerTask => ({
  taskId,
  symbol: taskId.split('/')[0],
  stage: taskId.split('/')[1],
  output: null,
  degraded: null,
  attempts: 1,
  startedAt: new Date(START + 1000),
  durationSeconds: 2,
});

/** A database that has these tasks in its ledger, and the symbols of each reading of it. */
function ledgerOf(tasks: readonly LedgerTask[]) {
  const reads: string[][] = [];
  const query = async (text: string, values: readonly unknown[]) => {
    if (!text.includes('from ledger')) return { rows: [] };
    const symbols = values[1] as string[] | null;
    reads.push(symbols ?? ['all']);
    return { rows: tasks.filter(({ symbol }) => symbols === null || symbols.includes(symbol ?? '')) };
  };
  return { database: { query } as unknown as Database, reads };
}

const answering = (follow: Partial<FollowedRun>, more: Partial<PredictLab> = {}) =>
  ({ follow: async () => follow as FollowedRun, ...more }) as unknown as PredictLab;

describe('an open run that does not answer', () => {
  it('has the tasks of the ledger as its status, and the others as waiting', async () => {
    const { database } = ledgerOf([done('S0/collect'), done('S0/clean')]);
    const { status, unanswered } = await lookAtOpenRun(database, runOf(5), { followed: undefined });
    expect(unanswered).toBe('Temporal cannot be reached');
    expect(status).toMatchObject({
      result: 'running',
      totalTasks: 5,
      completedTasks: 2,
      progress: 0.4,
      statusBreakdown: { pending: 3, success: 2 },
      reasons: [expect.stringMatching(/^Temporal cannot be reached: this is what the database knows/)],
    });
    const { status: nothing } = await lookAtOpenRun(ledgerOf([]).database, runOf(0), { followed: undefined });
    expect(nothing).toMatchObject({ totalTasks: 0, progress: 0 });
  });

  it('fails its page for an error that is not about Temporal', async () => {
    const failing = (error: Error) =>
      ({
        status: async () => {
          throw error;
        },
      }) as unknown as FollowedRun;
    const { database } = ledgerOf([]);
    const away = await lookAtOpenRun(database, runOf(1), { followed: failing(new PredictLabError('SourceUnavailable', 'no worker')) });
    expect(away.unanswered).toBe('no worker');
    await expect(lookAtOpenRun(database, runOf(1), { followed: failing(new TypeError('a bug')) })).rejects.toThrow('a bug');
  });
});

describe('the stages of a run of more than 50 symbols', () => {
  /** A status of 51 symbols that wait, but for these. */
  const whole = (states: Record<string, TaskResult['status']>) =>
    statusOf(Object.fromEntries(names(51).map((symbol) => [symbol, { status: states[symbol] ?? 'pending' }])));

  it('are read from the ledger for running symbols and for those whose state has changed, at most once a second', async () => {
    const { database, reads } = ledgerOf([done('S0/collect'), done('S1/collect')]);
    const stages = new VisibleStages(database, runOf(51));
    const first = await stages.shown(whole({ S0: 'running', S1: 'failed' }));
    expect(first.taskResults).toMatchObject({
      'S0/collect': { status: 'success' },
      'S0/clean': { status: 'running' },
      'S1/clean': { status: 'failed' },
      'S2/collect': { status: 'pending' },
    });
    expect(reads.map((symbols) => symbols.toSorted())).toEqual([['S0', 'S1']]);
    await stages.shown(whole({ S0: 'running', S1: 'failed', S2: 'running' }));
    expect(reads).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    await stages.shown(whole({ S0: 'success', S1: 'failed', S2: 'running' }));
    expect(reads[1].toSorted()).toEqual(['S0', 'S2']);
  });

  it('are in the status itself in a run of 50 symbols', async () => {
    const { database, reads } = ledgerOf([]);
    const status = statusOf({ 'S0/collect': { status: 'running' } });
    expect(await new VisibleStages(database, runOf(50)).shown(status)).toBe(status);
    expect(reads).toEqual([]);
  });
});

describe('a task of a run', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(path.join(tmpdir(), 'predictlab-pages-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  const pagesOf = (lab: PredictLab | undefined, tasks: readonly LedgerTask[] = []) => {
    const { database, reads } = ledgerOf(tasks);
    return { pages: new RunPages({ database, home, lab: async () => lab }), reads };
  };

  it('is found in the status of an ended run, also in one of the runs whose status lists symbols only', async () => {
    const ended = { ...statusOf({ 'S0/collect': { status: 'failed' } }), finishedAt: 'then' } as unknown as PipelineResult;
    const { pages } = pagesOf(undefined);
    expect(await pages.task(runOf(1, ended), 'S0/collect')).toMatchObject({ task: { status: 'failed' }, stages: {}, unanswered: null });
    expect(await pages.task(runOf(1, ended), 'S0/none')).toBeUndefined();
    const large = statusOf({ S0: { status: 'failed' }, note: { status: 'success' } }) as unknown as PipelineResult;
    const { pages: ofLarge } = pagesOf(undefined, [done('S0/collect')]);
    expect(await ofLarge.task(runOf(51, large), 'S0')).toMatchObject({
      task: { status: 'failed' },
      stages: { 'S0/collect': { status: 'success' }, 'S0/clean': { status: 'failed' }, 'S0/store': { status: 'skipped' } },
    });
    expect(await ofLarge.task(runOf(51, large), 'S0/clean')).toMatchObject({ task: { status: 'failed' }, stages: {} });
    expect(await ofLarge.task(runOf(51, large), 'note')).toMatchObject({ task: { status: 'success' }, stages: {} });
    expect(await ofLarge.task(runOf(51, large), 'none/clean')).toBeUndefined();
    expect(await ofLarge.task(runOf(50, large), 'S0/clean')).toBeUndefined();
  });

  it('is requested of the run while it is open, and of the symbol’s own workflow at most once a second', async () => {
    let asked = 0;
    const stagesOf = async () => (asked++, { 'S0/clean': { status: 'running', attempts: 3 } as TaskResult });
    const { pages } = pagesOf(answering({ status: async () => statusOf({ S0: { status: 'running' } }), stagesOf }), [done('S0/collect')]);
    for (let times = 0; times < 2; times++)
      expect(await pages.task(runOf(51), 'S0/clean')).toMatchObject({ task: { status: 'running', attempts: 3 } });
    expect(asked).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_010));
    await pages.task(runOf(51), 'S0/clean');
    expect(asked).toBe(2);
  });

  it('is not known to be missing while the run does not answer', async () => {
    const { pages } = pagesOf(undefined, [done('S0/collect')]);
    expect(await pages.task(runOf(1), 'S0/collect')).toMatchObject({
      task: { status: 'success' },
      unanswered: 'Temporal cannot be reached',
    });
    await expect(pages.task(runOf(1), 'S0/clean')).rejects.toThrow('Temporal cannot be reached; the database has nothing about S0/clean');
  });

  it('has its log lines, those of its shared parts, and its next attempt from the second on in its drawer', async () => {
    const folder = path.join(home, 'logs', 'runs', 'run');
    mkdirSync(folder, { recursive: true });
    const lineOf = (taskId: string, message: string) =>
      JSON.stringify({ time: '2026-11-24T00:00:00.000Z', level: 'info', taskId, attempt: 1, message, rows: 7, runId: 'run' });
    const lines = ['S0/clean', 'S0/clean/part', 'S0/cleaning', 'S1/clean'].map((taskId) => lineOf(taskId, `of ${taskId}`));
    writeFileSync(path.join(folder, 'worker.jsonl'), `${lines.join('\n')}\n`);
    const status = statusOf({ 'S0/clean': { status: 'running' } });
    const shown = { status, task: { status: 'running' } as TaskResult, stages: {}, past: [], unanswered: null };
    const drawer = async (attempt: number, more: object = {}) => {
      const lab = {
        why: async () => 'waits for a slot',
        attempts: async () => new Map([['S0/clean', { attempt, lastFailure: 'no answer', retryAt: Date.UTC(2031, 0, 2) }]]),
      } as unknown as PredictLab;
      const temporalUi = { workflows: 'http://t/w', runs: 'http://t/r' };
      return await renderDrawer({ runId: 'run', taskId: 'S0/clean', shown: { ...shown, ...more }, home, lab, temporalUi });
    };
    const text = await drawer(2);
    for (const part of ['of S0/clean <', 'of S0/clean/part', 'rows=7', 'waits for a slot', 'no answer', '2031', 'http://t/w/run%2FS0'])
      expect(text).toContain(part);
    for (const other of ['of S0/cleaning', 'of S1/clean', 'runId=', 'taskId=']) expect(text).not.toContain(other);
    expect(await drawer(1)).not.toContain('no answer');
    expect(await drawer(2, { status: { ...status, finishedAt: 'then' } })).not.toContain('no answer');
    expect(await drawer(2, { unanswered: 'no worker answers' })).toContain('no worker answers');
    // a symbol without a workflow of its own is seen in that of the run
    expect(await drawer(2, { status: statusOf({ S0: { status: 'running' } }) })).toContain('http://t/w/run"');
  });
});

describe('a run', () => {
  it('that Temporal has started is found once a worker has recorded it, by one look-up for all requests', async () => {
    const row = { ...runOf(1), startedAt: new Date(START), finishedAt: null };
    let looks = 0;
    const database = { query: async () => ({ rows: ++looks < 3 ? [] : [row] }) } as unknown as Database;
    const pages = new RunPages({ database, home: '', lab: async () => answering({}, { describe: async () => ({ open: true }) as never }) });
    const found = await Promise.all([pages.find('run'), pages.find('run')]);
    expect(found.map((run) => run?.runId)).toEqual(['run', 'run']);
    expect(looks).toBe(3);
  });

  it.each([
    ['closed', { open: false }],
    ['unknown', undefined],
  ])('that is %s in Temporal is not waited for', async (_, known) => {
    let looks = 0;
    const database = { query: async () => (looks++, { rows: [] }) } as unknown as Database;
    const pages = new RunPages({ database, home: '', lab: async () => answering({}, { describe: async () => known as never }) });
    expect(await pages.find('run')).toBeUndefined();
    expect(looks).toBe(1);
  });
});
