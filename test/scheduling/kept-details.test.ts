import { describe, expect, it } from 'vitest';
import type { TaskError } from '../../src/contracts/run/pipeline-status.ts';
import { encodedBytes, SMALL_OUTPUT } from '../../src/scheduling/payload/budget.ts';
import { dropNextDetail, keepError, keepOutput, leftOutOf, noDetails } from '../../src/scheduling/run/kept-details.ts';

const state = () => ({
  detail: 'stage' as const,
  graph: { symbolOf: Int32Array.of(0, 0, 0) },
  outputs: new Map(),
  errors: new Map<number, TaskError>(),
  degraded: new Map(),
  details: noDetails(),
});
/** A text that takes so many bytes, with its quotes. */
const ofBytes = (bytes: number): string => 'x'.repeat(bytes - 2);

describe('the details that a large run keeps of its tasks', () => {
  it('include outputs up to the byte limit once larger outputs are dropped', () => {
    const run = state();
    const [small, large] = [ofBytes(SMALL_OUTPUT), ofBytes(SMALL_OUTPUT + 1)];
    expect(encodedBytes(small)).toBe(SMALL_OUTPUT);
    keepOutput(run, 0, small);
    keepOutput(run, 1, large);
    dropNextDetail(run);
    expect([...run.outputs.keys()]).toEqual([0, 1]);
    dropNextDetail(run);
    expect([...run.outputs.keys()]).toEqual([0]);
    keepOutput(run, 2, small);
    keepOutput(run, 1, large);
    expect([...run.outputs.keys()]).toEqual([0, 2]);
    expect(run.details.bytes).toBe(2 * SMALL_OUTPUT);
  });

  it('count each different error once', () => {
    const run = state();
    const [first, second] = [1, 2].map((n) => ({ type: 'BadInput', message: `bad ${n}` }));
    keepError(run, 0, first);
    keepError(run, 1, second);
    keepError(run, 2, { ...first });
    expect(run.details.bytes).toBe(encodedBytes(first) + encodedBytes(second));
    expect(run.errors.get(2)).toBe(run.errors.get(0));
  });

  it('are reduced by stacks first, then by outputs, messages and types, and by nothing more at the last level', () => {
    const run = state();
    keepError(run, 0, { type: 'BadInput', message: 'm'.repeat(400), stack: 'at line 3' });
    const seen: [messageLength: number, type: string, leftOut: string][] = [];
    do {
      const { type, message } = run.errors.get(0) as TaskError;
      seen.push([message.length, type, leftOutOf(run.details).join(' ')]);
    } while (dropNextDetail(run));
    const note = 'left out of a large run; the task’s log has it'.length;
    expect(seen).toEqual([
      [400, 'BadInput', ''],
      [400, 'BadInput', 'stacks'],
      [400, 'BadInput', 'stacks outputs'],
      [400, 'BadInput', 'stacks outputs'],
      [300, 'BadInput', 'stacks outputs messages'],
      [120, 'BadInput', 'stacks outputs messages'],
      [60, 'BadInput', 'stacks outputs messages'],
      [note, 'BadInput', 'stacks outputs messages'],
      [note, 'Error', 'stacks outputs messages'],
    ]);
    expect(dropNextDetail(run)).toBe(false);
  });
});
