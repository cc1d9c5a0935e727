import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { COMMANDS } from '../../src/cli/program.ts';
import { type Answer, COMMAND, predictlab, predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW } from '../support/sandbox-run.ts';
import { until } from '../support/until.ts';

let venue: SandboxVenue;
let rig: Rig;
const asOf = new Date(SANDBOX_NOW).toISOString();
/** Runs a command line in a separate process, as a user would. */
const call = (...args: string[]): Promise<Answer> => predictlab(args, rig.env);
/** Runs a command line in this process, for commands that only read. */
const ask = (...args: string[]): Promise<Answer> => predictlabHere(args, rig.env);
const json = (answer: Answer): never => JSON.parse(answer.stdout) as never;

beforeAll(async () => {
  venue = await startSandboxVenue({ now: SANDBOX_NOW });
  rig = await createRig({ env: venue.environment });
  await importSandboxSymbols(rig.database);
});
afterAll(async () => {
  await rig.close();
  await venue.close();
});

describe('predictlab run', () => {
  it('runs to the end, prints the result and the path of the report, and adds the run to the list of runs', async () => {
    const answer = await call('run', '--symbols', 'BTC_PRICE', 'RATE_CUT', '--days', '1', '--as-of', asOf, '--json');
    expect(answer).toMatchObject({ code: 0 });
    const result = json(answer) as { runId: string; result: string; totalTasks: number; report: string };
    rig.started(result.runId);
    expect(result).toMatchObject({ result: 'success', totalTasks: 12, report: expect.stringMatching(/index\.html$/) });
    const runs = json(await call('runs', '--json')) as { runId: string }[];
    expect(runs[0]).toMatchObject({ runId: result.runId, result: 'success', totalTasks: 12, statusBreakdown: { success: 12 } });
    expect(json(await ask('report', result.runId, '--json'))).toEqual({ path: result.report });
    expect((await ask('status', result.runId)).stdout).toContain('BTC_PRICE');
    expect((await ask('why', result.runId, 'BTC_PRICE/store')).stdout).toContain('BTC_PRICE/store');
    expect((await ask('why', result.runId, 'BTC_PRICE')).stdout).toMatch(/^BTC_PRICE\/visualize succeeded/);
    expect((await ask('why', result.runId, 'BTC_PRICE/shop')).code).toBe(2);
  });

  it('prints a summary for people: the verdict first, then the path of the report', async () => {
    const answer = await call('run', '--symbols', 'RATE_CUT', '--days', '1', '--as-of', asOf, '--until', 'store', '--run-id', 'people');
    rig.started('people');
    expect(answer.code).toBe(0);
    expect(answer.stdout).toMatch(/^people {2}● success {2}3 tasks: 3 succeeded/);
    expect(answer.stdout).toContain('report');
    expect(answer.stderr).toContain('3/3 tasks');
    expect(answer.stderr).not.toContain('another database');
    expect(answer.stderr).toMatch(/^RATE_CUT {2}● success in /m);
  });

  it('starts a run and returns at once with --detach, after a warning when the worker has another database', async () => {
    const options = ['--symbols', 'RATE_CUT', '--days', '1', '--as-of', asOf, '--until', 'collect', '--detach', '--json'];
    const home = path.join(rig.home, 'another');
    const answer = await predictlab(['run', ...options], { ...rig.env, DATABASE_URL: '', PREDICTLAB_HOME: home });
    expect(answer.stderr).toContain(`another database than this command (the embedded one of ${home})`);
    expect(existsSync(home)).toBe(false);
    const { runId } = json(answer) as { runId: string };
    rig.started(runId);
    const watched = await call('watch', runId, '--json');
    expect(json(watched)).toMatchObject({ runId, result: 'success' });
  });

  it('exits with code 2 and all problems of a wrong input, before anything runs', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-cli-'));
    const file = path.join(folder, 'pipeline.json');
    await writeFile(file, JSON.stringify({ symbols: ['BTC_PRISE'], intervals: ['7m'], tasks: [{ taskId: 'x', activity: 'httpGit' }] }));
    const answer = await call('run', '--file', file, '--run-id', 'wrong');
    expect(answer.code).toBe(2);
    expect(await rig.lab.describe('wrong')).toBeUndefined();
    for (const part of ['BTC_PRISE', 'BTC_PRICE', '7m', 'httpGit', 'httpGet']) expect(answer.stderr).toContain(part);
  });

  it('exits with code 2 and the name of an input file that does not exist or is not JSON', async () => {
    const missing = await call('run', '--file', 'nowhere.json');
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere.json') });
  });

  it('exits with code 3 and one sentence when no server answers: which address failed, and what to start', async () => {
    const answer = await predictlab(['run'], { ...rig.env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(answer.code).toBe(3);
    expect(answer.stderr.trim().split('\n')).toHaveLength(1);
    expect(answer.stderr).toContain('127.0.0.1:1');
    expect(answer.stderr).toContain('predictlab dev');
  });

  it('exits with code 1 and the result when nothing succeeded, and with --strict also when only a part did', async () => {
    const gone = { taskId: 'gone', activity: 'httpGet', args: [{ url: `${venue.environment.POLYMARKET_GAMMA_URL}/nowhere` }] };
    const nap = { taskId: 'nap', activity: 'sleep', args: [{ duration: '1ms' }] };
    const run = async (runId: string, tasks: readonly unknown[], ...options: string[]): Promise<Answer> => {
      const file = path.join(rig.home, `${runId}.json`);
      await writeFile(file, JSON.stringify({ symbols: [], tasks }));
      rig.started(runId);
      return await call('run', '--file', file, '--run-id', runId, '--json', ...options);
    };
    const [none, some, strict] = await Promise.all([run('none', [gone]), run('some', [gone, nap]), run('strict', [gone, nap], '--strict')]);
    expect(none.code).toBe(1);
    expect(json(none)).toMatchObject({ runId: 'none', result: 'failed', statusBreakdown: { failed: 1 }, report: expect.any(String) });
    expect(some.code).toBe(0);
    expect(json(some)).toMatchObject({ result: 'degraded' });
    expect(strict.code).toBe(1);
    expect(json(strict)).toMatchObject({ result: 'degraded' });
    const listed = json(await ask('runs', '--json')) as { runId: string; result: string }[];
    expect(listed.find(({ runId }) => runId === 'none')).toMatchObject({ result: 'failed' });
  });

  it('exits with code 1 when the run is cancelled', async () => {
    venue.setFaults({ slow: 1, slowMs: 60_000 });
    const running = call('run', '--symbols', 'BTC_PRICE', '--days', '1', '--as-of', asOf, '--refetch', '--run-id', 'cut', '--json');
    await until(async () => (await rig.lab.describe('cut')) !== undefined);
    rig.started('cut');
    const cancelling = await call('cancel', 'cut');
    expect(cancelling.code, cancelling.stderr).toBe(0);
    const answer = await running;
    venue.setFaults({});
    expect(answer.code, answer.stderr).toBe(1);
    expect(json(answer)).toMatchObject({ result: 'cancelled', statusBreakdown: { running: 0, pending: 0 } });
  });
});

describe('a run that ended without recording how', () => {
  /** Waits until Temporal lists the run as ended, which happens some moments after its end. */
  const listed = async (runId: string) =>
    await until(async () => {
      const runs = json(await ask('runs', '--json')) as { runId: string; result: string | null }[];
      return runs.find((run) => run.runId === runId && run.result !== null);
    });

  it('is shown as failed from the time at which it was closed, after it was terminated', async () => {
    venue.setFaults({ slow: 1, slowMs: 1_000 });
    await rig.lab.start({ symbols: ['BTC_PRICE'], daysBack: 1, asOf, refetch: true }, { runId: 'terminated' });
    await until(async () => (await rig.lab.status('terminated')).statusBreakdown.running > 0);
    await rig.client.workflow.getHandle('terminated').terminate('for the test');
    venue.setFaults({});
    expect(json(await ask('status', 'terminated', '--json'))).toMatchObject({
      finishedAt: expect.stringMatching(/Z$/),
      progress: 1,
      statusBreakdown: { running: 0, pending: 0, cancelled: 6 },
    });
    expect((await ask('why', 'terminated', 'BTC_PRICE/collect')).stdout).toContain('ended from outside (terminated)');
    expect(await listed('terminated')).toMatchObject({ result: 'failed', finishedAt: expect.stringMatching(/Z$/) });
    const { path: page } = json(await ask('report', 'terminated', '--json')) as { path: string };
    expect(await readFile(page, 'utf8')).toContain('run terminated was ended from outside');
    expect(await listed('terminated')).toMatchObject({ result: 'failed', totalTasks: 6, statusBreakdown: { cancelled: 6 } });
    const paused = await ask('pause', 'terminated');
    expect(paused).toMatchObject({ code: 2, stderr: expect.stringContaining('run terminated is closed (terminated)') });
  });

  it('is in the list of runs when its input was refused, with the reason', async () => {
    await rig.lab.start({ symbols: ['NO_SUCH'] }, { runId: 'refused' });
    await expect(rig.lab.result('refused')).rejects.toMatchObject({ how: 'invalid' });
    expect(await listed('refused')).toMatchObject({ result: 'failed', totalTasks: null });
    expect((await ask('why', 'refused', 'NO_SUCH/collect')).stdout).toMatch(/^the run ended before any task started: .*NO_SUCH.*\n$/);
    expect((await ask('status', 'refused')).stderr).toContain('unknown symbol "NO_SUCH"');
  });
});

describe('a run that no worker takes', () => {
  it('is reported as waiting for a worker by `run` and every query, and watching it can be stopped', async () => {
    const env = { ...rig.env, PREDICTLAB_TASK_QUEUE: `${rig.taskQueue}-deserted` };
    const running = predictlab(['run', '--symbols', 'RATE_CUT', '--run-id', 'deserted'], env);
    await until(async () => (await rig.lab.describe('deserted')) !== undefined);
    const paused = await predictlab(['pause', 'deserted'], env);
    expect(paused).toMatchObject({ code: 3, stderr: expect.stringContaining(`no worker polls task queue "${rig.taskQueue}-deserted"`) });
    const watching = spawn(process.execPath, [COMMAND, 'watch', 'deserted'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    await new Promise<void>((resolve) =>
      watching.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('does not answer')) resolve();
      }),
    );
    watching.kill('SIGINT');
    const [code] = (await once(watching, 'close')) as [number];
    expect(code).toBe(130);
    expect(said.trimEnd().split('\n').at(-1)).toBe('predictlab: stopped watching; deserted continues: `predictlab watch deserted`');
    await rig.client.workflow.getHandle('deserted').terminate();
    expect((await running).stderr).toContain('deserted waits: no worker polls task queue');
  });
});

