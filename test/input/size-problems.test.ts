import { describe, expect, it } from 'vitest';
import { sizeProblems } from '../../src/input/size-problems.ts';
import { type KnownNames, parsePipelineInput } from '../../src/input/pipeline-schema.ts';
import { customTask, runConfig } from '../scheduling/run-config.ts';

const known: KnownNames = {
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

describe('an input that can never travel through Temporal', () => {
  it('is refused with its size and what to do', () => {
    expect(problemsOf({ symbols: [], tasks: tasks(2_000, 'x'.repeat(1_000)) })).toEqual([
      expect.stringMatching(/^tasks: the settings of this run take 2\d\d\d KB, and Temporal carries 1400 KB at once; give it less/),
    ]);
    expect(
      problemsOf({ symbols: [], tasks: [...tasks(9, 1), { taskId: 'large', activity: 'sleep', args: ['x'.repeat(1_500_000)] }] })[0],
    ).toMatch(/^tasks\[9\]: the settings of this run take/);
    expect(problemsOf({ symbols: [], tasks: tasks(8_000, { duration: '5ms' }) })).toEqual([]);
  });

  it('is refused for more symbols and tasks than a run’s state holds, at the symbols where they are the more', () => {
    const whereOf = (symbols: number, tasks: number): (string | undefined)[] =>
      sizeProblems(
        runConfig({
          symbols: Array.from({ length: symbols }, (_, i) => i.toString(36)),
          tasks: Array.from({ length: tasks }, (_, i) => customTask(i.toString(36), { activity: 'a' })),
        }),
      ).map(({ where }) => where);
    expect(whereOf(28_000, 28_000)).toEqual([]);
    expect(whereOf(28_001, 28_001)).toEqual(['tasks']);
    expect(whereOf(56_001, 0)).toEqual(['symbols']);
  });

  it('is refused when it is nested too deep, before anything walks it', () => {
    const [problem] = problemsOf({ symbols: [], tasks: tasks(1, nested(50_000)) });
    expect(problem).toBe('tasks.0.args: is nested more than 100 levels deep; flatten it');
    expect(problemsOf({ strategies: nested(50_000) })).toEqual([expect.stringMatching(/^strategies.*nested/)]);
    expect(problemsOf({ symbols: [], tasks: tasks(1, nested(50)) })).toEqual([]);
  });

  it('is refused when a symbol’s workflow could have no id', () => {
    expect(problemsOf({ symbols: ['BTC_PRICE'] }, { runId: 'r'.repeat(990) })).toEqual([]);
    expect(problemsOf({ symbols: ['BTC_PRICE'] }, { runId: 'r'.repeat(991) })).toEqual([
      'symbols[0]: the run’s id and this symbol have 1001 bytes, and Temporal takes 1000; give the run a shorter id',
    ]);
  });
});
