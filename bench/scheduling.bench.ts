import type { RunConfig } from '../src/contracts/run/run-config.ts';
import type { TaskReport } from '../src/contracts/task/stage-report.ts';
import { ORDERS, STAGES, stageTaskId } from '../src/contracts/words.ts';
import { resolveConfig } from '../src/input/resolve-config.ts';
import { dehydrate } from '../src/scheduling/carry/dehydrate.ts';
import { buildGraph, type Graph } from '../src/scheduling/graph/graph.ts';
import { rehearse } from '../src/scheduling/rehearse/rehearse.ts';
import { reduce } from '../src/scheduling/run/reducer.ts';
import type { RunEvent } from '../src/scheduling/run/run-events.ts';
import { createRun, type RunState } from '../src/scheduling/run/run-state.ts';
import { medianMs } from './measure.ts';
import type { BenchResult } from './result.ts';

const SYMBOLS = Math.ceil(10_000 / STAGES.length);
const catalogue = Array.from({ length: SYMBOLS }, (_, i) => ({ symbol: `SYMBOL_${i}`, priority: 1 + (i % 5), enabled: true }));
const config: RunConfig = resolveConfig(
  { maxConcurrent: 50 },
  { symbols: catalogue, sources: { names: ['polymarket'], byDefault: ['polymarket'] }, now: 0 },
);

export async function run(): Promise<readonly BenchResult[]> {
  const built = buildGraph(config);
  if ('problems' in built) throw new Error('the graph of the bench is wrong');
  const { graph } = built;
  const results: BenchResult[] = [];
  for (const order of ORDERS) {
    const { events, state } = recordRun(graph, order);
    const ms = await medianMs(() => replay(graph, order, events), { runs: 9, warmUps: 3 });
    const note = `target: at least 200,000; ${events.length} events, ${JSON.stringify(dehydrate(state)).length} characters dehydrated`;
    results.push({
      name: `reducer, ${graph.size} tasks, ${order}`,
      unit: 'events/s',
      better: 'higher',
      ours: (events.length / ms) * 1000,
      note,
    });
  }
  const rehearsal = await medianMs(() => rehearse({ graph, config, failures: { collect: 0.05 } }), { runs: 3, warmUps: 0 });
  results.push({
    name: `rehearse ${graph.size} tasks with 5 % faults`,
    unit: 'ms',
    better: 'lower',
    ours: rehearsal,
    note: 'target: under 1,000; makespans and best --concurrent',
  });
  const building = await medianMs(() => buildGraph(config));
  results.push({ name: `build the graph of ${graph.size} tasks`, unit: 'ms', better: 'lower', ours: building });
  return results;
}

/** Records the events of one run, with a signal at the end of every stage and of every lane, to replay them. */
function recordRun(graph: Graph, order: RunConfig['order']): { events: RunEvent[]; state: RunState } {
  const state = createRun({ graph, config: { maxConcurrent: config.maxConcurrent, order } });
  const events: RunEvent[] = [{ type: 'start', at: 0 }];
  for (let next = 0; next < events.length; next++) {
    for (const command of reduce(state, events[next])) {
      if (command.type !== 'startSymbol') continue;
      const at = next + 1;
      const reports = command.stages.map((stage): TaskReport => {
        return { taskId: stageTaskId(command.symbol, stage), kind: 'succeeded', at, startedAt: at, attempts: 1, output: { rows: 1 } };
      });
      for (const report of reports.slice(0, -1)) events.push({ type: 'reports', lane: command.symbol, reports: [report], at });
      events.push({ type: 'laneEnded', lane: command.symbol, reports, end: 'completed', at });
    }
  }
  if (state.finishedAt === null) throw new Error('the recorded run does not end');
  return { events, state };
}

function replay(graph: Graph, order: RunConfig['order'], events: readonly RunEvent[]): void {
  const state = createRun({ graph, config: { maxConcurrent: config.maxConcurrent, order } });
  for (const event of events) reduce(state, event);
}
