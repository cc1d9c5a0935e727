import { describe, expect, it } from 'vitest';
import { type KnownNames, parsePipelineInput } from '../../src/input/pipeline-schema.ts';
import { inlineProblems, sizeProblems } from '../../src/input/size-problems.ts';
import { CARRIED_INLINE, encodedBytes, PAYLOAD_BUDGET } from '../../src/scheduling/payload/budget.ts';
import { packConfig } from '../../src/scheduling/payload/pack-config.ts';
import { customTask, runConfig } from '../scheduling/run-config.ts';

const known: KnownNames = {
  sources: { names: ['polymarket', 'predict', 'file'], byDefault: ['polymarket', 'predict'] },
  symbols: [{ symbol: 'BTC_PRICE', priority: 3, enabled: true }],
  strategies: [],
  activities: [{ name: 'sleep', problems: () => [] }],
  now: 0,
  runId: 'daily',
};
const problemsOf = (input: unknown, more: Partial<KnownNames> = {}): string[] => {
  const parsed = parsePipelineInput(input, { ...known, ...more });
  return 'problems' in parsed ? parsed.problems.map(({ where, message }) => `${where}: ${message}`) : [];
};
const tasks = (count: number, args: unknown) =>
  Array.from({ length: count }, (_, i) => ({ taskId: `t${i}`, activity: 'sleep', args: [args] }));
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('an input that is too large or malformed for Temporal', () => {
  it('is refused with its size and the remedy', () => {
    expect(problemsOf({ symbols: [], tasks: tasks(2_000, 'x'.repeat(1_000)) })).toEqual([
      expect.stringMatching(/^tasks: the settings of this run take 2\d\d\d KB, and Temporal carries 1400 KB at once; give it less/),
    ]);
    expect(
      problemsOf({ symbols: [], tasks: [...tasks(9, 1), { taskId: 'large', activity: 'sleep', args: ['x'.repeat(1_500_000)] }] })[0],
    ).toMatch(/^tasks\[9\]: the settings of this run take/);
    // a task with only a tenth of the bytes is not named
    expect(problemsOf({ symbols: [], tasks: tasks(10, 'x'.repeat(150_000)) })[0]).toMatch(
      /^tasks: the settings of this run take 15\d\d KB/,
    );
    expect(problemsOf({ symbols: [], tasks: tasks(9, 'x'.repeat(160_000)) })[0]).toMatch(/^tasks\[0\]: the settings of this run take/);
    expect(problemsOf({ symbols: [], tasks: tasks(8_000, { duration: '5ms' }) })).toEqual([]);
  });

  it('is accepted up to the last byte that Temporal may carry at once', () => {
    const of = (length: number) => runConfig({ symbols: [], tasks: [customTask('t', { args: ['x'.repeat(length)] })] });
    const room = PAYLOAD_BUDGET - encodedBytes(packConfig(of(0)));
    expect(sizeProblems(of(room))).toEqual([]);
    expect(sizeProblems(of(room + 1))).toMatchObject([{ where: 'tasks[0]' }]);
  });

  it('is refused with more than 100,000 bytes of retries, of the stages alone', () => {
    const policies = (length: number) => {
      const config = runConfig({ symbols: [] });
      const { collect } = config.stages;
      return { ...config, stages: { ...config.stages, collect: { ...collect, policy: { ...collect.policy, note: 'x'.repeat(length) } } } };
    };
    const bytes = encodedBytes(Object.values(policies(0).stages).map(({ policy }) => policy));
    expect(sizeProblems(policies(100_000 - bytes))).toEqual([]);
    expect(sizeProblems(policies(100_001 - bytes))).toMatchObject([{ where: 'stages', message: expect.stringMatching(/take 101 KB/) }]);
  });

  it('is refused with its largest part: the symbols, the strategies or the tasks', () => {
    const long = (length: number) => 'x'.repeat(length);
    const at = (symbols: number, strategies: number) =>
      sizeProblems(
        runConfig({
          symbols: [long(symbols)],
          strategies: [{ name: 'sma-cross', params: { note: long(strategies) } }] as never,
          tasks: [customTask('t')],
        }),
      )[0].where;
    expect([at(1_000_000, 500_000), at(500_000, 1_000_000)]).toEqual(['symbols', 'strategies']);
  });

  it('has a lower limit for a secret or a body, because each execution passes these on to the next', () => {
    const carried = 'x'.repeat(2_000_000);
    expect(inlineProblems('tasks[0].args[0]', carried)).toMatchObject([
      { where: 'tasks[0].args[0]', message: expect.stringMatching(/^holds a secret or a body.*they have 20\d\d KB/) },
    ]);
    expect(inlineProblems(undefined, carried)).toEqual([]);
    expect(inlineProblems('tasks[0].args[0]', 'x'.repeat(CARRIED_INLINE - 2))).toEqual([]);
    expect(inlineProblems('tasks[0].args[0]', 'x'.repeat(CARRIED_INLINE - 1))).toHaveLength(1);
  });

  it('is refused with more symbols and tasks than the state of a run can hold, and the error names the larger group', () => {
    const saidOf = (symbols: number, tasks: number): string[] =>
      sizeProblems(
        runConfig({
          symbols: Array.from({ length: symbols }, (_, i) => i.toString(36)),
          tasks: Array.from({ length: tasks }, (_, i) => customTask(i.toString(36), { activity: 'a' })),
        }),
      ).map(({ where, message }) => `${where}: ${message}`);
    expect(saidOf(28_000, 28_000)).toEqual([]);
    const said = (where: string, lanes: number) =>
      `${where}: ${lanes} symbols and tasks are more than one run can keep track of (56000); split it into several runs`;
    expect(saidOf(28_001, 28_001)).toEqual([said('tasks', 56_002)]);
    expect(saidOf(56_001, 0)).toEqual([said('symbols', 56_001)]);
  });

  it('is refused when it is nested too deep, before any code walks through it', () => {
    const [problem] = problemsOf({ symbols: [], tasks: tasks(1, nested(50_000)) });
    expect(problem).toBe('tasks.0.args: is nested more than 100 levels deep; flatten it');
    expect(problemsOf({ strategies: nested(50_000) })).toEqual([expect.stringMatching(/^strategies.*nested/)]);
    expect(problemsOf({ symbols: [], tasks: tasks(1, nested(50)) })).toEqual([]);
  });

  it('is refused when JavaScript would drop one of its fields, with the place of that field', () => {
    expect(problemsOf(JSON.parse('{"__proto__":{"a":1}}'))[0]).toMatch(/^input: has a field named __proto__/);
    expect(problemsOf(JSON.parse('{"stages":{"__proto__":{"a":1}}}'))[0]).toMatch(/^stages: has a field named __proto__/);
    expect(problemsOf(JSON.parse('{"a":{"b":{"c":{"d":{"e":{"__proto__":1}}}}}}'))[0]).toMatch(/^a\.b\.c: has a field named __proto__/);
  });

  it('is refused when the workflow of a symbol would have an id that is too long', () => {
    expect(problemsOf({ symbols: ['BTC_PRICE'] }, { runId: 'r'.repeat(990) })).toEqual([]);
    expect(problemsOf({ symbols: ['BTC_PRICE'] }, { runId: 'r'.repeat(991) })).toEqual([
      'symbols[0]: the run’s id and this symbol have 1001 bytes, and Temporal takes 1000; give the run a shorter id',
    ]);
  });
});
