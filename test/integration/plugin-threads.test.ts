import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { createPluginThreads } from '../../src/activities/custom/threads/plugin-threads.ts';
import { LostAttempt } from '../../src/activities/runner/attempt-sign.ts';
import { plainMarket } from '../../src/backtest/engine/market.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { Json } from '../../src/contracts/run/pipeline-input.ts';
import type { ActivityContext } from '../../src/plugins/plugins.ts';
import { HOUR, walk } from '../backtest/series.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';

const module = path.resolve(import.meta.dirname, '../plugins/threaded.mjs');
const errors: string[] = [];
const threads = createPluginThreads({
  ...silent,
  error: (message) => void errors.push(message),
  warn: (message) => void errors.push(message),
});
afterAll(() => threads.close());

const contextWith = (more: Partial<ActivityContext> = {}): ActivityContext & { readonly said: unknown[] } => {
  const said: unknown[] = [];
  const log = (level: string) => (message: string, fields?: unknown) => void said.push([level, message, fields]);
  return {
    runId: 'r',
    taskId: 'mine',
    attempt: 2,
    signal: new AbortController().signal,
    resume: { page: 0 },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    heartbeat: (details) => void said.push(['heartbeat', details]),
    said,
    ...more,
  };
};
const run = (name: string, input: unknown = {}, context: ActivityContext = contextWith()) =>
  threads.run({ module, name, thread: true }, input, context);
const runPlain = (name: string, input: unknown = {}, context: ActivityContext = contextWith()) =>
  threads.run({ module, name }, input, context);

describe('backtests of plugins on threads', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'predictlab-threads-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const strategy = (name: string, memory: string): string => {
    const plugin = path.join(folder, `${name}.mjs`);
    const code = `import { z } from 'zod'; const seen = ${memory}; export default { strategies: { ${name}: { summary: 'for tests', params: z.strictObject({}), create: (_params, bars) => () => { seen.last = bars.close(); return bars.close() > bars.close(1) ? 'long' : 'flat'; } } } };`;
    writeFileSync(plugin, code);
    return plugin;
  };
  const series = async (plugins: string, name: string, on = threads) => {
    const trials = [{ strategy: name, params: {} }];
    const market = plainMarket('probability');
    const job = { plugins, series: 'a market', trials, candles: walk(50, 3, { probability: true }), market, barMs: HOUR, twin: null };
    const { results } = await on.backtests(job, { whose: name, signal: new AbortController().signal, alive: () => undefined });
    return results[0];
  };

  it('get another thread once a plugin has left something in the globals of its thread', async () => {
    const honest = strategy('honest', '{}');
    const leaving = strategy('leaving', "(globalThis[Symbol.for('seen')] ??= {})");
    expect(await series(honest, 'honest')).toMatchObject({ provable: true });
    expect((await series(leaving, 'leaving')).notProvable).toEqual([
      'globalThis[Symbol(seen)] was changed by a plugin and stays changed from series to series, where no re-run can see what is remembered',
    ]);
    for (let again = 0; again < 2 * availableParallelism(); again++)
      expect(await series(honest, 'honest')).toMatchObject({ provable: true, notProvable: [] });
  });

  it('are provable when the plugin prints', async () => {
    expect(await series(strategy('prints', "(console.log('loaded'), {})"), 'prints')).toMatchObject({ provable: true, notProvable: [] });
  });

  it('never run on a thread that has run a task, whose code may listen to later jobs', async () => {
    const tasks = path.join(folder, 'listens.mjs');
    const heard = path.join(folder, 'heard');
    writeFileSync(
      tasks,
      `import { appendFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
const hear = ({ job }) => {
  globalThis[Symbol.for('left')] = {};
  appendFileSync(${JSON.stringify(heard)}, Object.keys(job) + ' ');
};
const input = z.strictObject({});
export default { activities: { listen: { input, thread: true, run: () => (parentPort.once('message', hear), {}) } } };`,
    );
    // of this test alone, because its code would also listen to the tasks of the others
    const listened = createPluginThreads(silent);
    const listen = () => listened.run({ module: tasks, name: 'listen', thread: true }, {}, contextWith());
    const honest = strategy('honestAfterTasks', '{}');
    try {
      for (let again = 0; again < 2 * availableParallelism(); again++) {
        await listen();
        expect(await series(honest, 'honestAfterTasks', listened)).toMatchObject({ provable: true, notProvable: [] });
      }
    } finally {
      await listened.close();
    }
    expect(readFileSync(heard, 'utf8').trim().split(' ')).toEqual(Array.from({ length: 2 * availableParallelism() - 1 }, () => 'task'));
  });

  it('take turns with tasks when both wait for the same threads', async () => {
    const plugin = strategy('inTurn', '{}');
    const shared = createPluginThreads(silent);
    try {
      const computed = Array.from({ length: 12 }, async () => await series(plugin, 'inTurn', shared));
      const tasks = Array.from({ length: 12 }, () => shared.run({ module, name: 'whoAmI', thread: true }, {}, contextWith()));
      for (const one of await Promise.all(tasks)) expect(one).toHaveProperty('threadId');
      for (const one of await Promise.all(computed)) expect(one).toMatchObject({ provable: true, notProvable: [] });
    } finally {
      await shared.close();
    }
  });
});

