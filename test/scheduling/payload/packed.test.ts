import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/contracts/run/pipeline-input.ts';
import type { ReusedTask, RunConfig } from '../../../src/contracts/run/run-config.ts';
import { STAGES, stageTaskId } from '../../../src/contracts/words.ts';
import { encodedBytes, fitList, fitSummary } from '../../../src/scheduling/payload/budget.ts';
import { fitGraph, readGraph } from '../../../src/scheduling/payload/fit-status.ts';
import { packPrepared, readPrepared } from '../../../src/scheduling/payload/pack-prepared.ts';
import { graphOf } from '../../../src/scheduling/run/status/status.ts';
import { customTask, graphOfConfig, POLICY, runConfig } from '../run-config.ts';

const travelled = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const name = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'ünï', '🜁'),
  fc.string({ minLength: 1, maxLength: 9 }),
);

const anyConfig: fc.Arbitrary<RunConfig> = fc
  .record({
    symbols: fc.uniqueArray(name, { maxLength: 6 }),
    priorities: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 6, maxLength: 6 }),
    tasks: fc.uniqueArray(
      fc.record({
        taskId: name,
        args: fc.array(fc.jsonValue(), { maxLength: 1 }),
        priority: fc.integer({ min: 1, max: 5 }),
        critical: fc.boolean(),
        retries: fc.integer({ min: 0, max: 3 }),
      }),
      { selector: ({ taskId }) => taskId, maxLength: 6 },
    ),
  })
  .map(({ symbols, priorities, tasks }) =>
    runConfig({
      symbols: symbols.map((symbol, i) => ({ symbol, priority: priorities[i] })),
      tasks: tasks.map(({ retries, ...task }) =>
        customTask(task.taskId, { ...task, args: task.args as Json[], policy: { ...POLICY, maxRetries: retries } }),
      ),
    }),
  );

describe('the packed form of a prepared run', () => {
  it('unpacks to the same run, including its reused successes', () => {
    fc.assert(
      fc.property(anyConfig, fc.integer(), (config, seed) => {
        const ids = [
          ...config.symbols.flatMap(({ symbol }) => STAGES.map((stage) => stageTaskId(symbol, stage))),
          ...config.tasks.map((t) => t.taskId),
        ];
        const reused = new Map<string, ReusedTask>();
        for (const [i, id] of ids.entries()) {
          if (((seed >>> (i % 30)) & 1) === 1) reused.set(id, i % 3 === 0 ? { output: { rows: i }, degraded: ['gaps'] } : {});
        }
        const prepared = { config, durations: { collect: 1.25, nobody: 3 }, reused };
        const read = readPrepared(travelled(packPrepared(prepared)));
        expect(read.config).toEqual(travelled(config));
        expect(read.reused).toEqual(reused);
        expect(read.durations).toEqual({ collect: 1.25 });
      }),
    );
  });

  it('has no fields for absent durations and reused tasks', () => {
    expect(Object.keys(packPrepared({ config: runConfig({ symbols: ['A'] }), durations: {}, reused: new Map() }))).toEqual(['packed']);
  });

  it('leaves outputs that do not fit to the ledger, and keeps which tasks are reused', () => {
    const tasks = Array.from({ length: 80 }, (_, i) => customTask(`t${i}`));
    const reused = new Map(tasks.map(({ taskId }) => [taskId, { output: 'x'.repeat(30_000) }]));
    const packed = packPrepared({ config: runConfig({ tasks }), durations: {}, reused });
    expect(encodedBytes(packed)).toBeLessThan(1_400_000);
    expect(readPrepared(travelled(packed)).reused.size).toBe(80);
  });

  it('uses the rest of its budget for outputs, and never exceeds it', () => {
    const tasks = Array.from({ length: 8_000 }, (_, i) => customTask(`t${i}`));
    const reused = new Map(tasks.map(({ taskId }) => [taskId, { output: 'x'.repeat(40) }]));
    const bytes = encodedBytes(packPrepared({ config: runConfig({ tasks }), durations: {}, reused }, 500_000));
    expect(bytes).toBeLessThanOrEqual(500_000);
    expect(bytes).toBeGreaterThan(490_000);
  });

  it('keeps the outputs of stages for up to 50 symbols, and those of custom tasks for any number', () => {
    const outputsKept = (count: number): number => {
      const config = runConfig({ symbols: Array.from({ length: count }, (_, i) => `S${i}`), tasks: [customTask('own')] });
      const ids = config.symbols.flatMap(({ symbol }) => STAGES.map((stage) => stageTaskId(symbol, stage)));
      const reused = new Map([...ids, 'own'].map((id) => [id, { output: 1 }]));
      const read = readPrepared(travelled(packPrepared({ config, durations: {}, reused }))).reused;
      return [...read.values()].filter(({ output }) => output === 1).length;
    };
    expect(outputsKept(50)).toBe(301);
    expect(outputsKept(51)).toBe(1);
  });
});

describe('a graph in the answer of a query', () => {
  it('is sent as the input that it is built from when it is too large for one payload', () => {
    const config = runConfig({
      symbols: ['A', 'B'],
      tasks: [customTask('t', { dependencies: ['A/clean'], runBefore: ['B/store'], args: [1] })],
    });
    const tasks = graphOf({ graph: graphOfConfig(config) });
    expect(fitGraph(tasks, config)).toEqual({ tasks });
    expect(fitGraph(tasks, config, encodedBytes({ tasks }))).toEqual({ tasks });
    expect(fitGraph(tasks, config, encodedBytes({ tasks }) - 1)).toHaveProperty('packed');
    expect(readGraph({ tasks })).toBe(tasks);
    const packed = travelled(fitGraph(tasks, config, 100));
    expect(packed).toHaveProperty('packed');
    expect(readGraph(packed)).toEqual(tasks);
  });
});

describe('a list of ids in a message', () => {
  it('is cut when it does not fit, with the number of missing ids', () => {
    expect(fitList(['a', 'b'])).toEqual(['a', 'b']);
    expect(fitList(['aaaaaaaa', 'bbbbbbbb', 'cccccccc'], { budget: 125 })).toEqual(['aaaaaaaa', 'bbbbbbbb', 'and 1 more']);
  });
});

describe('the size of a payload', () => {
  it('is the size of its JSON in UTF-8', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(encodedBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
    expect(encodedBytes({ text: '🜁 é ☃' })).toBe(Buffer.byteLength(JSON.stringify({ text: '🜁 é ☃' })));
    expect(encodedBytes(undefined)).toBe(0);
  });
});

it('a summary for Temporal’s Web UI takes 220 bytes as JSON at most, and is cut only when it takes more', () => {
  for (const letter of ['a', 'ü', '→'])
    for (let length = 60; length < 260; length++) {
      const text = letter.repeat(length);
      const fitted = fitSummary(text);
      expect(encodedBytes(fitted)).toBeLessThanOrEqual(220);
      expect(fitted === text).toBe(encodedBytes(text) <= 220);
    }
});
