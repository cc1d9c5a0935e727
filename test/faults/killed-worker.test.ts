import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { startSandboxVenue } from '../../sandbox/venue.ts';
import type { Database } from '../../src/storage/database/database.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { pastAttempts } from '../../src/storage/runs/ledger/ledger.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW, storedData, tradesAlone, undisturbedData } from '../support/sandbox-run.ts';
import { gate } from '../support/stages.ts';
import { unlessUnknown } from '../support/temporal-errors.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

const SYMBOLS = ['BTC_PRICE', 'SOL_PRICE', 'RATE_CUT'];

const TICKS = 30;
/** A tick every half hour, of another price in each file. */
const ticksOf = (file: number): string =>
  [
    'time,price,size',
    ...Array.from(
      { length: TICKS },
      (_, i) => `${new Date(SANDBOX_NOW - (i + 1) * 1_800_000).toISOString()},0.${30 + ((i + file) % 60)},1`,
    ),
  ].join('\n');

/** Temporal's state of an attempt that a worker has taken. */
const STARTED = 2;

/** State of the activity that runs a symbol's task, as Temporal has it; undefined while there is none. */
async function stateOf(rig: Rig, runId: string, taskId: string): Promise<number | null | undefined> {
  const child = rig.client.workflow.getHandle(`${runId}/${taskId.slice(0, taskId.indexOf('/'))}`);
  const described = await child.describe().catch(unlessUnknown);
  return described?.raw.pendingActivities?.find(({ activityId }) => activityId === taskId)?.state;
}

describe('a worker killed with -9 in the middle of a run', () => {
  it('loses nothing: another worker finishes the run with the same data as in an undisturbed run', async () => {
    const venue = await startSandboxVenue({ now: SANDBOX_NOW });
    const input = {
      symbols: SYMBOLS,
      daysBack: 2,
      asOf: new Date(SANDBOX_NOW).toISOString(),
      untilStage: 'backtest' as const,
      maxConcurrent: 2,
    };
    const wanted = await undisturbedData(tradesAlone(venue), (database) => importSandboxSymbols(database, SYMBOLS), [input]);

    const rig: Rig = await createRig({ env: tradesAlone(venue), worker: false });
    await importSandboxSymbols(rig.database, SYMBOLS);
    // in the middle: a symbol is collected, and the last one cannot be before its worker is killed: its venue says nothing
    const [silent] = venue.truth.instruments({ venue: 'polymarket', group: 'rate-cut-at-the-last-meeting' });
    venue.setFaults({ slow: 1, slowMs: 60_000, only: ['/polymarket/data/v2/trades'], onlyQuery: silent.id.slice('polymarket:'.length) });
    const doomed = await spawnWorker(rig.env);
    const { runId, executionId } = await rig.lab.start(input);
    await until(async () => (await stateOf(rig, runId, 'RATE_CUT/collect')) === STARTED);
    const { taskResults: duringRun } = await rig.lab.status(runId);
    expect(SYMBOLS.map((symbol) => duringRun[`${symbol}/collect`]?.status)).toContain('success');
    await kill(doomed);
    venue.setFaults({});
    const next = await spawnWorker(rig.env);
    const result = await rig.lab.result(runId);
    expect(result).toMatchObject({ result: 'success', statusBreakdown: { success: 15 } });
    expect(await storedData(rig.database)).toEqual(wanted);
    // an attempt that died with its worker could not note that: the next one did
    const retried = Object.entries(result.taskResults).filter(([, { attempts = 1 }]) => attempts > 1);
    expect(retried.map(([taskId]) => taskId)).toContain('RATE_CUT/collect');
    const past = await pastAttempts(rig.database, executionId);
    for (const [taskId, { attempts = 1 }] of retried) {
      expect(past[taskId]).toHaveLength(attempts - 1);
      expect(past[taskId]?.at(-1)).toMatchObject({
        error: 'WorkerLost',
        lostWith: expect.toSatisfy((by) => by === null || by.startsWith(`${doomed.process.pid}@`)),
      });
    }
    await rig.close();
    await kill(next);
    await venue.close();
  }, 120_000);

  it('loses nothing when stages are local activities', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-killed-'));
    const symbols = Array.from({ length: 51 }, (_, i) => `F${String(i).padStart(2, '0')}`);
    for (const [i, symbol] of symbols.entries()) await writeFile(path.join(folder, `${symbol}.csv`), ticksOf(i));
    const entries = symbols.map((symbol) => ({
      symbol,
      title: '',
      enabled: true,
      priority: 3,
      sources: { file: [{ path: path.join(folder, `${symbol}.csv`) }] },
    }));
    const input = {
      sourceTypes: ['file' as const],
      daysBack: 2,
      asOf: new Date(SANDBOX_NOW).toISOString(),
      maxConcurrent: 10,
      untilStage: 'kline' as const,
    };
    const prepare = async (database: Database): Promise<void> => void (await importSymbols(database, entries, { replace: true }));
    const wanted = await undisturbedData({}, prepare, [{ ...input, symbols }]);
    expect(wanted.ticks).toHaveLength(51 * TICKS);

    const rig: Rig = await createRig({ worker: false });
    await importSymbols(rig.database, entries, { replace: true });
    const doomed = await spawnWorker(rig.env);
    // another session locks the candle table, so no symbol gets past it before the worker is killed
    const [held, killed] = [gate(), gate()];
    const holding = rig.database.transaction(async (transaction) => {
      await transaction.query('lock table candles in exclusive mode');
      held.open();
      await killed.opened;
    });
    await held.opened;
    const { runId, executionId } = await rig.lab.start(input);
    // in the middle of stages: some have begun their transactions, or a symbol is between two of its stages
    const ended = async (stage: string) =>
      (await rig.database.query('select 1 from ledger where execution_id = $1 and stage = $2', [executionId, stage])).rowCount ?? 0;
    await until(async () => (await ended('store')) >= 5, { everyMs: 5 });
    await kill(doomed);
    expect(await ended('kline')).toBe(0);
    killed.open();
    await holding;
    const next = await spawnWorker(rig.env);
    const result = await rig.lab.result(runId);
    expect(result).toMatchObject({ result: 'success', statusBreakdown: { success: 204 } });
    expect(await storedData(rig.database)).toEqual(wanted);
    await rig.close();
    await kill(next);
    await rm(folder, { recursive: true });
  }, 120_000);
});

