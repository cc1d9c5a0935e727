import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import { createRig } from '../support/rig.ts';
import { scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

const FOLDER = path.resolve(import.meta.dirname, '../plugins/misbehaving');
const MODULES = readdirSync(FOLDER).map((name) => path.join(FOLDER, name));
const SYMBOLS = Array.from({ length: 20 }, (_, i) => `H${String(i).padStart(2, '0')}`);

it('six plugins that misbehave in nine ways do not affect the 20 symbols of a run', async () => {
  const rig = await createRig({
    env: { PREDICTLAB_PLUGINS: MODULES.join(',') },
    // long enough that a plugin misbehaves during every stage
    stages: scriptedStages(async ({ work }) => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      work.signal.throwIfAborted();
    }),
  });
  await importTestSymbols(rig.database, SYMBOLS);
  const task = (activity: string, more: object = {}) => ({
    taskId: activity,
    activity,
    maxRetries: 0,

    priority: 1,
    ...more,
  });
  const { result, taskResults } = await rig.run({
    symbols: SYMBOLS,
    maxConcurrent: 31,
    tasks: [
      task('strayThrow'),
      task('floatingRejection'),
      task('endlessLoop', { timeout: '2s' }),
      task('neighbour'),
      task('endlessLoad', { timeout: '2s' }),
      task('logFlood', { timeout: '2s' }),
      task('heartbeatFlood', { timeout: '2s' }),
      task('outputFlood', { timeout: '2s' }),
      task('portFlood'),
      task('largeReturn'),
      task('largeHeartbeat'),
    ],
  });
  expect(result).toBe('degraded');
  const healthy = Object.entries(taskResults).filter(([taskId]) => taskId.includes('/'));
  expect(healthy).toHaveLength(6 * SYMBOLS.length);
  for (const [taskId, one] of healthy) expect([taskId, one]).toMatchObject([taskId, { status: 'success', attempts: 1 }]);
  expect(taskResults).toMatchObject({
    strayThrow: { status: 'success', output: 'done' },
    floatingRejection: { status: 'success', output: 'done' },
    endlessLoop: { status: 'failed', error: { type: 'TaskTimeout' } },
    logFlood: { status: 'failed', error: { type: 'TaskTimeout' } },
    heartbeatFlood: { status: 'failed', error: { type: 'TaskTimeout' } },
    outputFlood: { status: 'failed', error: { type: 'TaskTimeout' } },
    portFlood: { status: 'failed', error: { message: expect.stringContaining('parentPort') } },
    neighbour: { status: 'success', output: 'done' },
    endlessLoad: { status: 'failed', error: { type: 'TaskTimeout' } },
    largeReturn: { status: 'failed', error: { type: 'BadInput', message: expect.stringContaining('returned 20000002 bytes') } },
    largeHeartbeat: { status: 'failed', error: { type: 'BadInput' } },
  });
  await rig.close();
}, 300_000);

it('a plugin that throws in a timer and rejects promises without end neither ends a worker nor keeps it from stopping', async () => {
  const rig = await createRig({ worker: false });
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-plugin-'));
  const plugin = path.join(folder, 'restless.mjs');
  await writeFile(
    plugin,
    `import { z } from 'zod';
     setInterval(() => { throw new Error('thrown by a timer'); }, 50);
     setInterval(() => void fetch('http://127.0.0.1:1'), 50);
     export default { activities: { fine: { input: z.any(), thread: false, run: () => 'done' } } };`,
  );
  const worker = await spawnWorker({ ...rig.env, PREDICTLAB_PLUGINS: plugin });
  const { taskResults } = await rig.run({ symbols: [], tasks: [{ taskId: 'fine', activity: 'fine' }] });
  expect(taskResults.fine).toMatchObject({ status: 'success', attempts: 1 });
  await until(() => worker.said().includes('thrown by a timer') && worker.said().includes('fetch failed'));
  expect(worker.said()).toContain(`PREDICTLAB_PLUGINS: ${plugin} threw outside of its tasks`);
  worker.process.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  await rig.close();
  await rm(folder, { recursive: true });
});

