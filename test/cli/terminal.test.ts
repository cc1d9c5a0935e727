import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { canRedraw, hasColours, progressBar, renderLiveTable } from '../../src/cli/terminal/live-table.ts';
import { textWidth } from '../../src/cli/terminal/print.ts';
import type { PipelineStatus, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { STAGES, type TaskStatus } from '../../src/contracts/words.ts';

const START = Date.parse('2026-11-24T08:00:00Z');
const now = START + 18_000;
const NONE = new Map<string, never>();

const tasksOf = (symbol: string, statuses: readonly TaskStatus[], more: Partial<TaskResult> = {}): Record<string, TaskResult> =>
  Object.fromEntries(STAGES.map((stage, i) => [`${symbol}/${stage}`, { status: statuses[i] ?? 'pending', attempts: 1, ...more }]));

const statusOf = (taskResults: Record<string, TaskResult>, more: Partial<PipelineStatus> = {}): PipelineStatus => {
  const all = Object.values(taskResults);
  const count = (status: TaskStatus): number => all.filter((task) => task.status === status).length;
  const done = all.length - count('pending') - count('running');
  return {
    runId: 'pipeline-2026-11-24T08:00Z',
    paused: false,
    maxConcurrent: 5,
    totalTasks: all.length,
    completedTasks: done,
    progress: done / all.length,
    startedAt: new Date(START).toISOString(),
    finishedAt: null,
    durationSeconds: 18,
    statusBreakdown: {
      pending: count('pending'),
      running: count('running'),
      success: count('success'),
      failed: count('failed'),
      skipped: count('skipped'),
      cancelled: count('cancelled'),
    },
    stageStats: {},
    taskResults,
    ...more,
  };
};

const SIX: readonly TaskStatus[] = ['success', 'success', 'success', 'success', 'success', 'success'];

describe('the live table', () => {
  const running: Record<string, TaskResult> = {
    ...tasksOf('BTC_PRICE', ['success', 'success', 'success', 'success', 'running', 'pending']),
    ...tasksOf('ETH_PRICE', ['running']),
    ...tasksOf('US_SENATE', SIX, { durationSeconds: 0.68 }),
  };
  running['BTC_PRICE/backtest'] = { status: 'running', attempts: 1, startedAt: new Date(now - 1200).toISOString() };

  it('shows the run in one line and each symbol in one line, with its present activity', () => {
    const attempts = new Map([['ETH_PRICE/collect', { attempt: 2, retryAt: now + 3000, lastFailure: 'polymarket 503' }]]);
    const lines = renderLiveTable(statusOf(running), attempts, { width: 120, now });
    expect(lines).toEqual([
      'pipeline-2026-11-24T08:00Z  1/3 symbols  ██████████········  55 %  00:18 elapsed, ~00:14 left  2/5 slots',
      ' BTC_PRICE  ●●●●◐○  backtest 1.2 s',
      ' ETH_PRICE  ◐○○○○○  collect, attempt 2, retry in 3 s: polymarket 503',
      ' US_SENATE  ●●●●●●  4.1 s',
    ]);
  });

  it('shows whether the run is paused and how many slots it has', () => {
    const [head] = renderLiveTable(statusOf(running, { paused: true, maxConcurrent: 9 }), NONE, { width: 120, now });
    expect(head).toMatch(/ 2\/9 slots {2}paused$/);
    const [ended] = renderLiveTable(statusOf(running, { paused: true, finishedAt: new Date(now).toISOString() }), NONE, {
      width: 120,
      now,
    });
    expect(ended).not.toMatch(/slots|paused/);
  });

  it('keeps the id and the progress bar at 80 columns, and shows no remaining time while nothing starts', () => {
    const runId = 'pipeline-2026-11-24T08:00:00Z-0f66';
    for (const paused of [false, true]) {
      const status = { ...statusOf(running, { paused, maxConcurrent: 5 }), runId };
      const [head] = renderLiveTable(status, NONE, { width: 80, now });
      expect(textWidth(head)).toBeLessThanOrEqual(80);
      expect(head).toContain(runId);
      expect(head).toMatch(/█+▌?·+/);
      expect(head).toMatch(paused ? /00:18 .*paused$/ : /~00:14 left {2}2\/5 slots$/);
    }
  });

  it('shows the error of a failed stage, and why the other stages were skipped', () => {
    const tasks = tasksOf('ETH', ['success', 'failed', 'skipped', 'skipped', 'skipped', 'skipped']);
    tasks['ETH/clean'] = { status: 'failed', attempts: 4, error: { type: 'BadInput', message: 'ticks.csv has no column price' } };
    const [, line] = renderLiveTable(statusOf(tasks), NONE, { width: 100, now });
    expect(line).toBe(' ETH  ●✕⊘⊘⊘⊘  clean: BadInput: ticks.csv has no column price');
  });

  it('marks a symbol that succeeded with a degraded stage', () => {
    const tasks = tasksOf('ETH', SIX, { durationSeconds: 1 });
    tasks['ETH/collect'] = { status: 'success', durationSeconds: 1, degraded: ['predict was skipped: PREDICT_API_KEY is not set'] };
    const ended = statusOf(tasks, { finishedAt: new Date(now).toISOString() });
    const [head, line] = renderLiveTable(ended, NONE, { width: 100, now, result: 'degraded' });
    expect(head).toContain('▲ degraded');
    expect(head).not.toContain('left');
    expect(line).toBe(' ETH  ▲●●●●●  6.0 s  predict was skipped: PREDICT_API_KEY is not set');
  });

  it('shows custom tasks under the symbols', () => {
    const tasks: Record<string, TaskResult> = { ...tasksOf('ETH', SIX), notify: { status: 'running', attempts: 1, startedAt: null } };
    expect(renderLiveTable(statusOf(tasks), NONE, { width: 80, now }).at(-1)).toBe(' notify  ◐');
  });

  it('counts tasks when the run has custom tasks only', () => {
    const lines = renderLiveTable(statusOf({ notify: { status: 'success', durationSeconds: 0.05 } }), NONE, { width: 80, now });
    expect(lines[0]).toContain('1/1 tasks');
    expect(lines[1]).toBe(' notify  ●       50 ms');
  });

  it('shows each symbol as a whole when the status has no stages', () => {
    const status = statusOf({ AAA: { status: 'success', durationSeconds: 2 }, BBB: { status: 'running', startedAt: null } });
    const lines = renderLiveTable(status, NONE, { width: 100, now });
    expect(lines[0]).toContain('1/2 tasks');
    expect(lines.slice(1)).toEqual([' AAA  ●       2.0 s', ' BBB  ◐']);
  });

  it.each([10, 24, 40, 60, 80, 100, 200])('never writes a line wider than %i columns', (width) => {
    const long = {
      ...running,
      'a-custom-task-with-a-very-long-name-that-does-not-fit': {
        status: 'failed',
        error: { type: 'BadInput', message: '長い'.repeat(80) },
      } as TaskResult,
    };
    for (const line of renderLiveTable(statusOf(long, { paused: true }), NONE, { width, now })) {
      expect(textWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  it('keeps the lines that need attention when the screen is too low, and sums up the others', () => {
    const tasks: Record<string, TaskResult> = {};
    for (let i = 0; i < 40; i += 1) Object.assign(tasks, tasksOf(`S${i}`, SIX));
    tasks['S33/kline'] = { status: 'failed', error: { type: 'StorageUnavailable', message: 'connection refused' } };
    const lines = renderLiveTable(statusOf(tasks), NONE, { width: 90, height: 6, now });
    expect(lines).toHaveLength(6);
    expect(lines.join('\n')).toContain('kline: StorageUnavailable: connection refused');
    expect(lines.at(-1)).toBe(' … 36 more: 36 success');
  });

  it('removes control characters from messages', () => {
    const tasks = tasksOf('ETH', ['failed']);
    tasks['ETH/collect'] = { status: 'failed', error: { type: 'SourceBlocked', message: 'a\u001b[2Jb\r\nc\u202ed' } };
    const text = renderLiveTable(statusOf(tasks), NONE, { width: 90, now }).join('\n');
    expect(text).toContain('SourceBlocked: a [2Jb c d');
    expect(text.replaceAll('\n', '')).toMatch(/^[^\p{Cc}\u202e]*$/u);
  });

  it('uses colours only on request', () => {
    const status = statusOf(running);
    expect(renderLiveTable(status, NONE, { width: 90, now }).join('')).not.toContain('\u001b');
    const coloured = renderLiveTable(status, NONE, { width: 90, now, colour: true }).join('\n');
    expect(coloured).toContain('\u001b[36m◐\u001b[0m');
    expect(stripVTControlCharacters(coloured)).toBe(renderLiveTable(status, NONE, { width: 90, now }).join('\n'));
  });

  it('draws the progress bar in steps of half a character', () => {
    expect([0, 0.25, 0.61, 1, 7].map((p) => progressBar(p, 6))).toEqual(['······', '█▌····', '███▌··', '██████', '██████']);
  });
});

describe('the live output with the variables', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    [{ TERM: 'xterm' }, true, true, true],
    [{ TERM: 'dumb' }, true, false, false],
    [{ TERM: 'xterm', NO_COLOR: '1' }, true, true, false],
    [{ TERM: 'xterm' }, false, false, false],
  ])('%j, on a terminal (%s), is redrawn (%s) and has colours (%s)', (env, isTTY, redraws, colours) => {
    vi.stubEnv('NO_COLOR', undefined);
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect([canRedraw({ isTTY }), hasColours({ isTTY })]).toEqual([redraws, colours]);
  });
});
