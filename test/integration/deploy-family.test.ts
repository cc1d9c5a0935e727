import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../rig.ts';
import { gate, scriptedStages } from '../stages.ts';
import { importTestSymbols } from '../symbols.ts';

const SYMBOLS = ['AAA', 'BBB', 'CCC'];
const gates = new Map(SYMBOLS.map((symbol) => [symbol, { reached: gate(), goOn: gate() }]));

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({
    stages: scriptedStages(async ({ symbol }) => {
      const held = gates.get(symbol);
      held?.reached.open();
      await held?.goOn.opened;
    }),
  });
  await importTestSymbols(rig.database, SYMBOLS);
});
afterAll(() => rig.close());

it('the open executions of a run are known at once: a symbol from its begin to its end, and none after it', async () => {
  const { runId } = await rig.lab.start({ symbols: SYMBOLS, untilStage: 'collect', maxConcurrent: 1 }, { runId: 'family' });
  const family = async () => (await rig.lab.deployments.familyOf(runId)).map(({ workflowId }) => workflowId);
  for (const symbol of SYMBOLS) {
    await gates.get(symbol)?.reached.opened;
    expect(await family()).toEqual([runId, `${runId}/${symbol}`]);
    const child = rig.client.workflow.getHandle(`${runId}/${symbol}`);
    gates.get(symbol)?.goOn.open();
    await child.result();
    expect(await family()).not.toContain(`${runId}/${symbol}`);
  }
  await rig.lab.result(runId);
  expect(await family()).toEqual([]);
});

it('who moves an execution that has ended meanwhile moves nothing, and fails nothing', async () => {
  const [{ runId: execution }] = [await rig.client.workflow.getHandle('family').describe()];
  const ended = { workflowId: 'family', runId: execution, type: 'pipeline' };
  expect(await rig.lab.deployments.move(ended, { name: 'desk', buildId: 'b' })).toBe(false);
});
