import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEnded } from '../../src/client.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import type { PipelineStatus } from '../../src/contracts/run/pipeline-status.ts';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import { listRuns } from '../../src/storage/runs/runs.ts';
import { statusQuery, statusSinceQuery, whyQuery } from '../../src/workflows/handlers.ts';
import { MAX_QUERY_LENGTH } from '../../src/workflows/run/prepare-run.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { gate, type Script, scriptedStages } from '../support/stages.ts';
import { importTestSymbols } from '../support/symbols.ts';
import { until } from '../support/until.ts';

let rig: Rig;
/** What the stages do, by run id: tests run one after another on one worker. */
const scripts = new Map<string, Script>();
const seen: string[] = [];

beforeAll(async () => {
  rig = await createRig({
    stages: scriptedStages(async (call) => {
      seen.push(`${call.taskId}#${call.attempt}`);
      for (const script of scripts.values()) await script(call);
    }),
    longestWaitInSlotMs: 2_000,
  });
  await importTestSymbols(rig.database);
});
afterAll(() => rig.close());

/** Runs with a script for this test only. */
async function scripted<T>(script: Script, work: () => Promise<T>): Promise<T> {
  const key = String(scripts.size);
  scripts.set(key, script);
  seen.length = 0;
  try {
    return await work();
  } finally {
    scripts.delete(key);
  }
}

async function untilStatus(runId: string, holds: (status: PipelineStatus) => boolean): Promise<PipelineStatus> {
  return await until(async () => {
    const status = await rig.lab.status(runId);
    return holds(status) && status;
  });
}

/** Collect stages that report when they start, and then wait. */
function heldCollects() {
  const reached = gate();
  const proceed = gate();
  const script: Script = async (call) => {
    if (call.stage !== 'collect') return;
    reached.open();
    await proceed.opened;
  };
  return { reached, proceed, script };
}

const failing =
  (taskId: string, error: () => Error): Script =>
  (call) => {
    if (call.taskId === taskId) throw error();
  };
const refused = () => new PredictLabError('BadInput', 'the file is empty');
const ended = async (runId: string): Promise<RunEnded> =>
  await rig.lab.result(runId).then(
    () => Promise.reject(new Error('it succeeded')),
    (error) => error as RunEnded,
  );

