import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { buildGraph, dependencyIds } from '../../src/scheduling/graph/graph.ts';
import { graphOf } from '../../src/scheduling/run/status/status.ts';
import { customTask, graphOfConfig, runConfig } from './run-config.ts';

function problemsOf(config: RunConfig): string[] {
  const built = buildGraph(config);
  return 'problems' in built ? built.problems.map(({ where, message }) => `${where}: ${message}`) : [];
}

describe('the graph of a run', () => {
  it('chains each symbol’s stages up to untilStage, in the order of the input', () => {
    const graph = graphOfConfig(runConfig({ symbols: ['BTC', 'ETH'], untilStage: 'store' }));
    expect(graph.ids).toEqual(['BTC/collect', 'BTC/clean', 'BTC/store', 'ETH/collect', 'ETH/clean', 'ETH/store']);
    expect(dependencyIds(graph, 2)).toEqual(['BTC/clean']);
  });

  it('uses the priority and criticality of a stage before those of its symbol', () => {
    const config = runConfig({
      symbols: [{ symbol: 'BTC', priority: 2 }],
      untilStage: 'clean',
      stages: { clean: { priority: 5, critical: true } },
    });
    expect(graphOf({ graph: graphOfConfig(config) })).toEqual([
      { taskId: 'BTC/collect', dependencies: [], priority: 2, critical: false },
      { taskId: 'BTC/clean', dependencies: ['BTC/collect'], priority: 5, critical: true },
    ]);
  });

  it('places a custom task after its dependencies and before the tasks that wait for it', () => {
    const check = customTask('check', { dependencies: ['BTC/collect'], runBefore: ['BTC/clean'] });
    const graph = graphOfConfig(runConfig({ symbols: ['BTC'], untilStage: 'clean', tasks: [check] }));
    expect(graph.ids).toEqual(['BTC/collect', 'check', 'BTC/clean']);
    expect(dependencyIds(graph, 2)).toEqual(['BTC/collect', 'check']);
  });

  it('is refused with all problems at once, each with the nearest known name', () => {
    const tasks = [
      customTask('BTC/collect'),
      customTask('BTC'),
      customTask('notify', { dependencies: ['BTC/colect', 'ETH', 'BTC/kline', 'ETH/clean', 'weather'] }),
      customTask('notify'),
    ];
    expect(problemsOf(runConfig({ symbols: ['BTC', 'ETH', 'BTC'], untilStage: 'clean', tasks }))).toEqual([
      'symbols[2]: BTC is listed twice (first as symbols[0]); remove one',
      'tasks[0].taskId: the id BTC/collect is already taken by the built-in task of that name; give this task another one',
      'tasks[1].taskId: the id BTC is already taken by symbols[0]; give this task another one',
      'tasks[3].taskId: the id notify is already taken by tasks[2].taskId; give this task another one',
      'tasks[2].dependencies[0]: no task BTC/colect in this run; did you mean BTC/collect?',
      'tasks[2].dependencies[1]: ETH is a symbol, not a task; name one of its stages, like ETH/clean',
      'tasks[2].dependencies[2]: BTC/kline is cut off by untilStage clean; set untilStage to kline or later, or remove it here',
      'tasks[2].dependencies[4]: no task weather in this run; name a custom task or SYMBOL/stage of a symbol in this run',
    ]);
  });

  it('is refused when tasks wait for each other in a cycle, with the tasks of each cycle in order', () => {
    const tasks = [
      customTask('a', { dependencies: ['b'] }),
      customTask('b', { dependencies: ['c'] }),
      customTask('c', { dependencies: ['a'] }),
      customTask('self', { dependencies: ['self'] }),
      customTask('late', { dependencies: ['BTC/store'], runBefore: ['BTC/collect'] }),
      customTask('fine', { dependencies: ['c'] }),
    ];
    const problems = problemsOf(runConfig({ symbols: ['BTC'], untilStage: 'store', tasks }));
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'BTC/collect → late → BTC/store → BTC/clean → BTC/collect',
      'a → b → c → a',
      'self → self',
    ]);
  });

  it('lists at most twenty cycles in its refusal, and counts the others', () => {
    const tasks = Array.from({ length: 23 }, (_, i) => customTask(`t${i}`, { dependencies: [`t${i}`] }));
    const problems = problemsOf(runConfig({ symbols: ['BTC'], tasks }));
    expect(problems).toHaveLength(21);
    expect(problems[19]).toContain('t19 → t19');
    expect(problems[20]).toBe('tasks: 3 more cycles');
  });

  it('places every task after its dependencies, for any input', () => {
    const dependencies = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(dependencies, (lists) => {
        const tasks = lists.map((list, i) => customTask(`t${i}`, { dependencies: list.map((n) => `t${n % lists.length}`) }));
        const built = buildGraph(runConfig({ tasks }));
        if ('problems' in built) return built.problems.every(({ where }) => / → /.test(where) || where === 'tasks');
        const place = new Map(built.graph.ids.map((id, i) => [id, i]));
        return tasks.every((task) => task.dependencies.every((id) => (place.get(id) ?? 0) < (place.get(task.taskId) ?? 0)));
      }),
    );
  });

  it('may have 60,000 tasks, in a chain as well as side by side', () => {
    const symbols = Array.from({ length: 5_000 }, (_, i) => `S${i}`);
    const tasks = Array.from({ length: 30_000 }, (_, i) => customTask(`t${i}`, { dependencies: i === 0 ? ['S9/kline'] : [`t${i - 1}`] }));
    expect(graphOfConfig(runConfig({ symbols, tasks })).size).toBe(60_000);
    const ring = tasks.map((task, i) => (i === 0 ? { ...task, dependencies: ['t29999'] } : task));
    expect(problemsOf(runConfig({ symbols, tasks: ring }))).toHaveLength(1);
  });
});