describe('an activity on a thread', () => {
  it('keeps its module loaded for the next task', async () => {
    const first = (await run('whoAmI')) as { threadId: number; calls: number };
    const second = (await run('whoAmI')) as { threadId: number; calls: number };
    expect(first.threadId).not.toBe(threadId);
    expect(second).toEqual({ threadId: first.threadId, calls: first.calls + 1 });
  });

  it('leaves the event loop of the worker free while it computes', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await run('whoAmI', { spin: 300 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it('has the context of its task, and its heartbeats and log lines arrive in order before its end', async () => {
    const context = contextWith();
    expect(await run('talk', {}, context)).toEqual({ runId: 'r', taskId: 'mine', attempt: 2, resume: { page: 0 } });
    expect(context.said).toEqual([
      ['heartbeat', { page: 1 }],
      ['info', 'half way', { rows: 3 }],
      ['heartbeat', { page: 2 }],
    ]);
  });

  it('has its printed lines in the log of the task', async () => {
    const context = contextWith();
    await run('print', {}, context);
    expect(context.said).toEqual([
      ['info', 'asks with k-1 { page: 1 }', undefined],
      ['warn', 'two', undefined],
      ['warn', 'lines', undefined],
      ['info', 'afterwards', undefined],
    ]);
  });

  it('may not send large data in a heartbeat', async () => {
    await expect(run('beatLarge')).rejects.toThrow('mine passed to heartbeat 40002 bytes, more than the limit of 32768');
  });

  it('fails with its own error, including name, code and stack', async () => {
    await expect(run('fail', { code: 'ECONNRESET' })).rejects.toMatchObject({
      name: 'RangeError',
      message: 'out of range',
      code: 'ECONNRESET',
      stack: expect.stringContaining('threaded.mjs'),
    });
    await expect(run('returnCircle')).rejects.toSatisfy((error) => error instanceof PredictLabError && error.type === 'BadInput');
  });

  it('receives the reason for a cancellation', async () => {
    const stop = new AbortController();
    const running = run('stopWhenTold', {}, contextWith({ signal: stop.signal }));
    setTimeout(() => stop.abort(new PredictLabError('TaskTimeout', 'mine took too long')), 100);
    await expect(running).rejects.toMatchObject({ type: 'TaskTimeout', message: 'mine took too long' });
  });

  it('is ended with its thread when it ignores a cancellation, and the next task gets a new thread', async () => {
    const stop = new AbortController();
    const running = run('spinForEver', {}, contextWith({ signal: stop.signal }));
    setTimeout(() => stop.abort(new Error('enough')), 100);
    await expect(running).rejects.toThrow('enough');
    expect(await run('whoAmI')).toMatchObject({ calls: 1 });
  });

  it('is not started when it was cancelled before', async () => {
    await expect(run('spinForEver', {}, contextWith({ signal: AbortSignal.abort(new Error('cancelled')) }))).rejects.toThrow('cancelled');
  });

  it('fails alone when it ends its thread', async () => {
    await expect(run('exit')).rejects.toThrow(/thread of mine ended/);
    expect(await run('whoAmI')).toHaveProperty('calls');
  });

  it('that waits for a thread gets a new one when all threads ended with their tasks', async () => {
    const perThread = { length: availableParallelism() };
    await Promise.all(Array.from(perThread, () => run('whoAmI', { spin: 1_000 })));
    const loops = Array.from(perThread, () => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(new Error('enough')), 100);
      return run('spinForEver', {}, contextWith({ signal: stop.signal }));
    });
    const waiting = run('whoAmI');
    expect((await Promise.allSettled(loops)).map(({ status }) => status)).toEqual(loops.map(() => 'rejected'));
    expect(await waiting).toMatchObject({ calls: 1 });
  });

  it('that ends its thread after its own end does not harm the next task', async () => {
    const { threadId: before } = (await run('exitLater')) as { threadId: number };
    const own = async (): Promise<number> => ((await run('whoAmI')) as { threadId: number }).threadId;
    // no task runs at the moment at which the thread ends, at least on a machine that is not busy
    const isNew = async (): Promise<boolean> => {
      await wait(300);
      return (await own()) !== before;
    };
    await until(isNew);
  });

  it('leaves its thread at once when few tasks wait, and together with others when many do', async () => {
    const crowd = Array.from({ length: 12 * availableParallelism() }, () => run('whoAmI', { spin: 10 }));
    let ended = 0;
    const ends = [threads.together(), threads.together()].map((end) => end.then(() => ended++));
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(ended).toBe(0);
    await Promise.all(ends);
    await Promise.all(crowd);
    await threads.together();

    const last = Array.from({ length: 5 * availableParallelism() }, () => run('whoAmI', { spin: 10 }));
    let heldTold = false;
    void threads.together().then(() => {
      heldTold = true;
    });
    await Promise.all(last);
    // no caller waits any more, so the held one is answered before its time is up
    await threads.together();
    await setImmediate();
    expect(heldTold).toBe(true);
  });
});

/** An activity that is stopped after a while. */
const stopped = (name: string, afterMs: number): Promise<Json> => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('enough')), afterMs);
  return runPlain(name, {}, contextWith({ signal: stop.signal }));
};

