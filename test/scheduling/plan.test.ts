import { describe, expect, it } from 'vitest';
import { mermaidOf, planOf } from '../../src/scheduling/graph/plan.ts';
import { customTask, graphOfConfig, runConfig } from './run-config.ts';

const config = runConfig({
  symbols: ['BTC'],
  untilStage: 'store',
  stages: { store: { critical: true } },
  tasks: [customTask('check "rows"', { dependencies: ['BTC/collect'], runBefore: ['BTC/store'] })],
});

describe('the plan of a run', () => {
  it('lists the tasks in execution order with what each waits for', () => {
    expect(planOf(graphOfConfig(config)).map(({ taskId, action, reason }) => `${taskId}: ${action}, ${reason}`)).toEqual([
      'BTC/collect: run, at once',
      'BTC/clean: run, after BTC/collect',
      'check "rows": run, after BTC/collect',
      'BTC/store: run, after BTC/clean, check "rows"',
    ]);
  });

  it('states what a retry reuses, and why the other tasks run', () => {
    const earlier = { runId: 'pipeline-1', succeeded: new Set(['BTC/collect', 'BTC/clean', 'BTC/store']) };
    expect(planOf(graphOfConfig(config), earlier).map(({ taskId, action, reason }) => `${taskId}: ${action}, ${reason}`)).toEqual([
      'BTC/collect: reuse, succeeded in pipeline-1',
      'BTC/clean: reuse, succeeded in pipeline-1',
      'check "rows": run, at once; did not succeed in pipeline-1',
      'BTC/store: run, succeeded in pipeline-1, but check "rows" runs again',
    ]);
  });

  it('names up to four tasks that a task waits for, and counts the others', () => {
    const reasonBehind = (count: number): string => {
      const ids = Array.from({ length: count }, (_, i) => `t${i}`);
      const tasks = [...ids.map((id) => customTask(id)), customTask('last', { dependencies: ids })];
      return planOf(graphOfConfig(runConfig({ tasks })))[count].reason;
    };
    expect(reasonBehind(4)).toBe('after t0, t1, t2, t3');
    expect(reasonBehind(6)).toBe('after t0, t1, t2, t3 and 2 more');
  });

  it('can be drawn as a Mermaid chart', () => {
    expect(mermaidOf(graphOfConfig(config)).split('\n')).toEqual([
      'flowchart LR',
      '  subgraph s0["BTC"]',
      '    t0["BTC/collect"]',
      '    t1["BTC/clean"]',
      '    t3["BTC/store"]:::critical',
      '  end',
      '  t2(["check #quot;rows#quot;"])',
      '  t0 --> t1',
      '  t0 --> t2',
      '  t1 --> t3',
      '  t2 --> t3',
      '  classDef critical stroke-width:3px,stroke:#c0392b',
    ]);
  });
});