it('a short custom task that ends its worker runs as an activity of its own after that, and fails as WorkerLost the second time', async () => {
  const rig = await createRig({ worker: false });
  const plugin = path.join(rig.home, 'crash.mjs');
  await writeFile(
    plugin,
    `import { z } from 'zod';
     export default { activities: { crash: { input: z.any(), thread: false, run: () => process.kill(process.pid, 'SIGKILL') } } };`,
  );
  const env = { ...rig.env, PREDICTLAB_PLUGINS: plugin };
  const doomed = [await spawnWorker(env), await spawnWorker(env)];
  const { runId } = await rig.lab.start({ symbols: [], tasks: [{ taskId: 'pill', activity: 'crash', maxRetries: 0, short: true }] });
  expect(await Promise.all(doomed.map(({ ended }) => ended))).toEqual(['SIGKILL', 'SIGKILL']);
  const last = await spawnWorker(env);
  const { partial } = (await rig.lab.result(runId).catch((error: unknown) => error)) as { partial: PipelineResult };
  expect(partial.taskResults.pill.error).toMatchObject({ type: 'WorkerLost', message: expect.stringContaining('2 workers in a row') });
  last.process.kill('SIGTERM');
  expect(await last.ended).toBe(0);
  await rig.close();
}, 120_000);

it('a worker that is stopped while its polls still take attempts makes no task fail', async () => {
  const rig = await createRig({ worker: false });
  const stopped = await spawnWorker(rig.env);
  const { runId } = await rig.lab.start({ symbols: [], tasks: [{ taskId: 'held', activity: 'sleep', args: [{ duration: '3s' }] }] });
  const attempt = async (): Promise<number> => (await rig.lab.attempts(runId)).get('held')?.attempt ?? 0;
  await until(async () => (await attempt()) === 1, { everyMs: 50 });
  stopped.process.kill('SIGSTOP');
  // each heartbeat timeout gives the next attempt to one of its polls; counting those two attempts as lost workers would fail the task
  await until(async () => (await attempt()) >= 3, { everyMs: 200, forMs: 120_000 });
  // its open polls would go on taking tasks for a minute
  await kill(stopped);
  const healthy = await spawnWorker(rig.env);
  expect(await rig.lab.result(runId)).toMatchObject({ statusBreakdown: { success: 1 } });
  healthy.process.kill('SIGTERM');
  await healthy.ended;
  await rig.close();
}, 240_000);

it('a task that ends its worker fails as WorkerLost after maxLostWorkers workers, with the name of its plugin', async () => {
  const rig = await createRig({ worker: false });
  const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-plugin-'));
  const plugin = path.join(folder, 'crash.mjs');
  await writeFile(
    plugin,
    `import { z } from 'zod';
     export default { activities: { crash: { input: z.any(), thread: false, run: () => process.kill(process.pid, 'SIGKILL') } } };`,
  );
  const env = { ...rig.env, PREDICTLAB_PLUGINS: plugin };
  const first = await spawnWorker(env);
  const { runId } = await rig.lab.start({
    symbols: [],
    tasks: [{ taskId: 'pill', activity: 'crash', maxRetries: 0, maxLostWorkers: 1 }],
  });
  expect(await first.ended).toBe('SIGKILL');
  const second = await spawnWorker(env);
  const { partial } = (await rig.lab.result(runId).catch((error: unknown) => error)) as { partial: PipelineResult };
  const { error } = partial.taskResults.pill;
  expect(error).toMatchObject({ type: 'WorkerLost', message: expect.stringContaining(`activity "crash" of plugin ${plugin}`) });
  second.process.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  await rig.close();
  await rm(folder, { recursive: true });
});