describe("an activity on its plugin's own thread", () => {
  it('shares the thread and the state of the module with others, which continue while one waits', async () => {
    const [slow, fast] = [runPlain('plain', { wait: 200 }), runPlain('plain')];
    const first = (await fast) as { threadId: number; calls: number };
    expect(first.threadId).not.toBe(threadId);
    expect(await slow).toEqual({ threadId: first.threadId, calls: first.calls + 1 });
  });

  it('may throw in a timer or leave a rejection unhandled: this is logged with its name, and the thread continues', async () => {
    const before = (await runPlain('plain')) as { threadId: number; calls: number };
    expect(await runPlain('stray')).toEqual({ threadId: before.threadId, calls: before.calls + 1 });
    expect(errors.splice(0)).toEqual([
      expect.stringMatching(/threaded\.mjs threw outside of its tasks.*a floating rejection/),
      expect.stringMatching(/threaded\.mjs threw outside of its tasks.*RangeError: a stray throw/),
    ]);
  });

  it('is abandoned when it ignores a cancellation but only waits, and the thread stays', async () => {
    const before = (await runPlain('plain')) as { threadId: number };
    await expect(stopped('neverBack', 10)).rejects.toThrow('enough');
    expect(await runPlain('plain')).toMatchObject({ threadId: before.threadId });
  });

  it('is ended with the thread when in an endless loop: waiting tasks run on the next thread, running ones are lost', async () => {
    const inTheMiddle = runPlain('plain', { wait: 60_000 });
    const loop = stopped('plainForEver', 200);
    const behind = runPlain('plain');
    await expect(loop).rejects.toThrow('enough');
    await expect(inTheMiddle).rejects.toBeInstanceOf(LostAttempt);
    expect(await behind).toMatchObject({ calls: 1 });
    expect(errors.splice(0)).toEqual([expect.stringMatching(/activity plainForEver of .* held up the thread of its plugin/)]);
    // from then on it has a thread to itself
    const again = stopped('plainForEver', 300);
    expect(await runPlain('plain')).toMatchObject({ calls: 2 });
    await expect(again).rejects.toThrow('enough');
  });

  it('fails when it ends the thread', async () => {
    await expect(runPlain('plainExit')).rejects.toThrow(/thread of mine ended/);
    expect(await runPlain('plain')).toMatchObject({ calls: 1 });
  });
});
