import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

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

it('the open workflows of a run are that of the run and one per symbol, from the moment it starts', async () => {
  const { runId } = await rig.lab.start({ symbols: SYMBOLS, untilStage: 'collect', maxConcurrent: 1 }, { runId: 'family' });
  const family = async () => (await rig.lab.deployments.familyOf(runId)).map(({ workflowId }) => workflowId);
  for (const symbol of SYMBOLS) {
    await gates.get(symbol)?.reached.opened;
    const child = `${runId}/${symbol}`;
    const [run, ...symbols] = await family();
    expect({ run, symbols }).toEqual({ run: runId, symbols: expect.arrayContaining([child]) });
    gates.get(symbol)?.goOn.open();
    // a run learns of a symbol's end some moments later
    await until(async () => !(await family()).includes(child));
  }
  await rig.lab.result(runId);
  expect(await family()).toEqual([]);
});

it('moving a workflow that has just ended to another build changes nothing and does not fail', async () => {
  const { runId } = await rig.run({ symbols: ['BBB'], untilStage: 'collect' });
  const { executionId } = (await rig.lab.describe(runId)) ?? { executionId: '' };
  const ended = { workflowId: runId, runId: executionId, type: 'pipeline' };
  expect(await rig.lab.deployments.move(ended, { name: 'desk', buildId: 'b' })).toBe(false);
});
