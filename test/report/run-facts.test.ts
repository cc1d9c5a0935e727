import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKTEST } from '../../src/contracts/run/backtest-settings.ts';
import type { TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { causesOf } from '../../src/report/run/causes/causes.ts';
import { changesSince } from '../../src/report/run/changes.ts';
import { lastEndedChain, stageFacts } from '../../src/report/run/run-facts.ts';
import { groupTasks } from '../../src/report/run/symbol-tasks.ts';
import { AS_OF } from './sample-numbers.ts';
import { resultOf, sampleConfig, sampleRun } from './sample-run.ts';

const ran = (fromSeconds: number, seconds: number, more: Partial<TaskResult> = {}): TaskResult => ({
  status: 'success',
  attempts: 1,
  startedAt: new Date(AS_OF + fromSeconds * 1000).toISOString(),
  durationSeconds: seconds,
  ...more,
});

describe('the critical path', () => {
  it('is the chain of dependent tasks that ended last', () => {
    const result = resultOf({
      'A/collect': ran(0, 1),
      'A/clean': ran(1, 1),
      'B/collect': ran(0, 5),
      'B/clean': ran(5, 1),
      notify: ran(2.1, 1),
    });
    expect(lastEndedChain(result, { ...sampleConfig(['A', 'B']), tasks: [] })).toEqual(['B/collect', 'B/clean']);
  });

  it('goes through custom tasks that a stage waited for', () => {
    const result = resultOf({ 'A/collect': ran(0, 1), check: ran(1, 8), 'A/clean': ran(9, 1) });
    const [task] = sampleConfig().tasks;
    const config = { ...sampleConfig(['A']), tasks: [{ ...task, taskId: 'check', dependencies: ['A/collect'], runBefore: ['A/clean'] }] };
    expect(lastEndedChain(result, config as never)).toEqual(['A/collect', 'check', 'A/clean']);
  });

  it('is empty when no task ran', () => {
    expect(lastEndedChain(resultOf({ 'A/collect': { status: 'cancelled' } }), null)).toEqual([]);
  });
});

describe('stage statistics', () => {
  it('contain the counts, the nearest-rank p95, the retries and the success rate', () => {
    const tasks: Record<string, TaskResult> = {};
    for (let i = 1; i <= 20; i += 1) tasks[`S${i}/collect`] = ran(0, i, i === 7 ? { status: 'failed', attempts: 4 } : {});
    tasks['S1/clean'] = { status: 'skipped', skippedBecause: 'x' };
    const result = resultOf(tasks);
    expect(stageFacts(result, groupTasks(result))).toEqual([
      { stage: 'collect', count: 20, meanSeconds: 10.5, p95Seconds: 19, retries: 3, successRate: 0.95 },
    ]);
  });

  it('are read from the status when it has no stages', () => {
    const result = resultOf({ S1: ran(0, 9) }, { stageStats: { collect: { count: 60, successRate: 1, meanSeconds: 2, maxSeconds: 4 } } });
    expect(stageFacts(result, groupTasks(result, ['S1']))).toEqual([
      { stage: 'collect', count: 60, meanSeconds: 2, p95Seconds: 4, retries: 0, successRate: 1 },
    ]);
  });
});

describe('the causes of a run', () => {
  it('start with failures, with type and message, followed by degraded, missing, retried and skipped tasks', () => {
    const lines = causesOf(sampleRun());
    expect(lines.map((cause) => cause.state)).toEqual(['failed', 'degraded', 'degraded', 'success', 'success', 'skipped']);
    expect(lines[0]?.text).toBe(
      'US_SENATE/clean failed after 1 attempt: SourceSchemaChanged: polymarket /v2/trades: data[3].price is missing (expected a number, got undefined)',
    );
    expect(lines[2]?.text).toBe('ETH_PRICE: Ethereum above $4,000 on Nov 30? was not collected 2026-11-24 07:12–07:19Z');
    expect(lines.at(-1)?.text).toBe('4 tasks skipped because US_SENATE/clean failed');
  });

  it('list a reason of the run only once when a task has the same reason', () => {
    const data = sampleRun();
    const degraded = data.result.taskResults['SOL_PRICE/clean']?.degraded?.[0] ?? '';
    const lines = causesOf({ ...data, result: { ...data.result, reasons: [`SOL_PRICE/clean: ${degraded}`] } });
    expect(lines.filter((cause) => cause.text.includes(degraded))).toHaveLength(1);
  });

  it('describe the last failed attempt of a retried task when it is known', () => {
    const data = sampleRun();
    const retried = (more: object): string | undefined => causesOf({ ...data, ...more }).find(({ text }) => text.includes('retries'))?.text;
    expect(retried({})).toBe(
      'ETH_PRICE/collect succeeded after 3 retries, the last one because of RateLimited: polymarket answered 429 on /v2/trades; waiting 12 s',
    );
    expect(retried({ lastErrors: {} })).toBe(
      'ETH_PRICE/collect succeeded after 3 retries; no error is known: its worker was lost, or the database was away',
    );
  });

  it('do not count the attempts of different stages of a symbol as retries', () => {
    const data = sampleRun();
    const symbols = {
      ETH_PRICE: ran(0, 9, { attempts: 6 }),
      US_SENATE: ran(0, 9, { status: 'failed', attempts: 2, error: { type: 'BadInput', message: 'no' } }),
    };
    const lines = causesOf({ ...data, gaps: [], result: resultOf(symbols) }).map(({ text }) => text);
    expect(lines).toContain('US_SENATE failed: BadInput: no');
    expect(lines.filter((line) => line.includes('retr'))).toEqual([]);
  });

  it('call a cancelled run "cancelled", not "degraded"', () => {
    const causes = (reason: string) =>
      causesOf({ ...sampleRun(), gaps: [], result: resultOf({}, { result: 'cancelled', reasons: [reason] }) });
    expect(causes('cancelled')).toEqual([{ state: 'cancelled', text: 'before its end' }]);
    expect(causes('cancelled: wrong symbols')).toEqual([{ state: 'cancelled', text: 'wrong symbols' }]);
  });

  it('list the same failure of hundreds of tasks once, and stay short when each failure differs', () => {
    const failing = (message: (i: number) => string): Record<string, TaskResult> =>
      Object.fromEntries(
        Array.from({ length: 400 }, (_, i) => [
          `S${i}/collect`,
          ran(0, 1, { status: 'failed', error: { type: 'SourceUnavailable', message: message(i) } }),
        ]),
      );
    const same = causesOf({ ...sampleRun(), gaps: [], result: resultOf(failing(() => '503')) });
    expect(same.map(({ text }) => text)).toEqual([
      'collect failed for 400 symbols (S0, S1, S2, S3, S4, …) after 1 attempt: SourceUnavailable: 503',
    ]);
    const own = causesOf({
      ...sampleRun(),
      gaps: [],
      result: resultOf(failing((i) => `reason ${String(i).replaceAll(/\d/g, (digit) => 'abcdefghij'[Number(digit)])}`)),
    });
    expect(own).toHaveLength(8);
    expect(own.at(-1)?.text).toBe('and 393 more failed tasks');
  });
});

describe('a cause that many tasks have in common', () => {
  it('is listed once although its messages quote different values, and no second line counts its requests', () => {
    const answers = { 'polymarket/data': { '503': 8 } };
    const why = (side: string): string => `polymarket failed (SourceUnavailable): answered 503 to {"side":"${side}","market":"0x12ab"}`;
    const collected = (side: string): TaskResult => ({
      status: 'success',
      attempts: 1,
      degraded: [why(side)],
      output: { ticks: 0, answers, failedSources: { polymarket: `answered 503 to ${side}` } },
    });
    const result = resultOf({ 'A/collect': collected('BUY'), 'B/collect': collected('SELL') }, { result: 'degraded', reasons: [] });
    const lines = causesOf({ ...sampleRun(), gaps: [], result });
    expect(lines.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^A\/collect, B\/collect: polymarket failed \(SourceUnavailable\)/),
    ]);
  });

  it('is one line for failed tasks, too', () => {
    const failed = (side: string): TaskResult => ({
      status: 'failed',
      attempts: 3,
      error: { type: 'SourceUnavailable', message: `polymarket answered 503 to {"side": "${side}"} ${'x'.repeat(900)}` },
    });
    const result = resultOf({ 'A/collect': failed('BUY'), 'B/collect': failed('SELL') }, { result: 'failed', reasons: [] });
    const [line, ...more] = causesOf({ ...sampleRun(), gaps: [], result });
    expect(more).toEqual([]);
    expect(line.text).toMatch(/^collect failed for 2 symbols/);
    expect(line.text.length).toBeLessThan(600);
  });
});