describe('a run', () => {
  it('takes every enabled symbol through every stage in order, with {} as its input', async () => {
    const result = await scripted(
      () => undefined,
      () => rig.run({}),
    );
    expect(result).toMatchObject({ result: 'success', totalTasks: 12, completedTasks: 12, progress: 1, reasons: [] });
    expect(Object.keys(result.taskResults)).toHaveLength(12);
    expect(result.taskResults['AAA/kline']).toMatchObject({ status: 'success', attempts: 1, output: { symbol: 'AAA' } });
    const order = seen.filter((task) => task.startsWith('AAA')).map((task) => task.split(/[/#]/)[1]);
    expect(order).toEqual(['collect', 'clean', 'store', 'kline', 'backtest', 'visualize']);
    expect(await listRuns(rig.database, 1)).toMatchObject([{ runId: result.runId, result: 'success', totalTasks: 12 }]);
  });

  it('stops after untilStage, and answers queries for status, graph and reasons after it has closed', async () => {
    const { runId, totalTasks } = await rig.run({ symbols: ['BBB'], untilStage: 'store' });
    expect(totalTasks).toBe(3);
    expect(await rig.lab.status(runId)).toMatchObject({ completedTasks: 3, statusBreakdown: { success: 3 } });
    expect((await rig.lab.graph(runId)).map((task) => task.taskId)).toEqual(['BBB/collect', 'BBB/clean', 'BBB/store']);
    expect(await rig.lab.why(runId, 'BBB/store')).toContain('BBB/store');
  });

  it('keeps a failure to the symbol it belongs to, and names the root cause of the tasks that it skips', async () => {
    const result = await scripted(failing('AAA/clean', refused), () => rig.run({ symbols: ['AAA', 'BBB'] }));
    expect(result.result).toBe('degraded');
    expect(result.statusBreakdown).toMatchObject({ success: 7, failed: 1, skipped: 4 });
    expect(result.taskResults['AAA/clean']).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { type: 'BadInput', message: 'the file is empty' },
    });
    expect(result.taskResults['AAA/clean'].error?.stack).toContain('refused');
    expect(result.taskResults['AAA/visualize']).toMatchObject({ status: 'skipped', skippedBecause: 'AAA/clean' });
    expect(result.taskResults['BBB/visualize'].status).toBe('success');
  });

  it('ends with CriticalTaskFailed when a critical stage fails: running tasks are cancelled, the others are skipped', async () => {
    const running = gate();
    const script: Script = async (call) => {
      if (call.taskId === 'BBB/collect') {
        running.open();
        await new Promise((_, reject) => call.work.signal.addEventListener('abort', () => reject(call.work.signal.reason)));
      }
      if (call.taskId === 'AAA/collect') {
        await running.opened;
        throw refused();
      }
    };
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'], criticalStages: ['collect'] });
      const failure = await ended(runId);
      expect(failure).toMatchObject({ how: 'failed', message: expect.stringContaining('AAA/collect') });
      expect(failure.partial?.statusBreakdown).toMatchObject({ failed: 1, cancelled: 1, skipped: 10, pending: 0, running: 0 });
      expect(failure.partial?.taskResults['BBB/collect'].status).toBe('cancelled');
    });
  });

  it('in which nothing succeeded closes as Failed after its record and page were written, and a retry continues from it', async () => {
    await scripted(failing('AAA/clean', refused), async () => {
      const { runId, executionId } = await rig.lab.start({ symbols: ['AAA'], untilStage: 'store' });
      const failure = await ended(runId);
      expect(failure).toMatchObject({ how: 'failed', message: 'AAA did not reach store: AAA/clean failed: the file is empty' });
      const partial = { result: 'failed', statusBreakdown: { success: 1, failed: 1, skipped: 1 } };
      expect(failure.partial).toMatchObject(partial);
      expect(await rig.lab.describe(runId)).toMatchObject({ open: false, closeStatus: 'FAILED' });
      expect(await listRuns(rig.database, 1)).toMatchObject([{ runId, result: 'failed' }]);
      expect(await readFile(runReportPath(rig.home, runId), 'utf8')).toContain('AAA did not reach store');
      const events = (await rig.client.workflow.getHandle(runId).fetchHistory()).events ?? [];
      expect(events.at(-1)?.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo).toMatchObject({
        type: 'NothingSucceeded',
        nonRetryable: true,
      });
      scripts.clear();
      const again = await rig.lab.start({ symbols: ['AAA'], untilStage: 'store' }, { retryOf: executionId });
      expect(await rig.lab.result(again.runId)).toMatchObject({ result: 'success' });
      expect(seen).toEqual(['AAA/collect#1', 'AAA/clean#1', 'AAA/clean#1', 'AAA/store#1']);
    });
  });

  it('refuses retryFailed while it is closing, also at the moment of its cancellation, because the tasks would never run', async () => {
    const script: Script = async (call) => {
      if (call.taskId === 'AAA/collect') throw refused();
      if (call.taskId !== 'BBB/collect') return;
      await new Promise((_, reject) => call.work.signal.addEventListener('abort', () => reject(call.work.signal.reason)));
    };
    await scripted(script, async () => {
      // for some of them the run receives both at once
      const answers = Array.from({ length: 8 }, async () => {
        const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'], untilStage: 'clean' });
        await untilStatus(runId, ({ statusBreakdown }) => statusBreakdown.failed === 1 && statusBreakdown.running === 1);
        await rig.lab.cancel(runId);
        const refusal = await rig.lab.retryFailed(runId).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ type: 'BadInput', message: expect.stringMatching(/is (ending|closed).*`predictlab retry/) });
        expect(await ended(runId)).toMatchObject({ how: 'cancelled' });
      });
      await Promise.all(answers);
    });
  });

  it('reports its duration up to the present, also when nothing has happened for a while', async () => {
    const { reached, proceed, script } = heldCollects();
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA'], maxConcurrent: 1, untilStage: 'collect' });
      await reached.opened;
      const { durationSeconds: before } = await untilStatus(runId, (status) => status.statusBreakdown.running === 1);
      const handle = rig.client.workflow.getHandle(runId);
      const later = await handle.query(statusQuery, Date.now() + 3_600_000);
      expect(later.durationSeconds - before).toBeGreaterThan(3_599);
      expect(later.taskResults['AAA/collect'].durationSeconds).toBeGreaterThan(3_599);
      expect(await handle.query(whyQuery, 'AAA/collect', Date.now() + 3_600_000)).toMatch(/running for 36\d\d s/);
      for (const junk of ['soon', null, Number.MAX_VALUE, -1] as never[]) {
        expect((await handle.query(statusQuery, junk)).durationSeconds).toBeLessThan(3_000);
      }
      expect(await handle.query('graph')).toMatchObject({ tasks: [{ taskId: 'AAA/collect' }] });
      proceed.open();
      await rig.lab.result(runId);
    });
  });

  it('closes as Canceled when it is cancelled, and everything unfinished is cancelled', async () => {
    const running = gate();
    const script: Script = async (call) => {
      if (call.stage !== 'store') return;
      running.open();
      await new Promise((_, reject) => call.work.signal.addEventListener('abort', () => reject(call.work.signal.reason)));
    };
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA'] });
      await running.opened;
      await rig.lab.cancel(runId);
      expect(await ended(runId)).toMatchObject({ how: 'cancelled' });
      expect((await rig.lab.describe(runId))?.closeStatus).toBe('CANCELLED');
      expect((await rig.lab.status(runId)).statusBreakdown).toMatchObject({ success: 2, cancelled: 4, running: 0, pending: 0 });
      expect(await listRuns(rig.database, 1)).toMatchObject([{ runId, result: 'cancelled' }]);
    });
  });

  it('retries a transient failure and counts the attempts', async () => {
    const script: Script = (call) => {
      if (call.taskId === 'AAA/store' && call.attempt < 3) throw new PredictLabError('StorageUnavailable', 'the database restarts');
    };
    const result = await scripted(script, () => rig.run({ symbols: ['AAA'], retry: { retryDelay: '50ms', backoff: 1 } }));
    expect(result.taskResults['AAA/store']).toMatchObject({ status: 'success', attempts: 3 });
  });

  it('releases its slot for a long wait, so that another symbol gets it, and keeps counting attempts', async () => {
    const script: Script = (call) => {
      if (call.taskId === 'AAA/collect' && call.attempt === 1) throw new PredictLabError('RateLimited', 'later', { retryAfterMs: 3_000 });
    };
    const result = await scripted(script, () => rig.run({ symbols: ['AAA', 'BBB'], untilStage: 'clean', maxConcurrent: 1 }));
    expect(result.result).toBe('success');
    expect(result.taskResults['AAA/collect'].attempts).toBe(2);
    expect(seen).toEqual(['AAA/collect#1', 'BBB/collect#1', 'BBB/clean#1', 'AAA/collect#2', 'AAA/clean#1']);
  });

  it('fails an attempt with TaskTimeout when it takes longer than its timeout', async () => {
    const script: Script = (call) => (call.stage === 'clean' ? new Promise(() => undefined) : undefined);
    const input: PipelineInput = {
      symbols: ['AAA'],
      stages: { clean: { timeout: '200ms', retry: { maxRetries: 1, retryDelay: '10ms' } } },
    };
    const result = await scripted(script, () => rig.run(input));
    expect(result.taskResults['AAA/clean']).toMatchObject({ status: 'failed', attempts: 2, error: { type: 'TaskTimeout' } });
  });

  it('answers what has changed since an earlier answer, and shows the present stage in Temporal’s Web UI', async () => {
    const { reached, proceed, script } = heldCollects();
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'], untilStage: 'clean' });
      await reached.opened;
      await untilStatus(runId, ({ statusBreakdown }) => statusBreakdown.running === 2);
      const { workflow } = rig.client;
      const since = async (revision: string | null) => await workflow.getHandle(runId).query(statusSinceQuery, revision, Date.now());
      const whole = await since(null);
      expect(Object.keys(whole.taskResults)).toHaveLength(4);
      const changes = await since(whole.revision ?? null);
      expect(changes).toMatchObject({ runId, since: whole.revision });
      expect(Object.keys(changes.taskResults)).toEqual([]);
      expect(await workflow.getHandle(`${runId}/AAA`).query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: 'collect (1 of 2)',
      });
      proceed.open();
      await rig.lab.result(runId);
      expect(await workflow.getHandle(runId).query(whyQuery, 'x'.repeat(MAX_QUERY_LENGTH))).toMatch(/^no task x/);
      expect(await workflow.getHandle(runId).query(whyQuery, 'x'.repeat(MAX_QUERY_LENGTH + 1))).toMatch(/^why needs a task id/);
    });
  });

  it('starts nothing while paused, and continues after resume', async () => {
    const { reached, proceed, script } = heldCollects();
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA'] });
      await reached.opened;
      await rig.lab.pause(runId);
      proceed.open();
      await untilStatus(runId, (status) => status.statusBreakdown.success === 1 && status.statusBreakdown.running === 0);
      expect(await rig.lab.why(runId, 'AAA/clean')).toContain('paused');
      expect(seen).toEqual(['AAA/collect#1']);
      await rig.lab.resume(runId);
      expect(await rig.lab.result(runId)).toMatchObject({ result: 'success', completedTasks: 6 });
    });
  });

  it('refuses an invalid number of slots and applies a valid one at once', async () => {
    const proceed = gate();
    await scripted(
      (call) => (call.stage === 'collect' ? proceed.opened : undefined),
      async () => {
        const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'], maxConcurrent: 1 });
        await untilStatus(runId, (status) => status.statusBreakdown.running === 1);
        expect(await rig.lab.why(runId, 'BBB/collect')).toMatch(/slot/);
        await expect(rig.lab.setMaxConcurrent(runId, 0)).rejects.toThrow(/whole number/);
        await rig.lab.setMaxConcurrent(runId, 2);
        await untilStatus(runId, (status) => status.statusBreakdown.running === 2);
        proceed.open();
        expect(await rig.lab.result(runId)).toMatchObject({ result: 'success' });
      },
    );
  });

  it('retries failed and skipped tasks while it is open, and keeps what succeeded', async () => {
    const hold = gate();
    let broken = true;
    const script: Script = async (call) => {
      if (call.taskId === 'AAA/clean' && broken) throw refused();
      if (call.taskId === 'BBB/collect') await hold.opened;
    };
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'] });
      await untilStatus(runId, (status) => status.statusBreakdown.skipped === 4);
      broken = false;
      expect(await rig.lab.retryFailed(runId)).toEqual(['AAA/clean', 'AAA/store', 'AAA/kline', 'AAA/backtest', 'AAA/visualize']);
      hold.open();
      expect(await rig.lab.result(runId)).toMatchObject({ result: 'success', statusBreakdown: { success: 12 } });
      expect(seen.filter((task) => task.startsWith('AAA/collect'))).toHaveLength(1);
    });
  });

  it('fails only the symbol whose workflow was terminated', async () => {
    const reached = gate();
    const hold = gate();
    const script: Script = async (call) => {
      if (call.taskId !== 'AAA/collect') return;
      reached.open();
      await hold.opened;
    };
    await scripted(script, async () => {
      const { runId } = await rig.lab.start({ symbols: ['AAA', 'BBB'] });
      await reached.opened;
      await rig.client.workflow.getHandle(`${runId}/AAA`).terminate('by a test');
      hold.open();
      const result = await rig.lab.result(runId);
      expect(result.taskResults['AAA/collect']).toMatchObject({ status: 'failed', error: { type: 'Terminated' } });
      expect(result.taskResults['BBB/visualize'].status).toBe('success');
    });
  });

  it('starts a closed run again as a retry that reuses what succeeded', async () => {
    const failed = await scripted(failing('AAA/kline', refused), () => rig.run({ symbols: ['AAA'] }));
    const { executionId } = (await rig.lab.describe(failed.runId)) as { executionId: string };
    await scripted(
      () => undefined,
      async () => {
        const { runId } = await rig.lab.start({ symbols: ['AAA'] }, { retryOf: executionId });
        expect(await rig.lab.result(runId)).toMatchObject({ result: 'success', statusBreakdown: { success: 6 } });
        expect(seen).toEqual(['AAA/kline#1', 'AAA/backtest#1', 'AAA/visualize#1']);
      },
    );
  });
});

describe('a wrong input', () => {
  it('fails the workflow with InvalidPipeline before any task runs, and lists every problem', async () => {
    seen.length = 0;
    const wrong = {
      symbols: ['AAA', 'AAAA'],
      sourceType: ['file'],
      timeout: 'banana',
      tasks: [
        { taskId: 'a', activity: 'sleep', args: [{ duration: '1s' }], dependencies: ['b'] },
        { taskId: 'b', activity: 'sleep', args: [{ duration: '1s' }], dependencies: ['a'] },
        { taskId: 'c', activity: 'slep' },
      ],
    } as unknown as PipelineInput;
    const { runId } = await rig.lab.start(wrong);
    const failure = await ended(runId);
    expect(failure.how).toBe('invalid');
    for (const part of ['AAAA', 'sourceType', 'banana', 'a → b → a', 'slep', 'sleep']) expect(failure.message).toContain(part);
    const { finishedAt } = await rig.lab.status(runId);
    expect(Date.parse(finishedAt ?? '')).toBeLessThan(Date.now());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await rig.lab.status(runId)).toMatchObject({ finishedAt, totalTasks: 0 });
    expect(seen).toEqual([]);
  });
});

describe('custom tasks', () => {
  it('run in the order of their dependencies, gate built-in tasks, and never deadlock one slot', async () => {
    const posts: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        posts.push(`${request.url} ${body}`);
        response.writeHead(posts.length === 1 ? 503 : 200, { 'retry-after': '0' }).end('ok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const result = await scripted(
      () => undefined,
      () =>
        rig.run({
          symbols: ['AAA'],
          maxConcurrent: 1,
          tasks: [
            {
              taskId: 'check',
              activity: 'httpPost',
              args: [{ url: `${url}/check`, body: { a: 1 } }],
              dependencies: ['AAA/kline'],
              runBefore: ['AAA/backtest'],
              retryDelay: '10ms',
            },
            { taskId: 'notify', activity: 'httpPost', args: [{ url: `${url}/notify` }], dependencies: ['AAA/visualize'] },
          ],
        }),
    );
    server.close();
    expect(result).toMatchObject({ result: 'success', totalTasks: 8 });
    expect(result.taskResults.check).toMatchObject({ attempts: 2, output: { status: 200, bytes: 2 } });
    expect(posts).toEqual(['/check {"a":1}', '/check {"a":1}', '/notify ']);
    const began = (taskId: string) => result.taskResults[taskId].startedAt ?? '';
    expect(began('check') >= began('AAA/kline') && began('AAA/backtest') >= began('check')).toBe(true);
  });

  it('are scheduled with their own limits, and symbols with a summary of their stages', async () => {
    const sleep = { activity: 'sleep', args: [{ duration: '10ms' }] };
    const { runId } = await rig.lab.start({
      symbols: ['AAA', 'BBB'],
      untilStage: 'clean',
      tasks: [
        { taskId: 'usual', ...sleep, dependencies: ['AAA/collect'] },
        { taskId: 'once', ...sleep, timeout: '7s', onLostWorker: 'fail' },
        { taskId: 'thrice', ...sleep, name: 'a nap', maxRetries: 0, maxLostWorkers: 3 },
      ],
    });
    await rig.lab.result(runId);
    const events = [...(await rig.histories())].flatMap(([id, { events: some }]) => (id.startsWith(`${runId} `) ? (some ?? []) : []));
    const read = (payload: { readonly data?: Uint8Array | null } | null | undefined) =>
      JSON.parse(Buffer.from(payload?.data ?? []).toString()) as object;
    const calls = events.flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) => {
      if (!scheduled) return [];
      const { activityId, input, startToCloseTimeout, retryPolicy } = scheduled;
      const limits = { seconds: Number(startToCloseTimeout?.seconds), attempts: retryPolicy?.maximumAttempts };
      return [[activityId, { ...read(input?.payloads?.[1]), ...limits, named: Boolean(userMetadata?.summary) }]];
    });
    const summaries = events.flatMap((event) =>
      event.startChildWorkflowExecutionInitiatedEventAttributes ? [read(event.userMetadata?.summary)] : [],
    );
    expect(new Set(summaries)).toEqual(new Set(['AAA: collect → clean', 'BBB: collect → clean']));
    expect(Object.fromEntries(calls)).toEqual({
      usual: expect.objectContaining({ taskId: 'usual', seconds: 300 + 15, named: false }) as object,
      once: expect.objectContaining({ taskId: 'once', seconds: 7 + 15, onLostWorker: 'fail' }) as object,
      thrice: expect.objectContaining({ taskId: 'thrice', attempts: 1 + 40 + 20, maxLostWorkers: 3, named: true }) as object,
    });
  });

  it('can form a run of their own, without symbols', async () => {
    const result = await rig.run({ symbols: [], tasks: [{ taskId: 'nap', activity: 'sleep', args: [{ duration: '10ms' }] }] });
    expect(result).toMatchObject({
      result: 'success',
      totalTasks: 1,
      taskResults: { nap: { status: 'success', output: { sleptSeconds: 0.01 } } },
    });
  });
});
