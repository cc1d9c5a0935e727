import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { planLines } from '../../src/cli/commands/plan.ts';
import { failureShares, rehearsalLines } from '../../src/cli/commands/rehearse.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../../src/cli/options/run-options.ts';
import { predictlab } from './run-main.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-options-'));
afterAll(() => rm(folder, { recursive: true }));

async function inputOf(...args: string[]) {
  const command = addRunOptions(new Command('run'));
  command.parse(args, { from: 'user' });
  return await runInputFrom(command.opts<RunCommandOptions>());
}

async function file(name: string, text: string): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, text);
  return at;
}

describe('the options that describe a run', () => {
  it('become a pipeline input with only the given fields', async () => {
    expect(await inputOf()).toEqual({});
    const given =
      '--symbols BTC_PRICE ETH_PRICE --until kline --concurrent 3 --sources file --intervals 1h,1d --days 2 --order fifo --refetch --as-of 2026-01-01';
    expect(await inputOf(...given.split(' '))).toEqual({
      symbols: ['BTC_PRICE', 'ETH_PRICE'],
      untilStage: 'kline',
      maxConcurrent: 3,
      sourceTypes: ['file'],
      intervals: ['1h', '1d'],
      daysBack: 2,
      order: 'fifo',
      refetch: true,
      asOf: '2026-01-01',
    });
  });

  it('override the fields of an input file', async () => {
    const at = await file('pipeline.json', '{ "symbols": ["A"], "daysBack": 30, "criticalStages": ["store"] }');
    expect(await inputOf('--file', at, '--days', '1')).toEqual({ symbols: ['A'], daysBack: 1, criticalStages: ['store'] });
  });

  it('are refused with the name of the input file when it cannot be read, is not JSON or is not an object', async () => {
    await expect(inputOf('--file', path.join(folder, 'none.json'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/none\.json cannot be read/),
    });
    await expect(inputOf('--file', await file('torn.json', '{ "symbols"'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/torn\.json is not valid JSON/),
    });
    await expect(inputOf('--file', await file('list.json', '[]'))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/list\.json: it must hold one JSON object/),
    });
  });

  it('are refused with a sentence that names the wrong value and the accepted forms', async () => {
    await expect(inputOf('--until', 'klines')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/--until klines: .*did you mean kline\?/),
    });
    await expect(inputOf('--concurrent', '0')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/--concurrent 0: write a whole number from 1/),
    });
    await expect(inputOf('--days', 'week')).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/--days week/) });
    await expect(inputOf('--intervals', '1h', '7h')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/--intervals 7h/),
    });
  });
});

describe('predictlab plan', () => {
  it('prints a line per task with what happens to it and why', () => {
    const task = { dependencies: [], priority: 3, critical: false };
    expect(
      planLines([
        { ...task, taskId: 'BTC/collect', action: 'reuse', reason: 'succeeded in pipeline-1' },
        { ...task, taskId: 'notify', action: 'run', critical: true, reason: 'at once' },
      ]),
    ).toEqual([
      '1  ● reuse  BTC/collect  priority 3  succeeded in pipeline-1',
      '2  ○ run    notify       priority 3  critical  at once',
      '2 tasks: 1 to run, 1 reused',
    ]);
  });
});

describe('predictlab rehearse', () => {
  it('accepts the share of failing attempts as a percentage or a fraction', () => {
    expect(failureShares(['collect=5%', 'store=0.5'])).toEqual({ collect: 0.05, store: 0.5 });
    expect(() => failureShares(['colect=5%'])).toThrow(/there is no stage colect; .*did you mean collect\?/);
    for (const bad of ['collect', 'collect=', 'collect=%', 'collect=150%', 'collect=many']) {
      expect(() => failureShares([bad])).toThrow(/write a share like collect=5%/);
    }
  });

  it('prints one figure per line', () => {
    const rehearsal = {
      makespanSeconds: { p50: 61, p95: 90 },
      successRate: 0.99,
      slotUse: 0.5,
      criticalPath: ['a', 'b'],
      bestConcurrent: 3,
    };
    expect(rehearsalLines(rehearsal, { tasks: 12, maxConcurrent: 5, measured: 6 })).toEqual([
      'tasks            12, durations of 6 of 6 stages measured',
      'makespan         1 m 01 s in half of the runs, 1 m 30 s in 95 %',
      'tasks succeed    99.0 %',
      'slots in use     50.0 % of 5',
      'critical path    a → b',
      'best concurrent  3 (this run: 5): the smallest within 5 % of the shortest makespan',
    ]);
  });
});

it('an unknown venue is refused, with the known venues and the nearest name', async () => {
  const { code, err } = await predictlab('probe', 'polymarkt');
  expect(err.trim()).toMatch(/venue polymarkt: write one of polymarket, predict, kalshi.*polymarket/);
  expect(code).toBe(2);
});