describe('the changes since the last run', () => {
  const before = {
    result: resultOf({ 'A/collect': ran(0, 1), 'B/collect': ran(0, 1) }, { result: 'success' }),
    config: sampleConfig(['A', 'B']),
  };

  it('are empty when nothing changed', () => {
    expect(changesSince(before, before)).toEqual([]);
  });

  it('include the result, verdicts, symbols, settings and a much longer duration', () => {
    const now = {
      result: resultOf({ 'A/collect': ran(0, 40, { status: 'failed' }), 'C/collect': ran(0, 1) }, { result: 'failed' }),
      config: { ...sampleConfig(['A', 'C']), daysBack: 14 },
    };
    expect(changesSince(before, now)).toEqual([
      'result: success → failed',
      'new failure: A/collect: Error: no message',
      'A: success → failed',
      'new symbols: C',
      'symbols left out: B',
      'daysBack: 7 → 14',
      'duration: 1.3 s → 40.3 s',
    ]);
  });

  it('include other backtest terms, where missing terms count as the defaults', () => {
    const now = { ...before, config: { ...before.config, backtest: { ...DEFAULT_BACKTEST, cash: 5_000 } } };
    expect(changesSince(before, now)).toEqual(['backtest: changed; see the resolved config of both runs']);
    expect(changesSince(before, { ...before, config: { ...before.config, backtest: DEFAULT_BACKTEST } })).toEqual([]);
  });

  it('never include a strategy with a weak Sharpe ratio as the best', () => {
    const ranked = (strategy: string, sharpe: number | null) => ({
      ...before,
      metrics: new Map([['A', { strategy, totalReturn: 0.1, sharpe }]]),
    });
    expect(changesSince(ranked('sma-cross 10/30', null), ranked('sma-cross 3/8', null))).toEqual([]);
    expect(changesSince(ranked('sma-cross 10/30', 1), ranked('sma-cross 3/8', null))).toEqual(['A: best strategy sma-cross 10/30 → –']);
    expect(changesSince(ranked('sma-cross 10/30', 1), ranked('sma-cross 3/8', 2))).toEqual([
      'A: best strategy sma-cross 10/30 → sma-cross 3/8',
    ]);
  });
});
