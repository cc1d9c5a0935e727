import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { StageFunction } from '../../src/activities/stages/stage-work.ts';
import { PredictLab, RunEnded } from '../../src/client.ts';
import type { Log } from '../../src/contracts/log.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { Stage } from '../../src/contracts/words.ts';
import { dataConverterOf, isSealing } from '../../src/secrets/payload-codec.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { type RunningWorker, startWorker } from '../../src/worker/start-worker.ts';
import { testDatabase } from './postgres.ts';
import { silent } from './silent.ts';
import { unlessUnknown } from './temporal-errors.ts';
import { unhooked } from './unhooked.ts';

export interface RigOptions {
  /** More environment: the sandbox venue's addresses, plugins. */
  readonly env?: NodeJS.ProcessEnv;
  /** Stages of the test, in place of the shipped ones. */
  readonly stages?: Partial<Record<Stage, StageFunction>>;
  /** Longest wait before a retry that keeps its slot. @default 30 s */
  readonly longestWaitInSlotMs?: number;
  /** Receives the worker's log. @default nothing does */
  readonly log?: Log;
  /** Whether the worker serves metrics and health. @default false */
  readonly serve?: boolean;
  /** Tasks that the worker runs at once. @default 100 */
  readonly maxActivities?: number;
  /** Whether a worker runs in this process. @default true */
  readonly worker?: boolean;
}

/**
 * A worker, a database and a task queue for one test file, on the servers of the test run. The histories of everything started through `lab`
 * or `started` are fetched and replayed at `close`, children included; a workflow that is still open then fails the test.
 */
export interface Rig {
  readonly lab: PredictLab;
  readonly client: Client;
  readonly taskQueue: string;
  readonly database: Database;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly worker: RunningWorker | undefined;
  /** Starts a run and waits for its result, also when the run failed. */
  run(input: PipelineInput, runId?: string): Promise<PipelineResult>;
  /** Registers a workflow that was started by other means, so that it is replayed too. */
  started(workflowId: string): void;
  /** Histories of everything started so far, by workflow and Temporal run id. */
  histories(): Promise<ReadonlyMap<string, History>>;
  close(): Promise<void>;
}

let rigs = 0;

export async function createRig({
  env: more = {},
  stages,
  longestWaitInSlotMs,
  log = silent,
  serve = false,
  maxActivities,
  worker: withWorker = true,
}: RigOptions = {}): Promise<Rig> {
  const taskQueue = `test-${process.pid}-${Date.now().toString(36)}-${rigs++}`;
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-test-'));
  const { database, url, close: closeDatabase } = await testDatabase();
  const address = inject('temporalAddress');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    DATABASE_URL: url,
    PREDICTLAB_HOME: home,
    PREDICTLAB_TASK_QUEUE: taskQueue,
    // the tests' own servers listen on loopback
    PREDICTLAB_HTTP_ALLOW: '127.0.0.1,localhost,*',
    ...more,
  };
  const worker = withWorker
    ? await startWorker({
        env,
        log,
        taskQueue,
        workflowBundle: { codePath: bundleFor(env) },
        stages,
        longestWaitInSlotMs,
        maxActivities,
        serve,
      })
    : undefined;
  const lab = await PredictLab.connect({ env, taskQueue });
  const environment = await TestWorkflowEnvironment.createFromExistingServer({ address });
  const { client } = environment;
  const ids = new Set<string>();

  const start = lab.start.bind(lab);
  lab.start = async (input, options) => {
    const begun = await start(input, options);
    ids.add(begun.runId);
    return begun;
  };

  const histories = () => fetchHistories(client, ids);
  return {
    lab,
    client,
    taskQueue,
    database,
    home,
    env,
    worker,
    async run(input, runId) {
      const begun = await lab.start(input, runId === undefined ? {} : { runId });
      try {
        return await lab.result(begun.runId);
      } catch (error) {
        if (error instanceof RunEnded && error.partial !== undefined) return error.partial;
        throw error;
      }
    },
    started: (workflowId) => void ids.add(workflowId),
    histories,
    async close() {
      const left = await histories();
      try {
        await replay(left, env);
      } finally {
        await terminateOpen(client, left);
        await lab.close();
        await worker?.shutdown();
        await environment.teardown();
        await closeDatabase();
        await rm(home, { recursive: true, force: true });
      }
    },
  };
}

/** Terminates runs that a failed test left open: they would block their ids and occupy workers. */
async function terminateOpen(client: Client, histories: ReadonlyMap<string, History>): Promise<void> {
  for (const [key, history] of histories) {
    if (isClosed(history)) continue;
    const [workflowId, runId] = key.split(' ');
    // a child ends with its parent
    await client.workflow.getHandle(workflowId, runId).terminate('its test left it open').catch(unlessUnknown);
  }
}

/** Replays histories against the code of this test run. @throws when one does not fit, or is still open */
export async function replay(histories: ReadonlyMap<string, History>, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const open = [...histories].filter(([, history]) => !isClosed(history)).map(([id]) => id);
  if (open.length > 0) throw new Error(`still open at the end of the test: ${open.join(', ')}`);
  const all = [...histories].map(([id, history]) => ({ workflowId: id.split(' ')[0], history }));
  const how = { workflowBundle: { codePath: bundleFor(env) }, dataConverter: dataConverterOf(env, { forWorkflows: true }) };
  for await (const { workflowId, error } of Worker.runReplayHistories(how, unhooked(all))) {
    if (error !== undefined) throw new Error(`the history of ${workflowId} does not replay: ${error.message}`, { cause: error });
  }
}

/** The bundle that a worker with this environment runs. */
function bundleFor(env: NodeJS.ProcessEnv): string {
  const bundle = inject('workflowBundle');
  return isSealing(dataConverterOf(env)) ? bundle.replace(/\.js$/, '-sealed.js') : bundle;
}

/** The histories of the workflows, of every execution they continued in, and of their children. */
async function fetchHistories(client: Client, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, History>> {
  const found = new Map<string, History>();
  const wanted: { workflowId: string; runId?: string }[] = [];
  for (const workflowId of ids) {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    wanted.push({ workflowId, runId: raw.workflowExecutionInfo?.firstRunId ?? undefined });
  }
  for (let next = wanted.pop(); next !== undefined; next = wanted.pop()) {
    const key = `${next.workflowId} ${next.runId ?? ''}`;
    if (found.has(key)) continue;
    const history = await client.workflow.getHandle(next.workflowId, next.runId).fetchHistory();
    found.set(key, history);
    for (const event of history.events ?? []) {
      const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
      if (child?.workflowId && child.runId) wanted.push({ workflowId: child.workflowId, runId: child.runId });
      const continued = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (continued) wanted.push({ workflowId: next.workflowId, runId: continued });
    }
  }
  return found;
}

const CLOSING = /^workflowExecution(Completed|Failed|Canceled|Terminated|TimedOut|ContinuedAsNew)EventAttributes$/;
const isClosed = ({ events }: History): boolean => {
  const last = events?.at(-1);
  return last !== undefined && Object.entries(last).some(([key, value]) => value !== null && value !== undefined && CLOSING.test(key));
};
