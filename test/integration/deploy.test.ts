import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentView } from '../../src/client/deployments/deployments.ts';
import type { Polling } from '../../src/client/deployments/polling.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { buildId } from '../../src/worker/build-id.ts';
import { type BuildCopy, copyBuild } from '../support/build-copy.ts';
import { type Answer, COMMAND, predictlab, predictlabHere } from '../support/command.ts';
import { type HeldTasks, holdTasks } from '../support/held-task.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker, type WorkerProcess } from '../support/worker-process.ts';

/** A custom task that ends at once; as many as asked for, one after the other. */
const tasks = (count = 1): PipelineInput => ({
  symbols: [],
  maxConcurrent: 1,
  tasks: Array.from({ length: count }, (_, n) => ({ taskId: `t${n}`, name: `t${n}`, activity: 'sleep', args: [{ duration: '1ms' }] })),
});

/** A symbol that waits for the task, and needs no venue: how it ends does not matter here. */
const withSymbol: PipelineInput = {
  ...tasks(),
  symbols: ['BTC_PRICE'],
  sourceTypes: ['file'],
  retry: { maxRetries: 0 },
  tasks: tasks().tasks?.map((task) => ({ ...task, runBefore: ['BTC_PRICE/collect'] })),
};

const versionsUp = ({ pollers }: Polling) => pollers.filter(({ up }) => up).map(({ version }) => version?.buildId);

/** More tasks than one execution takes on the test server, so the run continues as new. */
const LONG = 90;

