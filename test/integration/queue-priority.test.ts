import { expect, it } from 'vitest';
import { queuePriority } from '../../src/scheduling/orders/queue-priority.ts';
import { createRig } from '../rig.ts';
import { gate, scriptedStages } from '../stages.ts';
import { importTestSymbols } from '../symbols.ts';

it('a backfill that fills the queue keeps no run of today waiting, and urgent symbols go first in both', async () => {
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
  // until both have put all of theirs into the queue
  for (;;) {
    const children = await Promise.all(names.map((name) => openOf(rig.client, `${past}/${name}`)));
    const mine = await Promise.all(['S01', 'S10'].map((name) => openOf(rig.client, `${today}/${name}`)));
    if ([...children, ...mine].every(Boolean)) break;
  }
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

it('is by the run first and by the symbol next', () => {
  const startedAt = 100 * 3_600_000;
  const key = (asOf: number, priority: number) => queuePriority({ asOf, startedAt, priority });
  expect([key(startedAt, 1), key(startedAt, 3), key(0, 2), key(0, 3)]).toEqual([1, 2, 4, 5]);
});
