import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdTasks } from '../support/held-task.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ env: { PREDICTLAB_PLUGINS: path.resolve(import.meta.dirname, '../plugins/threaded.mjs') } });
});
afterAll(() => rig.close());

const task = (taskId: string, activity: string, more: object = {}) => ({ taskId, activity, maxRetries: 0, ...more });

describe('custom tasks of a plugin', () => {
  it('run on a thread if the plugin requests it, and otherwise in the worker', async () => {
    const { result, taskResults } = await rig.run({
      symbols: [],
      tasks: [task('on', 'whoAmI', { args: [{ spin: 5 }] }), task('off', 'unthreaded', { dependencies: ['on'] })],
    });
    expect(result).toBe('success');
    const threadOf = (taskId: string) => (taskResults[taskId].output as { threadId: number }).threadId;
    expect(threadOf('on')).not.toBe(threadOf('off'));
  });

  it('are ended at their timeout when in an endless loop, and do not disturb other tasks', async () => {
    const { result, taskResults } = await rig.run({
      symbols: [],
      maxConcurrent: 5,
      tasks: [
        task('stuck', 'spinForEver', { timeout: '2s' }),
        task('neighbour', 'sleep', { args: [{ duration: '1s' }] }),
        task('after', 'whoAmI', { dependencies: ['neighbour'] }),
        task('never', 'whoAmI', { dependencies: ['stuck'] }),
      ],
    });
    expect(result).toBe('degraded');
    expect(taskResults.stuck).toMatchObject({ status: 'failed', attempts: 1, error: { type: 'TaskTimeout' } });
    expect(taskResults.neighbour).toMatchObject({ status: 'success', attempts: 1 });
    expect(taskResults.after).toMatchObject({ status: 'success', attempts: 1 });
    expect(taskResults.never).toMatchObject({ status: 'skipped', skippedBecause: 'stuck' });
  });

  it('are in the ledger at the end of the run, even if the database had lost them', async () => {
    const held = await holdTasks();
    const { runId, executionId } = await rig.lab.start({
      symbols: [],
      tasks: [task('first', 'sleep', { args: [{ duration: '1ms' }] }), held.task('second', { dependencies: ['first'] })],
    });
    // its row is written beside the run, which does not wait for it
    const lost = "delete from ledger where execution_id = $1 and task_id = 'first'";
    await until(async () => (await rig.database.query(lost, [executionId])).rowCount === 1);
    held.release('second');
    expect((await rig.lab.result(runId)).result).toBe('success');
    const { rows } = await rig.database.query('select task_id from ledger where execution_id = $1 order by 1', [executionId]);
    expect(rows.map(({ task_id }) => task_id)).toEqual(['first', 'second']);
    await held.close();
  });

  it('are not repeated when the ledger cannot be written', async () => {
    const posts = { '/once': 0, '/late': 0 };
    const server = createServer(({ url }, response) => {
      const post = ++posts[url as keyof typeof posts];
      response.statusCode = url === '/late' && post === 1 ? 503 : 200;
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // The first row of each task is refused; a sequence is not rolled back.
    await rig.database.query('create sequence refused_once; create sequence refused_late');
    await rig.database.query(`create function refuse_first() returns trigger language plpgsql as $$
      begin if nextval('refused_' || new.task_id) = 1 then raise exception 'the disk is full'; end if; return new; end $$`);
    await rig.database.query(`create trigger refuse_first before insert on ledger for each row when (new.task_id in ('once', 'late'))
      execute function refuse_first()`);
    const post = (taskId: string) =>
      task(taskId, 'httpPost', { args: [{ url: `http://127.0.0.1:${port}/${taskId}` }], maxRetries: 3, retryDelay: '10ms' });
    const { runId, executionId } = await rig.lab.start({ symbols: [], tasks: [post('once'), post('late')] });
    const { result, taskResults } = await rig.lab.result(runId);
    server.close();
    expect({ result, posts }).toEqual({ result: 'success', posts: { '/once': 1, '/late': 2 } });
    expect(taskResults.once).toMatchObject({ attempts: 1, output: { status: 200 } });
    expect(taskResults.late).toMatchObject({ attempts: 2, output: { status: 200 } });
    const { rows } = await rig.database.query('select task_id, output from ledger where execution_id = $1 order by task_id', [executionId]);
    expect(rows).toEqual(['late', 'once'].map((taskId) => ({ task_id: taskId, output: taskResults[taskId].output })));
  });

  it('fail with the error of their thread', async () => {
    const { taskResults } = await rig.run({
      symbols: [],
      tasks: [
        task('fails', 'fail', { maxRetries: 1, retryDelay: '10ms' }),
        task('unreachable', 'fail', { args: [{ code: 'ECONNRESET' }] }),
        task('circle', 'returnCircle', { maxRetries: 3 }),
        task('exits', 'exit'),
      ],
    });
    expect(taskResults.fails).toMatchObject({ status: 'failed', attempts: 2, error: { type: 'RangeError', message: 'out of range' } });
    expect(taskResults.fails.error?.stack).toContain('threaded.mjs');
    expect(taskResults.unreachable.error).toMatchObject({ type: 'SourceUnavailable' });
    expect(taskResults.circle).toMatchObject({ attempts: 1, error: { type: 'BadInput' } });
    expect(taskResults.exits.error?.message).toContain('the thread of exits ended while it ran');
  });

  it('are refused before the run when their arguments are wrong', async () => {
    await expect(rig.run({ symbols: [], tasks: [task('on', 'whoAmI', { args: [{ spins: 1 }] })] })).rejects.toMatchObject({
      message: expect.stringContaining('takes no spins'),
    });
  });
});