describe('a custom task whose worker is killed while it runs', () => {
  it('is repeated with the same idempotency key, or fails when its input says so; its own failures do not count as a lost worker', async () => {
    const posts: string[] = [];
    let firstSent!: () => void;
    const bothSent = new Promise<void>((resolve) => {
      firstSent = resolve;
    });
    const server = createServer((request, response) => {
      const key = String(request.headers['idempotency-key']);
      const time = posts.push(key) && posts.filter((one) => one === key).length;
      if (key.endsWith('/flaky')) response.writeHead(time === 1 ? 503 : 200).end();
      else if (time > 1) response.end();
      // The first posts of `again` and `once` are never answered.
      if (posts.some((one) => one.endsWith('/again')) && posts.some((one) => one.endsWith('/once'))) firstSent();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const rig = await createRig({ worker: false });
    const first = await spawnWorker(rig.env);
    const post = (taskId: string, more: object) => ({ taskId, activity: 'httpPost', args: [{ url }], retryDelay: '10ms', ...more });
    const { runId } = await rig.lab.start({
      symbols: [],
      tasks: [
        post('again', { maxRetries: 0 }),
        post('once', { maxRetries: 0, onLostWorker: 'fail' }),
        post('flaky', { maxRetries: 1, onLostWorker: 'fail' }),
      ],
    });
    await bothSent;
    await until(async () => (await rig.lab.status(runId)).taskResults.flaky?.status === 'success');
    await kill(first);
    const second = await spawnWorker(rig.env);
    const { taskResults } = await rig.lab.result(runId);
    expect(taskResults.again).toMatchObject({ status: 'success', attempts: 2 });
    expect(taskResults.once).toMatchObject({
      status: 'failed',
      error: { type: 'WorkerLost', message: expect.stringContaining('onLostWorker') },
    });
    expect(taskResults.flaky).toMatchObject({ status: 'success', attempts: 2 });
    expect(posts.sort()).toEqual([`${runId}/again`, `${runId}/again`, `${runId}/flaky`, `${runId}/flaky`, `${runId}/once`]);
    server.closeAllConnections();
    server.close();
    await kill(second);
    await rig.close();
  });
});
