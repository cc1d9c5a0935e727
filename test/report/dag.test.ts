import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../src/contracts/words.ts';
import { dagOf, dagSvg, layersOf } from '../../src/report/run/graph/dag-svg.ts';
import { buildGraph, dependencyIds } from '../../src/scheduling/graph/graph.ts';
import { resultOf, sampleConfig } from './sample-run.ts';

const SYMBOLS = ['A', 'B', 'C', 'D'];
const custom = (taskId: string, dependencies: readonly string[], runBefore: readonly string[] = []) => ({
  ...sampleConfig().tasks[0],
  taskId,
  name: taskId,
  dependencies: [...dependencies],
  runBefore: [...runBefore],
});
const configOf = (tasks: readonly ReturnType<typeof custom>[]) => ({ ...sampleConfig(SYMBOLS), tasks: [...tasks] });
const taskIds = SYMBOLS.flatMap((symbol) => STAGES.map((stage) => `${symbol}/${stage}`));

describe('the dependency graph', () => {
  it('is absent for a run without custom tasks', () => {
    expect(dagOf(resultOf({}), configOf([]))).toBeUndefined();
  });

  it('shows symbols with equal dependencies as one node, and splits their stages where custom tasks depend on them', () => {
    const dag = dagOf(resultOf({}), configOf([custom('check', ['A/clean'], ['B/backtest'])]));
    expect(dag?.nodes.map(({ name, detail }) => `${name} ${detail}`.trim())).toEqual([
      'check',
      'A collect → clean',
      'A store → visualize',
      'B collect → kline',
      'B backtest → visualize',
      '2 symbols collect → visualize',
    ]);
    const name = ([from, to]: readonly [number, number]): string =>
      `${dag?.nodes[from].name} ${dag?.nodes[from].detail} < ${dag?.nodes[to].name}`;
    expect(dag?.edges.map(name).sort()).toEqual([
      'A collect → clean < A',
      'A collect → clean < check',
      'B collect → kline < B',
      'check  < B',
    ]);
  });

  it('shows the number of ended tasks uncut when a line has no room for everything', () => {
    const symbols = Array.from({ length: 100 }, (_, i) => `S${i}`);
    const done = Object.fromEntries(
      symbols.flatMap((symbol) => STAGES.map((stage) => [`${symbol}/${stage}`, { status: 'success' as const }])),
    );
    const text = dagSvg(resultOf(done), { ...configOf([custom('a', [])]), symbols: sampleConfig(symbols).symbols })?.text ?? '';
    expect(text).toContain('>collect → visualize, 600/600</text>');
  });

  it('draws edges around the boxes between two nodes, not behind them', () => {
    const tasks = [custom('a', []), custom('b', ['a']), custom('c', ['b', 'a'])];
    const text = dagSvg(resultOf({}), { ...configOf(tasks), symbols: [] })?.text ?? '';
    const boxes = [...text.matchAll(/<g transform="translate\((\d+) (\d+)\)/g)].map(([, , y]) => Number(y));
    const between = /C[\d ]+ (\d+)H/.exec(text)?.[1];
    expect(boxes).toEqual([1, 1, 1]);
    expect(Number(between)).toBeGreaterThan(1 + 38);
    expect(text.match(/H\d+C/g)).toHaveLength(1);
  });

  it('places every node after the nodes that it waits for', () => {
    const task = fc.record({
      after: fc.subarray(taskIds, { maxLength: 3 }),
      before: fc.subarray(taskIds, { maxLength: 2 }),
      first: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(task, { minLength: 1, maxLength: 6 }), (given) => {
        const tasks = given.map(({ after, before, first }, i) =>
          custom(`t${i}`, [...after, ...(i > 0 && first ? [`t${i - 1}`] : [])], before),
        );
        const config = configOf(tasks);
        const built = buildGraph(config);
        fc.pre('graph' in built);
        const dag = dagOf(resultOf({}), config);
        if (dag === undefined || !('graph' in built)) throw new Error('no graph');
        const layers = layersOf(dag);
        for (const [from, to] of dag.edges) expect(layers[to]).toBeGreaterThan(layers[from]);
        // no dependency of the run is lost: each custom task has as many kinds of edges in as it has dependencies to tell apart
        for (const [i, { taskId }] of tasks.entries()) {
          const waits = dependencyIds(built.graph, built.graph.indexOf.get(taskId) ?? -1);
          expect(dag.edges.some(([, to]) => to === i)).toBe(waits.length > 0);
        }
        expect(dagSvg(resultOf({}), config)?.text).not.toMatch(/NaN|undefined/);
      }),
    );
  });
});
