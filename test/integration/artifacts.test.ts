import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';

let server: S3Server;
let rig: Rig;
/** The home folder of another machine, which shares only the store and the database with the worker. */
let elsewhere: string;
let elsewhereEnv: NodeJS.ProcessEnv;
beforeAll(async () => {
  server = await startS3Server('/desk');
  rig = await createRig({ env: server.env });
  elsewhere = await mkdtemp(path.join(tmpdir(), 'predictlab-elsewhere-'));
  elsewhereEnv = { ...rig.env, PREDICTLAB_HOME: elsewhere };
});
afterAll(async () => {
  await rig.close();
  await server.close();
  await rm(elsewhere, { recursive: true, force: true });
});

it('a run loses no artifact while the store is unavailable; another machine can then read its log and restore its backup', async () => {
  await server.stop();
  const task = { taskId: 'rest', activity: 'sleep', args: [{ duration: '10ms' }] };
  const runId = `artifacts-${process.pid}`;
  expect((await rig.run({ symbols: [], tasks: [task] }, runId)).taskResults.rest).toMatchObject({ status: 'success' });
  const here = await predictlabHere(['logs', runId], rig.env);
  expect(here.stdout).toMatch(/rest 1: /);
  expect(here.stderr).toMatch(/only the lines of this machine are printed/);
  const doctor = JSON.parse((await predictlabHere(['doctor', '--json'], rig.env)).stdout) as { checks: { name: string }[] };
  expect(doctor.checks.find(({ name }) => name === 'artifact store')).toMatchObject({
    status: 'warn',
    detail: expect.stringMatching(/refused or did not answer/),
    action: expect.stringMatching(/nothing is lost: [1-9][0-9]* files? of/),
  });

  await server.start();
  await rig.worker!.shutdown();
  const there = await predictlabHere(['logs', runId], elsewhereEnv);
  expect(there.stdout).toBe(here.stdout);
  expect(there.stderr).toBe('');

  const file = path.join(rig.home, 'desk-1.backup');
  expect(await predictlabHere(['backup', file], rig.env)).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/no copy/) });
  const missing = await predictlabHere(['restore', 'desk-2.backup'], elsewhereEnv);
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/neither here nor in the store; http.* has desk-1\.backup/) });
  const restored = await predictlabHere(['restore', 'desk-1.backup', '--replace'], elsewhereEnv);
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringMatching(/restored, verified/) });
});