describe('output whose reader stops reading', () => {
  it('is not an error', async () => {
    const child = spawn(process.execPath, [COMMAND, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = await once(child, 'close');
    expect({ code, said }).toEqual({ code: 0, said: '' });
  });
});

describe('a wrong command line', () => {
  it.each([
    [['rnu'], 'run'],
    [['run', '--simbols', 'A'], '--simbols'],
    [['status'], 'run'],
    [['status', 'no-such-run'], 'no-such-run'],
    [['retry', 'no-such-run'], 'no-such-run'],
    [['slots', 'x', 'many'], 'many'],
    [['runs', '--limit', 'all'], 'all'],
    [['schedule', 'show', '--id', 'nobody'], 'nobody'],
    [['schedule', 'create', '--id', '', '--until', 'collect'], '"" is not a valid id of a schedule'],
    [['schedule', 'create', '--id', 'x'.repeat(2_000), '--until', 'collect'], 'this has 2000'],
    [['schedule', 'create', '--catchup-window=-5m', '--until', 'collect'], 'at least 10s'],
    [['schedule', 'create', '--catchup-window', '0', '--until', 'collect'], 'at least 10s'],
    [['run', '--run-id', ''], '"" is not a valid id of a run'],
    [['run', '--run-id', 'x'.repeat(2_000)], 'this has 2000'],
    [['run', '--days', '0'], 'from 0.042 (an hour) to 3650'],
    [['symbols', 'add', 'S'.repeat(300), '--polymarket', 'slug=x'], 'at most 128 letters'],
    [['import', 'ticks', 'none.csv', '--symbol', 'S'.repeat(300)], 'at most 128 letters'],
    [['schedule', 'backfill', '--from', 'then', '--to', 'now'], 'then'],
  ])('ends with exit code 2 and the wrong part: %j', async (args, part) => {
    const answer = await ask(...args);
    expect(answer).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(part) });
    expect(answer.stderr.length).toBeLessThan(400);
  });
});

describe('every command', () => {
  it('has a --help that exits with 0', async () => {
    for (const { name } of COMMANDS) expect({ name, ...(await ask(name, '--help')) }).toMatchObject({ name, code: 0, stderr: '' });
  });
});

describe('tab completion', () => {
  it('offers ids of runs and symbols in bash, read from the database that is running', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-tab-'));
    await symlink(COMMAND, path.join(folder, 'predictlab'));
    await writeFile(path.join(folder, 'script'), (await ask('completion', 'bash')).stdout);
    const env = { ...rig.env, PATH: `${folder}:${process.env.PATH}` };
    const at = (line: string): string =>
      execFileSync(
        'bash',
        ['--norc', '-c', `source ${folder}/script; COMP_LINE='${line}'; COMP_POINT=${line.length}; _predictlab; echo "\${COMPREPLY[@]}"`],
        { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      ).trim();
    expect(at('predictlab status termi')).toBe('terminated');
    expect(at('predictlab run --symbols RATE')).toBe('RATE_CUT');
  });
});
