import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PredictLab } from '../../src/client.ts';
import type { ProcessRecord } from '../../src/processes/process-record.ts';
import { stopProcess } from '../../src/set-up/processes/child-process.ts';
import { freePort } from '../../src/set-up/temporal/free-port.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { COMMAND } from '../support/command.ts';
import { holdTasks } from '../support/held-task.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { silent } from '../support/silent.ts';
import { until } from '../support/until.ts';

let home: string;
let storage: TestDatabase;
let dev: Dev | undefined;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'predictlab-dev-'));
  storage = await testDatabase();
});
afterEach(async () => {
  if (dev !== undefined) await stopProcess(dev.child);
  await storage.close();
  await rm(home, { recursive: true, force: true });
});

interface Dev {
  readonly child: ChildProcess;
  /** What `--json` printed. */
  readonly ready: { readonly address: string; readonly workerLog: string };
  /** Resolves with the first match in what it says on standard error. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** The record of `dev` of what it has started. */
  record(): Promise<ProcessRecord>;
}

/** Starts `predictlab dev`; resolves once everything is up. */
async function startDev(more: NodeJS.ProcessEnv = {}): Promise<Dev> {
  const env = {
    ...process.env,
    TEMPORAL_CLI: await findTemporalCli({ env: process.env, home: path.resolve('.predictlab'), log: silent }),
    DATABASE_URL: storage.url,
    PREDICTLAB_HOME: home,
    // tasks are held by a server of the test
    PREDICTLAB_HTTP_ALLOW: '127.0.0.1,localhost',
    ...more,
  };
  const child = spawn(process.execPath, [COMMAND, 'dev', '--headless', '--json', '--port', String(await freePort())], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const heard = new Set<() => void>();
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    for (const listener of heard) listener();
  });
  const gone = new Promise<never>((_, reject) => child.once('close', (code) => reject(new Error(`dev ended with ${code}: ${said}`))));
  gone.catch(() => undefined);
  const says = (pattern: RegExp) =>
    Promise.race([
      gone,
      new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          const match = pattern.exec(said);
          if (match === null) return;
          heard.delete(look);
          resolve(match);
        };
        heard.add(look);
        look();
      }),
    ]);
  const printed = new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())));
  const ready = JSON.parse(await Promise.race([printed, gone])) as Dev['ready'];
  const record = async () => {
    const folder = path.join(home, 'processes');
    const [file] = await readdir(folder);
    return JSON.parse(await readFile(path.join(folder, file), 'utf8')) as ProcessRecord;
  };
  return { child, ready, says, record };
}

const pidOf = ({ children }: ProcessRecord, marker: RegExp): number => children.find((child) => marker.test(child.marker))!.pid;

test('dev restarts its worker and its Temporal server when they are killed, and a run in progress continues', {
  timeout: 120_000,
}, async () => {
  dev = await startDev();
  const { ready, says, record, child } = dev;
  const before = await record();
  const lab = await PredictLab.connect({ env: { TEMPORAL_ADDRESS: ready.address } });
  const held = await holdTasks();
  const { runId } = await lab.start({ symbols: [], tasks: [held.task('one'), held.task('two', { dependencies: ['one'] })] });
  const untilRuns = (taskId: string) => until(async () => (await lab.status(runId)).taskResults[taskId]?.status === 'running');

  await untilRuns('one');
  process.kill(pidOf(before, /worker/), 'SIGKILL');
  await says(/^the worker ended by SIGKILL; its log: \S+\/worker-\d+\.log; it is started again in 1 s$/m);
  await says(/^the worker is up again$/m);

  held.release('one');
  await untilRuns('two');
  process.kill(pidOf(before, /start-dev/), 'SIGKILL');
  await says(/^the Temporal dev server ended by SIGKILL; its log: \S+\/temporal-\d+\.log; it is started again in 1 s$/m);
  await says(/^the Temporal dev server is up again$/m);

  held.release('two');
  expect(await lab.result(runId)).toMatchObject({ result: 'success', statusBreakdown: { success: 2 } });
  await lab.close();
  await held.close();
  // a clean-up after a killed dev must find the processes that run now; both workers write to one log
  const after = await record();
  expect(after).toMatchObject({ pid: before.pid, address: ready.address });
  for (const marker of [/worker/, /start-dev/]) expect(pidOf(after, marker)).not.toBe(pidOf(before, marker));
  expect((await readFile(ready.workerLog, 'utf8')).match(/"worker ready"/g)).toHaveLength(2);

  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(await readdir(path.join(home, 'processes'))).toEqual([]);
});

test('of two dev commands started at the same instant with one home, one runs and the other reports it in one sentence', {
  timeout: 60_000,
}, async () => {
  const started = await Promise.allSettled([startDev(), startDev()]);
  for (const start of started) if (start.status === 'fulfilled') dev = start.value;
  const refused = started.flatMap((start) => (start.status === 'rejected' ? [(start.reason as Error).message] : []));
  expect(refused).toEqual([
    expect.stringMatching(
      /^dev ended with 1: predictlab: predictlab dev already runs on \S+ \(pid \d+, (starting|Temporal \S+)\); use it, .*\n$/,
    ),
  ]);
  expect(await readdir(path.join(home, 'processes'))).toHaveLength(1);
});

const OTHER_USER = 65_534;

test.skipIf(process.getuid?.() !== 0)(
  'another user of the machine gets no file, no variable and no private host through dev (needs root for a second user)',
  { timeout: 120_000 },
  async () => {
    const planted = 'planted-secret-of-the-desk-4711';
    dev = await startDev({ AWS_SECRET_ACCESS_KEY: planted, PREDICTLAB_HTTP_ALLOW: '*' });
    const received: string[] = [];
    const sink = createServer((request, answer) => {
      request.on('data', (chunk: Buffer) => received.push(chunk.toString()));
      answer.end();
    });
    await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
    try {
      // gRPC has no user accounts, so a run that this process starts looks like one of another user.
      const lab = await PredictLab.connect({ env: { TEMPORAL_ADDRESS: dev.ready.address } });
      const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/`;
      const post = (taskId: string, body: unknown) => ({ taskId, activity: 'httpPost', args: [{ url, body }], maxRetries: 0 });
      const variable = await lab.start({ symbols: [], tasks: [post('variable', { $env: 'AWS_SECRET_ACCESS_KEY' })] as never });
      await expect(lab.result(variable.runId)).rejects.toThrow(/PREDICTLAB_ENV_ALLOW/);
      const host = await lab.start({ symbols: [], tasks: [post('host', 'hello')] as never });
      await lab.result(host.runId).catch(() => undefined);
      const { taskResults } = await lab.status(host.runId);
      expect(taskResults.host).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(/PREDICTLAB_HTTP_ALLOW/) } });
      expect(received).toEqual([]);
      await lab.close();
      const { children } = await dev.record();
      const reads = [
        `ls -R ${home}`,
        `cat ${home}/*/*`,
        ...children.map(({ pid }) => `cat /proc/${pid}/environ`),
        `cat ${dev.ready.workerLog}`,
      ];
      for (const read of reads) {
        const { status, stdout, stderr } = spawnSync('sh', ['-c', read], { uid: OTHER_USER, gid: OTHER_USER, encoding: 'utf8', cwd: '/' });
        expect([read, status === 0, stdout.includes(planted)]).toEqual([read, false, false]);
        expect(stderr).toMatch(/Permission denied/);
      }
    } finally {
      await new Promise((resolve) => sink.close(resolve));
    }
  },
);
