import { describe, expect, it } from 'vitest';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import { buildGraph, type Graph } from '../../src/scheduling/graph/graph.ts';
import { CARRIED_CONFIG, CARRIED_INLINE, encodedBytes, PAYLOAD_BUDGET } from '../../src/scheduling/payload/budget.ts';
import { readPrepared } from '../../src/scheduling/payload/pack-prepared.ts';
import { createRun } from '../../src/scheduling/run/run-state.ts';
import { carriedOn } from '../../src/workflows/run/prepare-run.ts';
import { sampleConfig } from '../report/sample-run.ts';

/** A run of so many tasks of the user's own, each with so many characters to send. */
function runOf(tasks: number, body: number): { config: RunConfig; durations: Record<string, number>; state: ReturnType<typeof createRun> } {
  const [first] = sampleConfig().tasks;
  const config: RunConfig = {
    ...sampleConfig([]),
    tasks: Array.from({ length: tasks }, (_, i) => ({
      ...first,
      taskId: `t${i}`,
      dependencies: [],
      args: [{ url: 'https://x', body: 'b'.repeat(body) }],
    })),
  };
  const { graph } = buildGraph(config) as { graph: Graph };
  const durations = Object.fromEntries(config.tasks.map(({ taskId }, i) => [taskId, i + 0.123]));
  return { config, durations, state: createRun({ graph, config }) };
}

describe('the data that a run passes to its next execution', () => {
  it('has the whole config when that is small, and the known durations', () => {
    const { config, durations, state } = runOf(5, 10);
    const { prepared } = carriedOn({ config, durations, reused: new Map() }, 0, state);
    expect(readPrepared(prepared as never)).toMatchObject({ config: { tasks: config.tasks }, durations });
  });

  it('leaves a large config to the database, unless the database lacks a part of it', () => {
    const { config, durations, state } = runOf(2_000, 300);
    const bytes = encodedBytes(config.tasks.map(({ args }) => args));
    expect(bytes).toBeGreaterThan(CARRIED_CONFIG);
    expect(bytes).toBeLessThan(CARRIED_INLINE);
    expect(carriedOn({ config, durations, reused: new Map() }, 0, state).prepared).toBeUndefined();
    const carried = carriedOn({ config, durations, reused: new Map(), inline: true }, 0, state);
    expect(readPrepared(carried.prepared as never)).toMatchObject({ inline: true, config: { tasks: config.tasks } });
    expect(encodedBytes(carried)).toBeLessThan(PAYLOAD_BUDGET + 10_000);
    // and the same once more from there
    const again = carriedOn(readPrepared(carried.prepared as never), 0, state);
    expect(readPrepared(again.prepared as never).inline).toBe(true);
  });
});
