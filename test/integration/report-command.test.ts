import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import { endRun, recordRunStart } from '../../src/storage/runs/runs.ts';
import { resultOf, sampleConfig } from '../report/sample-run.ts';
import { type Answer, predictlabHere } from '../support/command.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';

const RUN = 'pipeline-2026-11-24T08:00Z';
const EXECUTION = '0199aaaa-0000-7000-8000-000000000001';

describe('predictlab report', () => {
  let test: TestDatabase;
  let home: string;
  const call = (...args: string[]): Promise<Answer> =>
    // a server that somebody runs here knows other runs
    predictlabHere(['report', ...args], { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_URL: test.url, PREDICTLAB_HOME: home });

  beforeAll(async () => {
    test = await testDatabase();
    home = await mkdtemp(path.join(tmpdir(), 'predictlab-report-'));
    const config = { ...sampleConfig(['RAIN']), tasks: [] };
    const run = { input: {}, config, startedAt: config.asOf };
    await recordRunStart(test.database, { ...run, runId: RUN, executionId: EXECUTION });
    const tasks = { 'RAIN/collect': { status: 'failed' as const, attempts: 4, error: { type: 'SourceUnavailable', message: '503' } } };
    await endRun(test.database, { executionId: EXECUTION, result: resultOf(tasks, { runId: RUN, result: 'failed' }) });
    await recordRunStart(test.database, { ...run, runId: 'still-open', executionId: 'x' });
  });
  afterAll(async () => {
    await test.close();
    await rm(home, { recursive: true, force: true });
  });

  it('rebuilds a report that is missing on this machine, and prints its path', async () => {
    const answer = await call(RUN, '--json');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(answer.stdout)).toEqual({ path: runReportPath(home, RUN) });
    expect(existsSync(runReportPath(home, RUN))).toBe(true);
  });

  it('also accepts the Temporal run id', async () => {
    expect((await call(EXECUTION)).stdout).toBe(`${runReportPath(home, RUN)}\n`);
  });

  it('writes every chart as a picture, and refuses a path that is not a folder in one sentence', async () => {
    const folder = path.join(home, 'charts');
    const answer = await call(RUN, '--png', folder, '--svg', folder, '--json');
    expect(answer).toMatchObject({ code: 0, stderr: '' });
    const { pictures } = JSON.parse(answer.stdout) as { pictures: string[] };
    for (const file of pictures) expect(existsSync(file)).toBe(true);
    await writeFile(path.join(home, 'taken'), '');
    const refused = await call(RUN, '--png', path.join(home, 'taken', 'in'));
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('name a folder') });
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(await call(RUN, '--png', '')).toMatchObject({ code: 2, stderr: expect.stringContaining('it was empty') });
  });

  it('connects to no service when the report exists', async () => {
    await writeFile(runReportPath(home, RUN), 'as it was');
    const offline = await predictlabHere(['report', RUN], {
      ...process.env,
      DATABASE_URL: 'postgresql://127.0.0.1:1/none',
      PREDICTLAB_HOME: home,
    });
    expect(offline).toMatchObject({ code: 0, stdout: `${runReportPath(home, RUN)}\n` });
  });

  it('states what to do when the run is unknown or has not ended', async () => {
    expect(await call('nobody')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('predictlab runs') });
    expect(await call('still-open')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('predictlab status still-open'),
    });
  });

  it('ends with exit code 3 when neither the report nor the database is available', async () => {
    const offline = await predictlabHere(['report', 'elsewhere'], {
      ...process.env,
      DATABASE_URL: 'postgresql://127.0.0.1:1/none',
      PREDICTLAB_HOME: home,
    });
    expect(offline).toMatchObject({ code: 3, stderr: expect.stringContaining('127.0.0.1:1') });
  });
});
