import { describe, expect, it } from 'vitest';
import { shippedStrategies, strategyProblems } from '../../src/backtest/strategies/registry.ts';
import { parseParams } from '../../src/cli/options/strategy-trials.ts';
import { openTickFile } from '../../src/files/read/read-tick-file.ts';
import { type KnownNames, parsePipelineInput } from '../../src/input/pipeline-schema.ts';
import { dehydrate, rehydrate } from '../../src/scheduling/carry/dehydrate.ts';
import { encodedBytes } from '../../src/scheduling/payload/budget.ts';
import { packPrepared, readPrepared } from '../../src/scheduling/payload/pack-prepared.ts';
import { resultOf } from '../../src/scheduling/run/status/status.ts';
import { scratchFolder } from '../files/scratch.ts';
import { DrivenRun, failed, succeeded } from '../scheduling/driven-run.ts';
import { customTask, graphOfConfig, runConfig } from '../scheduling/run-config.ts';

/** Every name that each object has, whatever else it has. */
const NAMES = Object.getOwnPropertyNames(Object.prototype);
const folder = scratchFolder();

const known: KnownNames = {
  sources: { names: ['polymarket', 'predict', 'file'], byDefault: ['polymarket', 'predict'] },
  symbols: NAMES.map((symbol) => ({ symbol, priority: 3, enabled: true })),
  strategies: shippedStrategies.map(({ name }) => ({ name, problems: (params) => strategyProblems(name, params) })),
  activities: [{ name: 'sleep', problems: () => [] }],
  now: 0,
};
const problemsOf = (input: unknown, given: KnownNames = known): string => {
  const parsed = parsePipelineInput(typeof input === 'string' ? JSON.parse(input) : input, given);
  return 'problems' in parsed ? parsed.problems.map(({ where, message }) => `${where}: ${message}`).join('\n') : '';
};

describe.each(NAMES)('the name %s, which every JavaScript object knows', (name) => {
  it('may belong to a symbol and a custom task, which run, survive continue-as-new and are reported like any other', () => {
    const input = {
      symbols: [name],
      tasks: [
        { taskId: `${name}!`, activity: 'sleep' },
        { taskId: 'last', activity: 'sleep', dependencies: [`${name}!`, `${name}/collect`] },
      ],
    };
    expect(problemsOf(input)).toBe('');
    const config = runConfig({
      symbols: ['A'],
      untilStage: 'collect',
      tasks: [customTask(name), customTask('last', { dependencies: [name] })],
    });
    const prepared = readPrepared(JSON.parse(JSON.stringify(packPrepared({ config, durations: {}, reused: new Map() }))));
    expect(prepared.reused.has(name)).toBe(false);
    const run = new DrivenRun(prepared.config, { reused: prepared.reused, durations: prepared.durations });
    expect(run.start()).toContain(`start ${name}`);
    expect(run.ends(name, [succeeded(name, { degraded: [name] })])).toEqual(['start last']);
    const again = rehydrate(graphOfConfig(config), JSON.parse(JSON.stringify(dehydrate(run.state))));
    for (const detail of ['stage', 'symbol'] as const) {
      const { taskResults } = JSON.parse(JSON.stringify(resultOf(again, { runId: 'run', now: 5, detail }))) as { taskResults: object };
      expect(Object.keys(taskResults)).toContain(name);
      expect(Object.getOwnPropertyDescriptor(taskResults, name)?.value).toMatchObject({ status: 'success', output: { rows: 1 } });
    }
    expect(run.ends('last', [failed('last')])).toEqual([]);
  });

  it('is not taken for a finished task, a known duration or a reused task when none was given', () => {
    const run = new DrivenRun(runConfig({ tasks: [customTask(name)], order: 'critical-path' }));
    run.start();
    expect(run.is(name)).toBe('running');
    expect(run.state.remaining[0]).toBe(1);
    expect(run.why(name)).toContain('is running');
  });

  it.each([
    ['an unknown symbol', () => ({ symbols: [name] }), /unknown symbol/],
    ['an activity', () => ({ tasks: [{ taskId: 't', activity: name }] }), /unknown activity/],
    ['a strategy', () => ({ strategies: [{ name }] }), /unknown strategy/],
    ['a parameter of a strategy', () => `{"strategies":[{"name":"sma-cross","params":{"${name}":5}}]}`, /no parameter|named __proto__/],
    ['a field', () => `{"${name}":1}`, /unknown field|named __proto__/],
    ['a stage’s override', () => `{"stages":{"${name}":{"critical":true}}}`, /unknown field|named __proto__/],
    ['a field of an override', () => `{"stages":{"clean":{"${name}":true}}}`, /unknown field|named __proto__/],
    ['a kind of error', () => `{"retry":{"byError":{"${name}":{"maxRetries":1}}}}`, /unknown error type|named __proto__/],
    ['a critical stage', () => ({ criticalStages: [name] }), /unknown stage/],
    ['the last stage', () => ({ untilStage: name }), /unknown stage/],
    ['an order', () => ({ order: name }), /unknown order/],
    ['a source', () => ({ sourceTypes: [name] }), /unknown source/],
    ['an interval', () => ({ intervals: [name] }), /unknown interval/],
    ['a task that is waited for', () => ({ tasks: [{ taskId: 't', activity: 'sleep', dependencies: [name] }] }), /no task/],
  ])('is refused as the name of %s', (_, input, message) => {
    expect(problemsOf(input(), { ...known, symbols: [] })).toMatch(message);
  });

  it('may be a column, and once a parameter on the command line', async () => {
    const path = folder.write(`${name}.csv`, `${name},price\n2026-01-01T00:00:00Z,0.37\n`);
    const file = await openTickFile(path, { columns: { time: name, price: 'price' } });
    for await (const { rows } of file.batches()) expect(rows).toMatchObject([{ price: 0.37, time: Date.UTC(2026, 0, 1) }]);
    expect(Object.entries(parseParams([`${name}=5`]))).toEqual([[name, 5]]);
    expect(() => parseParams([`${name}=5`, `${name}=6`])).toThrow(/given twice/);
    expect(encodedBytes(parseParams([`${name}=5`]))).toBe(Buffer.byteLength(`{"${name}":5}`));
  });
});
