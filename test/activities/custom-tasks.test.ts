import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { customActivity, durationSchema } from '../../src/activities/custom/custom-tasks.ts';
import type { Task } from '../../src/activities/runner/task-runner.ts';
import type { StageWork } from '../../src/activities/stages/stage-work.ts';

/** The output of a task whose activity returns this value. */
async function outputOf(returned: unknown): Promise<unknown> {
  const run = customActivity({ input: z.any(), run: async () => returned as never }, async ({ work }: Task) => {
    const record: StageWork['record'] = async (effect) => effect;
    return { attempts: 1, ...(await work({ record } as StageWork)) };
  });
  return (await run({}, { taskId: 'mine' } as never)).output;
}

describe('the return value of a plugin activity', () => {
  it('becomes the output in its JSON form, and nothing becomes null', async () => {
    expect(await outputOf({ rows: 3, at: new Date(0), left: undefined })).toEqual({ rows: 3, at: '1970-01-01T00:00:00.000Z' });
    expect(await outputOf(undefined)).toBeNull();
    expect(await outputOf([1, undefined])).toEqual([1, null]);
  });

  it('is refused at once when JSON cannot represent it, or when it is too large for the status of a run', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await expect(outputOf(circle)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringContaining('mine returned') });
    await expect(outputOf({ big: 1n })).rejects.toMatchObject({ type: 'BadInput' });
    await expect(outputOf(() => 1)).rejects.toMatchObject({
      type: 'BadInput',
      message: 'mine returned a value that JSON cannot represent (it is a function); use plain values',
    });
    await expect(outputOf(Symbol('s'))).rejects.toMatchObject({ type: 'BadInput' });
    await expect(outputOf({ rows: 3, done: [{ close: () => 1 }] })).rejects.toMatchObject({
      type: 'BadInput',
      message: 'mine returned a value that JSON cannot represent (close is a function); use plain values',
    });
    await expect(outputOf('x'.repeat(40_000))).rejects.toMatchObject({
      type: 'BadInput',
      message: expect.stringContaining('40002 bytes'),
    });
  });
});

describe('a duration in the arguments of a task', () => {
  it('is a number and a unit; any other text is refused with one sentence that quotes it, however long it is', () => {
    expect(durationSchema.parse('5m')).toBe(300_000);
    for (const text of ['', 'soon', '-1s', '1'.repeat(400), 'x'.repeat(101)]) {
      const said = durationSchema
        .safeParse(text)
        .error?.issues.map(({ message }) => message)
        .join();
      expect(said).toMatch(/^".{0,41}" is not a duration; write "30s", "5m" or "2h"$/);
    }
  });
});
