import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { CustomTaskInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineResult, TaskResult } from '../../src/contracts/run/pipeline-status.ts';
import { createRig } from '../support/rig.ts';
import { spawnWorker } from '../support/worker-process.ts';

const FOLDER = path.resolve(import.meta.dirname, '../plugins/misbehaving');
const FIRINGS = Number(process.env.PREDICTLAB_FIRINGS ?? 1_000);
/** Firings of one run. */
const BATCH = 50;
/** Ways to misbehave, with what the failed task says; each may also time out while all threads are busy with the others. */
const HOSTILE: readonly (readonly [activity: string, says: RegExp])[] = [
  ['logFlood', /timeout/],
  ['heartbeatFlood', /timeout/],
  ['outputFlood', /timeout/],
  ['portFlood', /parentPort/],
  ['endlessLoop', /cut off/],
  ['largeReturn', /returned 20000002 bytes/],
  ['exits', /ended while it ran/],
  ['fillsMemory', /ended while it ran/],
];
/** A separate module, so that no other plugin shares its thread. */
const ENDS = `
import { z } from 'zod';
export default { activities: {
  computes: { input: z.any(), thread: true, run: () => { for (const end = Date.now() + 2_000; Date.now() < end; ); return 'done'; } },
  exits: { input: z.any(), thread: true, run: () => process.exit(3) },
  fillsMemory: { input: z.any(), thread: true, run: () => { for (const all = []; ; ) all.push(new Array(1e6).fill(all.length)); } },
} };
`;

/** A neighbour next to each of these tasks, on the same worker; they start together. */
const pairs = (tasks: readonly CustomTaskInput[]): CustomTaskInput[] =>
  tasks.flatMap((task, i): CustomTaskInput[] => [
    task,
    { taskId: `neighbour${i}`, activity: 'sleep', args: [{ duration: '100ms' }], short: false, maxRetries: 0 },
  ]);

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const secondsOfNeighbours = (results: readonly (readonly [string, TaskResult])[]): number[] =>
  results.filter(([id]) => id.startsWith('neighbour')).map(([, { durationSeconds }]) => durationSeconds ?? Number.NaN);

it('hostile plugins neither end a worker nor slow down other tasks, and each of them is named', { timeout: 3_600_000 }, async () => {
  const rig = await createRig({ worker: false });
  const ends = path.join(rig.home, 'ends.mjs');
  await writeFile(ends, ENDS);
  const modules = [...readdirSync(FOLDER).map((name) => path.join(FOLDER, name)), ends];
  const worker = await spawnWorker({ ...rig.env, PREDICTLAB_PLUGINS: modules.join(',') });
  const run = async (tasks: CustomTaskInput[]): Promise<(readonly [string, TaskResult])[]> => {
    const { runId } = await rig.lab.start({ symbols: [], maxConcurrent: 4, tasks: pairs(tasks) });
    const ended = await rig.lab.result(runId).catch((error: unknown) => (error as { partial: PipelineResult }).partial);
    return Object.entries(ended.taskResults);
  };
  const calm: number[] = [];
  const busy: number[] = [];
  const beside: (readonly [string, TaskResult])[] = [];
  // In turns, so that the machine's load affects all three alike.
  for (let from = 0; from < FIRINGS; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, FIRINGS - from) }, (_, i) => from + i);
    const few = batch.slice(0, 12);
    const rest = few.map((n) => ({ taskId: `calm${n}`, activity: 'sleep', args: [{ duration: '1s' }], short: false }));
    calm.push(...secondsOfNeighbours(await run(rest)));
    // Tasks that compute as long as the hostile ones do, and end by themselves.
    busy.push(...secondsOfNeighbours(await run(few.map((n) => ({ taskId: `busy${n}`, activity: 'computes', maxRetries: 0 })))));
    beside.push(
      ...(await run(
        batch.map((n) => {
          const [activity] = HOSTILE[n % HOSTILE.length];
          return { taskId: `${activity}${n}`, activity, maxRetries: 0, timeout: '2s' };
        }),
      )),
    );
  }
  const [alone, fair, hostile] = [median(calm), median(busy), median(secondsOfNeighbours(beside))];
  const times = `${alone.toFixed(3)} s alone, ${fair.toFixed(3)} s beside tasks that compute, ${hostile.toFixed(3)} s beside them`;
  process.stdout.write(`${FIRINGS} firings: neighbour ${times}\n`);
  const culprits = beside.filter(([id]) => !id.startsWith('neighbour'));
  for (const [id, { status, error }] of culprits) {
    const [, says] = HOSTILE.find(([activity]) => id.startsWith(activity))!;
    expect([id, status, error?.message]).toEqual([id, 'failed', expect.stringMatching(new RegExp(`${says.source}|timeout`))]);
  }
  expect(culprits).toHaveLength(FIRINGS);
  expect(beside.filter(([id, { status }]) => id.startsWith('neighbour') && status !== 'success')).toEqual([]);
  expect(hostile).toBeLessThan(1.5 * alone + 0.05);
  worker.process.kill('SIGTERM');
  expect(await worker.ended).toBe(0);
  await rig.close();
});
