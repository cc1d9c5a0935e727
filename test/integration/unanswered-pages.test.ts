import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveUi, type Ui } from '../../src/ui/serve-ui.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker, type WorkerProcess } from '../support/worker-process.ts';

/** A run of which one task is done and another one goes on until it is cancelled. */
const INPUT = {
  symbols: [],
  tasks: [
    { taskId: 'quick', name: 'quick', activity: 'sleep', args: [{ duration: '1ms' }] },
    // a stopped worker still takes an attempt with each of its polls, and every one of them counts as lost
    { taskId: 'nap', name: 'nap', activity: 'sleep', args: [{ duration: '1h' }], dependencies: ['quick'], maxLostWorkers: 19 },
  ],
};

describe('the page of an open run that does not answer', () => {
  let rig: Rig;
  let ui: Ui;
  let worker: WorkerProcess;
  beforeAll(async () => {
    rig = await createRig({ worker: false });
    worker = await spawnWorker(rig.env);
    const { database, home, lab } = rig;
    ui = await serveUi({ database, home, lab: async () => lab, plan: async () => [], port: 0, log: silent });
  });
  afterAll(async () => {
    await ui?.close();
    if (worker !== undefined) await kill(worker);
    await rig?.close();
  });

  const get = async (path: string) => {
    const answer = await fetch(ui.address + path);
    return { status: answer.status, text: await answer.text() };
  };
  const startedRun = async (runId: string): Promise<string> => {
    await rig.lab.start(INPUT, { runId });
    await expect.poll(async () => (await get(`/runs/${runId}`)).text, { timeout: 60_000 }).toContain('nap: running');
    return `/runs/${runId}`;
  };
  /** Requests the changes of a page, each time those since the last request. */
  const followed = (page: string) => {
    let since = 0;
    return async (enough: (text: string) => boolean): Promise<string> => {
      for (let text = ''; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
        const answer = (await (await fetch(`${ui.address}${page}/events?since=${since}`)).json()) as { revision: number };
        since = answer.revision;
        text += JSON.stringify(answer);
        if (enough(text)) return text;
      }
    };
  };

  it.each(['stopped', 'killed'] as const)(
    'shows the last known state and why there is no newer one, and later continues: the worker was %s',
    async (how) => {
      const runId = `its-worker-is-${how}`;
      const page = await startedRun(runId);
      const watching = followed(page);
      await watching((text) => text.includes('nap: running'));
      // its row is written beside the run, which does not wait for it
      const written = `select 1 from ledger where run_id = $1 and task_id = 'quick'`;
      await until(async () => (await rig.database.query(written, [runId])).rowCount === 1);
      if (how === 'stopped') worker.process.kill('SIGSTOP');
      else await kill(worker);
      // the reader goes on: a page without one for ten seconds is forgotten, and with it the last answer
      const watched = watching((text) => text.includes('does not answer'));

      const opened = await get(page);
      expect(opened).toMatchObject({ status: 200, text: expect.stringContaining(`${runId} does not answer: `) });
      expect(opened.text).toContain('quick: success');
      expect(opened.text).toContain('this is what the database knows');
      expect(await get(`${page}/task?task=quick`)).toMatchObject({ status: 200, text: expect.stringContaining('success') });
      expect(await watched).toContain('this is its last known status');
      // what was seen of it is still known
      expect(await get(`${page}/task?task=nap`)).toMatchObject({ status: 200 });
      await expect.poll(() => ui.watched(), { timeout: 30_000 }).toBe(0);

      const later = followed(page);
      await later((text) => text.includes('this is what the database knows'));
      expect((await get(`${page}/task?task=nothing`)).text).toContain('does not answer');
      if (how === 'stopped') worker.process.kill('SIGCONT');
      else worker = await spawnWorker(rig.env);
      expect(await later((text) => text.includes('nap: running'))).toContain('Nothing has gone wrong so far');
      await rig.lab.cancel(runId);
      await rig.lab.result(runId).catch(() => undefined);
    },
    120_000,
  );

  it('shows what the database has of a run that Temporal has lost', async () => {
    await startedRun('found');
    await rig.database.query("update runs set run_id = 'lost' where run_id = 'found'");
    expect(await get('/runs/lost')).toMatchObject({ status: 200, text: expect.stringContaining('there is no such run: lost') });
    await rig.database.query("update runs set run_id = 'found' where run_id = 'lost'");
    await rig.lab.cancel('found');
    await rig.lab.result('found').catch(() => undefined);
  }, 60_000);
});
