import { expect, it } from 'vitest';
import { AGEING_MS, TASK_ORDERS } from '../../src/scheduling/orders/orders.ts';
import { expectedSeconds, longestChain, remainingChains } from '../../src/scheduling/orders/remaining-chain.ts';
import { customTask, graphOfConfig, runConfig } from './run-config.ts';

const graph = graphOfConfig(
  runConfig({
    tasks: [
      customTask('a'),
      customTask('b', { dependencies: ['a'] }),
      customTask('c', { dependencies: ['a'] }),
      customTask('d', { dependencies: ['b', 'c'] }),
      customTask('e'),
    ],
  }),
);
const seconds: Record<string, number> = { a: 1, b: 2, c: 5, d: 3, e: 8 };
const remaining = remainingChains(graph, (task) => seconds[graph.ids[task]]);

it('each task has the duration of the longest chain that starts with it, the task included', () => {
  expect(Object.fromEntries(graph.ids.map((id, task) => [id, remaining[task]]))).toEqual({ a: 9, b: 5, c: 8, d: 3, e: 8 });
});

it('the longest chain is listed from its first task on, and of equal chains it is the first in the graph', () => {
  expect(longestChain(graph, remaining)).toEqual(['a', 'c', 'd']);
  const even = remainingChains(graph, () => 1);
  expect(longestChain(graph, even)).toEqual(['a', 'b', 'd']);
  expect(
    longestChain(
      graph,
      remainingChains(graph, (task) => (graph.ids[task] === 'e' ? 3 : 1)),
    ),
  ).toEqual(['a', 'b', 'd']);
});

it('a task is expected to take its own mean, otherwise its stage’s mean, otherwise a second', () => {
  const staged = graphOfConfig(runConfig({ symbols: ['A'], untilStage: 'clean', tasks: [customTask('t')] }));
  const of = (id: string) => expectedSeconds(staged, staged.indexOf.get(id) as number, { collect: 7, 'A/clean': 3, clean: 4 });
  expect(['A/collect', 'A/clean', 't'].map(of)).toEqual([7, 3, 1]);
});

it('a task’s rank is its priority in steps of five minutes plus the time at which it became ready, so waiting makes it more urgent', () => {
  const task = { taskId: 't', priority: 2, readyAt: 100_000, remainingSeconds: 0 };
  expect(TASK_ORDERS.priority.key(task)).toBe(2 * AGEING_MS + 100_000);
  expect([100_000, 400_000, 700_000].map((now) => TASK_ORDERS.priority.urgency?.(task, now))).toEqual([2, 1, 0]);
});
