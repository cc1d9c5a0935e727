import { afterAll, beforeAll, expect, it } from 'vitest';
import { PredictLab, RunEnded } from '../../src/client.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { listIncidents } from '../../src/incidents/rows/incidents.ts';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { unlessUnknown } from '../support/temporal-errors.ts';
import { until } from '../support/until.ts';

/** A run that is open until its gate opens. */
const LONG: PipelineInput = { symbols: ['AAA'], untilStage: 'collect' };
const gates = new Map<string, ReturnType<typeof gate>>();
const ROUNDS = 20;

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({
    stages: {
      ...scriptedStages(),
      collect: async ({ runId }, work) => {
        await gates.get(runId)?.opened;
        return await work.commit(async () => ({ output: {} }));
      },
    },
  });
  await importTestSymbols(rig.database);
});
afterAll(() => rig.close());

/** How a run began: undefined once it is open, else why it was refused. */
async function begun(runId: string): Promise<string | undefined> {
  let refused: string | undefined;
  void rig.lab.result(runId).catch((error: unknown) => {
    if (error instanceof RunEnded && error.how === 'invalid') refused = error.message;
  });
  await until(async () => refused !== undefined || (await rig.lab.status(runId).catch(() => undefined))?.totalTasks === 1);
  return refused;
}

const start = async (runId: string, exclusive = true): Promise<void> => {
  gates.set(runId, gate());
  await rig.lab.start(LONG, { runId, ...(exclusive ? { exclusive } : {}) });
};

async function ended(runId: string): Promise<void> {
  gates.get(runId)?.open();
  expect((await rig.lab.result(runId)).result).toBe('success');
}

it(`of two exclusive runs started at the same instant one starts, ${ROUNDS} times out of ${ROUNDS}`, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const ids = [`a-${round}`, `b-${round}`];
    await Promise.all(ids.map((runId) => start(runId)));
    const whys = await Promise.all(ids.map(begun));
    const open = ids.filter((_, n) => whys[n] === undefined);
    expect(open.length, `round ${round}: ${whys.join(' | ')}`).toBe(1);
    expect(whys.find((why) => why !== undefined)).toBe(
      `--exclusive: ${open[0]} is open; wait for its end (\`predictlab watch ${open[0]}\`), or cancel it`,
    );
    await ended(open[0]);
  }
}, 240_000);

it('of an exclusive and an ordinary run started at the same instant the ordinary one starts, and a refused run is never an incident', async () => {
  for (let round = 0; round < 5; round++) {
    const [alone, ordinary] = [`alone-${round}`, `ordinary-${round}`];
    await Promise.all([start(alone), start(ordinary, false)]);
    const [why, other] = await Promise.all([begun(alone), begun(ordinary)]);
    expect(other).toBeUndefined();
    if (why === undefined) await ended(alone);
    else expect(why).toContain(`${ordinary} is open`);
    await ended(ordinary);
  }
  expect(await listIncidents(rig.database, { open: false, limit: 10 })).toEqual([]);
});

it('the open run is named to an exclusive one, also with --detach, and the list of runs shows the refused run with its reason', async () => {
  const run = async (...more: string[]) =>
    await predictlabHere(['run', '--exclusive', '--detach', '--symbols', 'AAA', '--until', 'collect', ...more], rig.env);
  await start('open', false);
  expect(await begun('open')).toBeUndefined();
  // a waiting client may leave: the SDK asked again on the closed channel, which ended the process
  const other = await PredictLab.connect({ env: rig.env });
  const waiting = other.result('open');
  const how = waiting.then(
    () => 'ended',
    () => 'left',
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  await other.close();
  expect(await how).toBe('left');
  expect(await run()).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('--exclusive: open is open; wait for its end'),
  });
  await ended('open');
  // a terminated one has not reported its end to the database
  const terminated = async (runId: string): Promise<void> => {
    await start(runId, false);
    expect(await begun(runId)).toBeUndefined();
    // a run reports its tasks before their workflows have started
    await until(async () => await rig.client.workflow.getHandle(`${runId}/AAA`).terminate().catch(unlessUnknown));
    await rig.client.workflow.getHandle(runId).terminate();
  };
  await terminated('terminated-first');
  await start('by-a-program');
  expect(await begun('by-a-program')).toBeUndefined();
  await ended('by-a-program');
  gates.get('terminated-first')?.open();
  // Temporal's list of runs calls one open for some moments after it was ended
  for (let round = 0; round < 5; round++) {
    const [before, after] = [`terminated-${round}`, `after-${round}`];
    await terminated(before);
    expect(await run('--json', '--run-id', after)).toEqual({ code: 0, stdout: expect.stringContaining(`"${after}"`), stderr: '' });
    rig.started(after);
    await ended(after);
    gates.get(before)?.open();
  }
  const { rows } = await rig.database.query<{ count: number }>(
    `select count(*)::int as count from refused_runs where reasons->>0 like '--exclusive: %'`,
  );
  expect(rows[0].count).toBeGreaterThanOrEqual(ROUNDS);
});
