import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { createRig } from '../support/rig.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

/** Tasks that two workers together run at once. */
const SLOTS = 4;

it('a backfill that fills the queue delays no live run, and urgent symbols go first in both kinds of run', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `S${String(i).padStart(2, '0')}`);
  const order: string[] = [];
  const full = gate();
  const live = gate();
  const rig = await createRig({
    // one at a time: the order in which the queue gives them out is the order in which they run
    maxActivities: 1,
    stages: {
      ...scriptedStages(),
      collect: async ({ runId, symbol }, work) => {
        order.push(`${runId} ${symbol}`);
        full.open();
        await live.opened;
        return await work.commit(async () => ({ output: {} }));
      },
    },
  });
  await importTestSymbols(rig.database, names);
  await rig.database.query("update symbols set enabled = true, priority = case when symbol in ('S10', 'S11') then 1 else 3 end");
  const run = (runId: string, symbols: string[], asOf?: string) =>
    rig.lab.start({ symbols, untilStage: 'collect', maxConcurrent: 50, ...(asOf === undefined ? {} : { asOf }) }, { runId });
  const past = `past-${rig.taskQueue}`;
  const today = `today-${rig.taskQueue}`;
  await run(past, names, '2026-01-01T00:00Z');
  await full.opened;
  await run(today, ['S01', 'S10']);
  // waits until both runs have put all their tasks into the queue
  await until(async () => {
    const children = await Promise.all(names.map((name) => openOf(rig.client, `${past}/${name}`)));
    const mine = await Promise.all(['S01', 'S10'].map((name) => openOf(rig.client, `${today}/${name}`)));
    return [...children, ...mine].every(Boolean);
  });
  live.open();
  await Promise.all([rig.lab.result(past), rig.lab.result(today)]);
  const rest = order.slice(1);
  expect(rest.slice(0, 2)).toEqual([`${today} S10`, `${today} S01`]);
  const urgent = order
    .filter((line) => line.startsWith(past))
    .slice(1)
    .filter((line) => /S1[01]$/.test(line));
  expect(rest.slice(2, 2 + urgent.length)).toEqual(urgent);
  await rig.close();
});

/** Whether a child has its activity in the queue. */
async function openOf(
  client: { workflow: { getHandle(id: string): { describe(): Promise<{ raw: { pendingActivities?: readonly unknown[] | null } }> } } },
  id: string,
): Promise<boolean> {
  return await client.workflow
    .getHandle(id)
    .describe()
    .then(
      ({ raw }) => (raw.pendingActivities ?? []).length > 0,
      () => false,
    );
}

it('two worker processes busy with a backfill do all live work first, and urgent tasks first in both kinds of run', async () => {
  const rig = await createRig({ worker: false });
  let asked = 0;
  const held = gate();
  const free = gate();
  const server = createServer((_, response) => {
    if (++asked === SLOTS) held.open();
    void free.opened.then(() => response.end('ok'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tasks = (name: string, count: number, urgent: number): PipelineInput['tasks'] =>
    Array.from({ length: count }, (_, n) => {
      // the urgent ones are the last of the graph
      const taskId = `${name}-${n < count - urgent ? 'usual' : 'urgent'}-${n}`;
      const priority = n < count - urgent ? 3 : 1;
      return { taskId, name: taskId, activity: 'httpGet', args: [{ url: `http://127.0.0.1:${port}/` }], priority };
    });
  const pending = async (runId: string) => ((await rig.client.workflow.getHandle(runId).describe()).raw.pendingActivities ?? []).length;
  const workers = await Promise.all([1, 2].map(() => spawnWorker(rig.env, undefined, ['--max-activities', String(SLOTS / 2)])));
  const ids = { past: `past-two-${rig.taskQueue}`, today: `today-two-${rig.taskQueue}` };
  const input = { symbols: [], maxConcurrent: 100 };
  await rig.lab.start({ ...input, tasks: tasks('past', 60, 8), asOf: '2026-01-01T00:00Z' }, { runId: ids.past });
  await held.opened;
  await rig.lab.start({ ...input, tasks: tasks('today', 16, 4) }, { runId: ids.today });
  await until(async () => (await pending(ids.past)) >= 60 && (await pending(ids.today)) >= 16);
  free.open();
  for (const runId of Object.values(ids)) expect((await rig.lab.result(runId)).result).toBe('success');

  // when the server gave each of them out: the worker that took one first may start it a little later
  const given: { at: number; task: string; worker: string }[] = [];
  for (const runId of Object.values(ids)) {
    const { events } = await rig.client.workflow.getHandle(runId).fetchHistory();
    const names = new Map(
      (events ?? []).map((event) => [String(event.eventId), event.activityTaskScheduledEventAttributes?.activityId ?? '']),
    );
    for (const { eventTime, activityTaskStartedEventAttributes: started } of events ?? []) {
      if (!started) continue;
      const at = Number(eventTime?.seconds) + (eventTime?.nanos ?? 0) / 1e9;
      given.push({ at, task: names.get(String(started.scheduledEventId)) ?? '', worker: started.identity ?? '' });
    }
  }
  const rest = given.sort((one, other) => one.at - other.at).slice(SLOTS);
  expect(rest.length).toBe(76 - SLOTS);
  expect(new Set(given.map(({ worker }) => worker)).size).toBe(2);
  const lastOf = (what: string) => rest.findLastIndex(({ task }) => task.startsWith(what));
  // what two workers take at the same instant may stand in any order
  expect(lastOf('today-urgent')).toBeLessThan(4 + SLOTS);
  expect(lastOf('today')).toBeLessThan(16 + SLOTS);
  expect(lastOf('past-urgent')).toBeLessThan(16 + 8 + SLOTS);
  for (const worker of workers) await kill(worker);
  await new Promise((resolve) => server.close(resolve));
  await rig.close();
});