describe('two builds on one queue', () => {
  let rig: Rig;
  let held: HeldTasks;
  let newer: BuildCopy;
  let broken: BuildCopy;
  let env: NodeJS.ProcessEnv;
  const workers: WorkerProcess[] = [];
  const builds = { old: '', new: '', source: buildId() };

  /** Runs `deploy`: in this process for the known build; in a process of its own for a replay and for other builds. */
  const deploy = async (build: BuildCopy | undefined, ...args: string[]): Promise<Answer> =>
    build === undefined && builds.old !== '' && args[0] !== 'check' && args[0] !== 'adopt'
      ? await predictlabHere(['deploy', ...args], { ...env, PREDICTLAB_BUILD_ID: builds.old })
      : await predictlab(['deploy', ...args], env, undefined, build?.command ?? COMMAND);
  const deployJson = async <T = Record<string, unknown>>(build: BuildCopy | undefined, ...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await deploy(build, ...args, '--json');
    expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: expect.not.stringContaining('predictlab:') });
    return JSON.parse(stdout) as T;
  };
  const startWorker = async (build?: BuildCopy): Promise<WorkerProcess> => {
    const worker = await spawnWorker(env, build?.command);
    workers.push(worker);
    return worker;
  };
  /** Builds that took part in a run's executions, from the first to the last. */
  const buildsOf = async (runId: string): Promise<readonly (string | undefined)[]> => {
    const all: (string | undefined)[] = [];
    const { raw: newest } = await rig.client.workflow.getHandle(runId).describe();
    // one after the other: Temporal's list comes some moments later
    for (let execution = newest.workflowExecutionInfo?.firstRunId; execution; ) {
      const handle = rig.client.workflow.getHandle(runId, execution);
      const { raw } = await handle.describe();
      all.push(raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined);
      const { events } = await handle.fetchHistory();
      execution = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    }
    return all;
  };
  /** Waits until Temporal's list knows of so many open runs of the newer build. */
  const counted = async (openRuns: number): Promise<void> => {
    const isSo = ({ versions }: DeploymentView): boolean =>
      versions.some((version) => version.buildId === builds.new && version.openRuns === openRuns);
    await until(async () => isSo(await deployJson<DeploymentView>(undefined, 'status')));
  };
  /** Starts a run that is paused until `resume`. */
  const paused = async (runId: string, input = tasks()): Promise<void> => {
    await rig.lab.start(
      {
        ...input,
        tasks: input.tasks
          ?.map((task) => ({ ...task, dependencies: task.taskId === 'first' ? [] : ['first'] }))
          .concat([{ ...held.task('first', { hold: runId }), name: 'first' }]),
      },
      { runId },
    );
    await rig.lab.pause(runId);
    held.release(runId);
  };
  const resumed = async (runId: string): Promise<string> => {
    await rig.lab.resume(runId);
    return (await rig.lab.result(runId)).result;
  };

  beforeAll(async () => {
    rig = await createRig();
    held = await holdTasks();
    env = { ...rig.env, PREDICTLAB_DEPLOYMENT: `test-${rig.taskQueue}`.slice(0, 60) };
    // one build has a changed constant, the other one a child workflow type that its histories contradict
    newer = await copyBuild([{ file: 'src/cli/terminal/print.js', from: '"ExitError"', to: '"ExitErrors"' }]);
    broken = await copyBuild([{ file: 'workflow-bundle.js', from: "'symbolPipeline'", to: "'symbolPipelines'" }]);
  });
  afterAll(async () => {
    for (const worker of workers) if (worker.process.exitCode === null) await kill(worker);
    await rig.close();
    await newer.close();
    await broken.close();
    await held.close();
  });

  it('the first build takes over the runs that unversioned workers started, once it is current', async () => {
    await paused('before');
    const old = await deployJson<{ thisBuild: string; current: null }>(undefined, 'status');
    builds.old = old.thisBuild;
    builds.new = (await deployJson<{ thisBuild: string }>(newer, 'status')).thisBuild;
    expect(builds.new).not.toBe(builds.old);
    expect(old).toMatchObject({ current: null, versions: [], unversioned: { openRuns: 1 }, troubles: [] });

    const none = await deploy(undefined, 'promote');
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining(`no worker of build ${builds.old} polls`) });
    await rig.worker?.shutdown();
    await startWorker();
    expect(await deployJson(undefined, 'promote')).toMatchObject({ current: builds.old, previous: null });
    expect(await resumed('before')).toBe('success');
    expect(await buildsOf('before')).toEqual([builds.old]);
  });

  it('a run stays on the build it started with, also after continue-as-new and in its symbols, and a canary gets new runs', async () => {
    await paused('long', tasks(LONG));
    await startWorker(newer);
    await deployJson(newer, 'canary', '--percent', '100');
    const ran = await rig.lab.start(tasks(), { runId: 'canary' });
    expect((await rig.lab.result(ran.runId)).result).toBe('success');
    expect(await buildsOf('canary')).toEqual([builds.new]);
    expect(await deployJson(newer, 'promote', '--first')).toMatchObject({ current: builds.old, previous: builds.old });
    expect(await deployJson(newer, 'promote')).toMatchObject({ current: builds.new, previous: builds.old });

    expect(await resumed('long')).toBe('success');
    const long = await buildsOf('long');
    expect(long.length).toBeGreaterThan(1);
    expect(new Set(long)).toEqual(new Set([builds.old]));

    // a symbol that needs no venue: how it ends does not matter here
    const input = path.join(rig.home, 'scheduled.json');
    await writeFile(input, JSON.stringify({ symbols: ['BTC_PRICE'], sourceTypes: ['file'], retry: { maxRetries: 0 } }));
    await predictlabHere(['schedule', 'create', '--id', `every-${rig.taskQueue}`, '--file', input], env);
    const { stdout } = await predictlabHere(['schedule', 'trigger', '--id', `every-${rig.taskQueue}`, '--json'], env);
    const { started } = JSON.parse(stdout) as { started: string };
    rig.started(started);
    await rig.lab.result(started).catch(() => undefined);
    expect(await buildsOf(started)).toEqual([builds.new]);
    expect(await buildsOf(`${started}/BTC_PRICE`)).toEqual([builds.new]);

    const history = JSON.parse((await predictlabHere(['config', 'history', '--json'], env)).stdout) as {
      version: number;
      runs: string[];
    }[];
    expect(history[0].runs).toEqual([started]);
    const { rows } = await rig.database.query(
      'select schedule_id, code, c.input from runs join configurations c on c.version = configuration where run_id = $1',
      [started],
    );
    expect(rows).toEqual([
      {
        schedule_id: `every-${rig.taskQueue}`,
        code: builds.new,
        input: { symbols: ['BTC_PRICE'], sourceTypes: ['file'], retry: { maxRetries: 0 } },
      },
    ]);
    const compared = await predictlabHere(['runs', 'compare', 'before', 'canary', '--json'], env);
    expect((JSON.parse(compared.stdout) as { configuration: unknown }).configuration).toContainEqual({
      path: 'code',
      before: builds.source,
      after: builds.new,
    });
    await predictlabHere(['schedule', 'delete', '--id', `every-${rig.taskQueue}`], env);
  });

  it('a canary at 50% gets some of the new runs, each run stays on its build, and a rollback fails no open run', async () => {
    await deployJson(undefined, 'promote');
    await deployJson(newer, 'canary', '--percent', '50');
    const ids = Array.from({ length: 24 }, (_, n) => `half-${n}`);
    // one of five runs waits until the canary is over
    const waiting = ids.filter((_, n) => n % 5 === 0);
    await Promise.all(ids.map(async (runId) => (waiting.includes(runId) ? paused(runId) : void (await rig.lab.start(tasks(), { runId })))));
    for (const runId of ids.filter((id) => !waiting.includes(id))) expect((await rig.lab.result(runId)).result, runId).toBe('success');
    const began = new Map(await Promise.all(ids.map(async (runId) => [runId, await buildsOf(runId)] as const)));
    const ofNew = [...began.values()].filter(([build]) => build === builds.new).length;
    // fewer than 4 of 24 by chance: once in 4,000 times, and the ids are the same each time
    expect(ofNew).toBeGreaterThanOrEqual(4);
    expect(ofNew).toBeLessThanOrEqual(20);

    const inFlight = waiting.filter((runId) => began.get(runId)?.[0] === builds.new).length;
    await counted(inFlight);
    const back = await deployJson<{ openRuns: number }>(newer, 'rollback');
    expect(back).toMatchObject({ current: builds.old, rolledBack: builds.new, openRuns: inFlight });
    for (const runId of waiting) expect(await resumed(runId), runId).toBe('success');
    for (const [runId, first] of began) expect(await buildsOf(runId), runId).toEqual(first);
    const after = await rig.lab.start(tasks(), { runId: 'after-half' });
    expect((await rig.lab.result(after.runId)).result).toBe('success');
    expect(await buildsOf('after-half')).toEqual([builds.old]);
    await deployJson(newer, 'promote');
  });

  it('one command rolls back while runs are open, and none of them fails', async () => {
    await Promise.all([...['one', 'two'].map((runId) => paused(runId)), paused('three', withSymbol)]);
    await counted(3);
    expect(await deployJson(undefined, 'rollback')).toMatchObject({ current: builds.old, rolledBack: builds.new, openRuns: 3 });
    const after = await rig.lab.start(tasks(), { runId: 'after' });
    expect((await rig.lab.result(after.runId)).result).toBe('success');
    expect(await buildsOf('after')).toEqual([builds.old]);
    for (const runId of ['one', 'two']) expect(await resumed(runId), runId).toBe('success');
    expect(await buildsOf('one')).toEqual([builds.new]);
  });

  it('another build continues the runs of a build without workers', async () => {
    await kill(workers[1]);
    expect(await deployJson(undefined, 'adopt', 'three')).toEqual({ adopted: ['three'], broken: [] });
    await rig.lab.resume('three');
    await rig.lab.result('three').catch(() => undefined);
    // a query may wait in vain for the killed worker until Temporal forgets that it was there
    await until(async () => (await rig.lab.status('three').catch(() => undefined))?.taskResults.t0?.status === 'success');
    // a symbol that started after the move
    expect(await buildsOf('three/BTC_PRICE')).toEqual([builds.old]);
  });

  it('a worker that was killed does not count as running for the rest of its poll', async () => {
    const workers = async (): Promise<number | undefined> => {
      const { versions } = await deployJson<DeploymentView>(undefined, 'status');
      return versions.find(({ buildId }) => buildId === builds.new)?.workers;
    };
    await expect.poll(workers, { timeout: 45_000, interval: 500 }).toBe(0);
    expect(versionsUp(await rig.lab.polling())).toEqual([builds.old]);
    // a poll lasts a minute
  }, 50_000);

  it('`deploy check` replays the stored histories, and names those that a build would break', async () => {
    const { code, stdout } = await deploy(undefined, 'check', '--last', '50', '--json');
    expect({ code, ...(JSON.parse(stdout) as object) }).toEqual({ code: 0, histories: expect.any(Number), broken: [] });
    const other = await deploy(broken, 'check', '--json');
    const answer = JSON.parse(other.stdout) as { histories: number; broken: { type: string; workflowId: string; reason: string }[] };
    expect(other.code).toBe(1);
    expect(answer.histories).toBeGreaterThan(answer.broken.length);
    expect(answer.broken.map(({ type }) => type)).toContain('pipeline');
    expect(answer.broken[0].reason).toMatch(/symbolPipelines?/);
  });

  it('a wrong use of `deploy` is reported in one sentence', async () => {
    for (const [args, said] of [
      [['canary', '--percent', '0'], '--percent 0: write a share above 0, up to 100'],
      [['canary', '--percent', '10'], `build ${builds.old} already gets every new run`],
      [['adopt'], 'name the runs, or a build with --build'],
      [['adopt', 'nobody'], 'there is no run nobody'],
      [['check', '--last', 'x'], '--last x: write a whole number'],
    ] as const) {
      const { code, stderr } = await deploy(undefined, ...args);
      expect({ code, stderr }, args.join(' ')).toEqual({ code: 2, stderr: expect.stringContaining(`predictlab: ${said}`) });
    }
    const named = await predictlabHere(['deploy', 'status'], { ...env, PREDICTLAB_DEPLOYMENT: 'a.b' });
    expect(named).toMatchObject({ code: 2, stderr: expect.stringContaining('PREDICTLAB_DEPLOYMENT="a.b": write up to 60 letters') });
  });
});
