import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkThroughTemporal } from '../../src/cli/doctor/checks.ts';
import { RunEnded } from '../../src/client.ts';
import type { PipelineInput } from '../../src/contracts/run/pipeline-input.ts';
import { encodeFrame } from '../../src/storage/backup/backup-format.ts';
import { predictlabHere } from '../support/command.ts';
import { holdTasks } from '../support/held-task.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { until } from '../support/until.ts';

/** Messages of JavaScript, zod or libraries that must never reach a user. */
const UNFORESEEN =
  /Cannot read|is not a function|undefined|\[object|Invalid URL|ENOENT|Unexpected token|Invalid input|Too big|Too small|received|\n\s+at /;

let rig: Rig;
let done: string;
beforeAll(async () => {
  rig = await createRig();
  const { runId } = await rig.lab.start({ symbols: [], tasks: [{ taskId: 'first', activity: 'sleep', args: [{ duration: '1ms' }] }] });
  await rig.lab.result(runId);
  done = runId;
});
afterAll(() => rig.close());

const task = (more: object): object => ({ symbols: [], tasks: [{ taskId: 't', activity: 'sleep', args: [{ duration: '1s' }], ...more }] });
const post = (input: unknown): object => task({ activity: 'httpPost', args: [input] });

/** An input, and the text that its refusal must contain. */
const INPUTS: readonly (readonly [input: unknown, says: string])[] = [
  ['text', 'input'],
  [[], 'input'],
  [3, 'input'],
  [{ symbls: [] }, 'did you mean symbols?'],
  [{ symbols: 'BTC' }, 'symbols: must be a list'],
  [{ symbols: [3] }, 'symbols[0]: must be text'],
  [{ symbols: ['NO_SUCH'] }, 'unknown symbol "NO_SUCH"'],
  [{ symbols: [''] }, 'symbols[0]'],
  [{ symbols: [], sourceTypes: [] }, 'name at least one source'],
  [{ symbols: [], sourceTypes: ['polymarkt'] }, 'did you mean polymarket?'],
  [{ symbols: [], intervals: ['7m'] }, 'unknown interval "7m"'],
  [{ symbols: [], daysBack: -1 }, 'daysBack: -1 is out of range'],
  [{ symbols: [], daysBack: '7' }, 'daysBack: must be a number'],
  [{ symbols: [], daysBack: 1e9 }, 'daysBack'],
  [{ symbols: [], untilStage: 'stroe' }, 'did you mean store?'],
  [{ symbols: [], maxConcurrent: 0 }, 'maxConcurrent: 0 is out of range'],
  [{ symbols: [], maxConcurrent: 1.5 }, 'maxConcurrent'],
  [{ symbols: [], order: 'lifo' }, 'unknown order'],
  [{ symbols: [], criticalStages: ['x'] }, 'criticalStages[0]'],
  [{ symbols: [], retry: { maxRetries: -1 } }, 'retry.maxRetries'],
  [{ symbols: [], retry: { retryDelay: 'soon' } }, '"soon" is not a valid duration'],
  [{ symbols: [], retry: { backoff: 0 } }, 'retry.backoff'],
  [{ symbols: [], retry: { byError: { Ratelimited: {} } } }, 'did you mean RateLimited?'],
  [{ symbols: [], retry: { retryDelay: '5m', maxDelay: '1s' } }, 'shorter than retryDelay'],
  [{ symbols: [], timeout: '0s' }, 'longer than nothing'],
  [{ symbols: [], timeout: '30d' }, 'longer than a week'],
  [{ symbols: [], stages: { colect: {} } }, 'did you mean collect?'],
  [{ symbols: [], stages: { collect: { priority: 9 } } }, 'stages.collect.priority'],
  [{ symbols: [], strategies: [{ name: 'sma-cros' }] }, 'did you mean sma-cross?'],
  [{ symbols: [], strategies: [{ name: 'sma-cross', params: { fast: 'x' } }] }, "parameter 'fast': must be"],
  [{ symbols: [], strategies: [{ name: 'sma-cross', params: { fast: 0 } }] }, "parameter 'fast': must be"],
  [{ symbols: [], strategies: [{ name: 'sma-cross', params: { quick: 1 } }] }, "no parameter 'quick'"],
  [{ symbols: [], backtest: { cash: 0 } }, 'backtest.cash'],
  [{ symbols: [], backtest: { sizing: { fraction: 2 } } }, 'backtest.sizing'],
  [{ symbols: [], backtest: { side: 'short' } }, 'backtest.side'],
  [{ symbols: [], asOf: 'yesterday' }, '"yesterday" is not a valid instant'],
  [{ symbols: [], asOf: '2999-01-01T00:00:00Z' }, 'in the future'],
  [{ symbols: [], tasks: {} }, 'tasks: must be a list'],
  [{ symbols: [], tasks: [null] }, 'tasks[0]'],
  [task({ taskId: '' }), 'is not a valid task id'],
  [task({ taskId: ' t' }), 'is not a valid task id'],
  [task({ activity: 'slep' }), 'did you mean sleep?'],
  [task({ args: [{}] }), 'args[0].duration: is missing; write text'],
  [task({ args: [{ duration: 3 }] }), 'args[0].duration: must be text'],
  [task({ args: [{ duration: 'soon' }] }), '"soon" is not a duration'],
  [task({ args: [{ duration: '1s' }, 2] }), 'one argument is passed'],
  [task({ args: {} }), 'args: must be a list'],
  [task({ dependencies: ['nothing'] }), 'no task nothing'],
  [task({ dependencies: ['t'] }), 't → t'],
  [task({ runBefore: ['t'] }), 't'],
  [task({ priority: 0 }), 'priority'],
  [task({ onLostWorker: 'maybe' }), 'onLostWorker'],
  [task({ critical: 'yes' }), 'critical: must be true or false'],
  [post({}), 'args[0].url: must be an http:// or https:// address'],
  [post({ url: 'nonsense' }), 'must be an http:// or https:// address'],
  [post({ url: 'ftp://x' }), 'must be an http:// or https:// address'],
  [post({ url: 'http://x', headers: { a: 'b\r\nc: d' } }), 'line break'],
  [post({ url: 'http://x', headers: { 'a\n': 'b' } }), 'not a valid header name'],
  [post({ url: 'http://x', headers: { a: 1 } }), 'must be a text'],
  [post({ url: 'http://x', headers: 'a: b' }), 'headers: must be an object'],
  [post({ url: 'http://x', body: {}, extra: 1 }), 'takes no extra'],
  [post({ url: 'http://x', headers: { a: { $env: '' } } }), 'names no variable'],
  [post({ url: 'http://x', headers: { a: { $env: 'DATABASE_URL' } } }), 'tasks may not read DATABASE_URL'],
  [post({ url: { $env: 'A', and: 1 } }), 'without other fields'],
];

describe(`the input of a run (${INPUTS.length} wrong inputs)`, () => {
  it.each(INPUTS.map(([input, says]) => ({ input, says })))('is refused in plain words: $says', async ({ input, says }) => {
    const { runId } = await rig.lab.start(input as PipelineInput);
    const ended = await rig.lab.result(runId).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(ended).toBeInstanceOf(RunEnded);
    const { how, message } = ended as RunEnded;
    expect(how).toBe('invalid');
    expect(message).toContain(says);
    expect(message).not.toMatch(UNFORESEEN);
    for (const line of message.split('\n').slice(1)) expect(line).toMatch(/^- \S/);
  });

  it('is refused at once when it is too large, and with a short message when every field is wrong', async () => {
    await expect(rig.lab.start(task({ args: [{ duration: 'x'.repeat(5_000_000) }] }) as PipelineInput)).rejects.toThrow(
      /input: has \d+ KB, and Temporal/,
    );
    const { runId } = await rig.lab.start({ symbols: Array.from({ length: 5_000 }, (_, i) => `NO_SUCH_${i}`) });
    const error = await rig.lab.result(runId).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message.length).toBeLessThan(30_000);
    expect((error as Error).message).toContain('and 4800 more');
  });
});

describe('an open run', () => {
  it('survives any queries, signals and updates that it receives', async () => {
    const held = await holdTasks();
    const { runId } = await rig.lab.start({ symbols: [], tasks: [held.task('waits')] });
    await until(async () => (await rig.lab.status(runId)).totalTasks > 0);
    const handle = rig.client.workflow.getHandle(runId);
    for (const value of [0, -1, 1.5, 1e9, 'three', null, undefined, {}, []])
      await expect(handle.executeUpdate('setMaxConcurrent', { args: [value] }), JSON.stringify(value)).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/^setMaxConcurrent: .* is not a whole number from 1 to 10000$/) },
      });
    for (const asked of [undefined, null, 3, {}, 'x'.repeat(10_000)])
      expect(await handle.query('why', asked)).toMatch(/^why needs a task id/);
    expect(await handle.query('why', 'wait')).toMatch(/did you mean waits\?/);
    for (const now of ['x', -1, 1e99, null]) expect(await handle.query('status', now)).toMatchObject({ totalTasks: 1 });
    for (const args of [[], ['x', 'y'], [null, null], [1, [{}]], [{}, {}]]) await handle.signal('reports', ...args);
    await handle.signal('no-such-signal', 1);
    await expect(handle.query('no-such-query')).rejects.toThrow('no-such-query');
    await expect(handle.executeUpdate('noSuchUpdate')).rejects.toMatchObject({ name: 'WorkflowUpdateFailedError' });
    held.release('waits');
    expect((await rig.lab.result(runId)).result).toBe('success');
    await held.close();
  });
});

describe('a command', () => {
  const crafted = (name: string, ...frames: (object | Buffer)[]): [string, Buffer] => [
    name,
    gzipSync(Buffer.concat(frames.map((frame) => (Buffer.isBuffer(frame) ? frame : encodeFrame({ json: frame as never }))))),
  ];
  const head = { predictlab: 'backup', format: 3, migrations: [], partitions: [], tables: [] };
  const BACKUPS = [
    crafted('nothing'),
    crafted('a number', 3 as never),
    crafted('null', null as never),
    crafted('no tables', { predictlab: 'backup', format: 3 }),
    crafted('tables of nothing', { ...head, tables: [null, {}, { table: 'x' }] }),
    crafted('a name of SQL', { ...head, tables: [{ table: 'x; drop table ticks', columns: [] }] }),
    crafted('an odd partition', { ...head, partitions: ['ticks_9999_99'] }),
    crafted('a file outside', head, { file: '../../x' }),
    crafted('a table that is not named', head, { table: 'ticks' }),
    crafted('a part of nothing', head, {}),
    crafted('half a frame', head, Buffer.from([0x64, 0, 0, 1])),
    crafted('no JSON', Buffer.from([0x6a, 0, 0, 0, 2, 0x7b, 0x7b])),
    crafted('a frame without end', Buffer.from([0x6a, 0xff, 0xff, 0xff, 0xff])),
    crafted('another kind of frame', Buffer.from([0x41, 0, 0, 0, 0])),
  ];
  it.each(BACKUPS)('restores no crafted backup: %s', async (_, bytes) => {
    const file = path.join(rig.home, 'crafted');
    await writeFile(file, bytes);
    const { code, stderr } = await predictlabHere(['restore', file], rig.env);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^predictlab: \S+ is not a whole PredictLab backup: [^\n]+\n$/),
    });
    expect(stderr).not.toMatch(UNFORESEEN);
  });

  it.each([
    ['status no-such-run', 2, 'there is no'],
    ['why no-such-run x', 2, 'there is no'],
    ['watch no-such-run', 2, 'there is no'],
    ['cancel no-such-run', 2, 'there is no'],
    ['pause no-such-run', 2, 'there is no'],
    ['slots no-such-run 3', 2, 'there is no'],
    ['retry no-such-run', 2, 'there is no'],
    ['report no-such-run', 2, 'no'],
    ['logs no-such-run', 2, 'there is no run'],
    ['runs compare no-such-run other', 2, 'no'],
    ['why DONE frist', 2, 'did you mean first?'],
    ['logs DONE frist', 2, 'did you mean first?'],
    ['cancel DONE', 2, 'is closed'],
    ['pause DONE', 2, 'is closed'],
    ['slots DONE 3', 2, 'is closed'],
    ['schedule show --id no-such', 2, 'there is no schedule'],
    ['schedule pause --id no-such', 2, 'there is no schedule'],
    ['schedule delete --id no-such', 2, 'there is no schedule'],
    ['schedule update --id no-such --cron 0_0_*_*_*', 2, 'there is no schedule'],
    ['schedule create --id refused --symbols NO_SUCH', 2, 'unknown symbol "NO_SUCH"'],
    ['symbols show BTC_PRCE', 2, 'did you mean BTC_PRICE?'],
    ['symbols remove NO_SUCH', 2, 'there is no symbol'],
    ['symbols enable NO_SUCH', 2, 'there is no symbol'],
    ['export ticks --symbol NO_SUCH', 2, 'there is no symbol'],
    ['plan --symbols BTC_PRCE', 2, 'did you mean BTC_PRICE?'],
    ['rehearse --symbols BTC_PRCE', 2, 'did you mean BTC_PRICE?'],
  ] as const)('%s', async (line, code, says) => {
    const args = line.split(' ').map((word) => (word === 'DONE' ? done : line.includes('--cron') ? word.replaceAll('_', ' ') : word));
    const answer = await predictlabHere(args, rig.env);
    expect(answer, answer.stderr).toMatchObject({ code, stdout: '' });
    expect(answer.stderr).toContain(says);
    expect(answer.stderr).not.toMatch(UNFORESEEN);
    expect(answer.stderr).not.toContain('?;');
  });

  it('that runs a misspelt symbol is refused before anything starts', async () => {
    const before = (await rig.lab.recentRuns()).length;
    const answer = await predictlabHere(['run', '--symbols', 'BTC_PRCE', '--detach'], rig.env);
    expect(answer).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean BTC_PRICE?') });
    expect((await rig.lab.recentRuns()).length).toBe(before);
  });

  it.each([
    ['--deadline', '25:00Z'],
    ['--deadline', '-5m'],
    ['--as-of', '2130-01-01T00:00:00Z'],
  ])('that runs with %s %s is refused before anything starts, and opens no incident', async (option, value) => {
    const before = (await rig.lab.recentRuns()).length;
    const answer = await predictlabHere(['run', `${option}=${value}`, '--detach'], rig.env);
    expect(answer, answer.stderr).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(option === '--deadline' ? 'deadline' : 'asOf'),
    });
    expect((await rig.lab.recentRuns()).length).toBe(before);
  });

  it('that retries a run without failed tasks starts no run', async () => {
    expect(await predictlabHere(['retry', done], rig.env)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no failed task to retry'),
    });
  });

  it('reports when TLS is requested from a server without it, and when stored data needs another key', async () => {
    const secured = await predictlabHere(['runs'], { ...rig.env, TEMPORAL_API_KEY: 'key' });
    expect(secured).toMatchObject({ code: 3, stderr: expect.stringMatching(/TLS or an API key is set/) });
    const sealed = { ...rig.env, PREDICTLAB_PAYLOAD_KEY: randomBytes(32).toString('base64') };
    const started = await predictlabHere(['run', '--symbols', 'BTC_PRICE', '--detach', '--run-id', `${done}-sealed`], sealed);
    expect(started).toMatchObject({ code: 0 });
    await expect(rig.client.workflow.getHandle(`${done}-sealed`).terminate()).resolves.toBeDefined();
    const watched = await predictlabHere(['watch', `${done}-sealed`], rig.env);
    expect(watched.code).toBe(1);
  });
});

it('a schedule from before the payload key becomes readable with the command that doctor prints', async () => {
  const scheduleId = `plain ${done}`;
  const plain = ['schedule', 'create', '--id', scheduleId, '--cron', '0 */4 * * *'];
  expect(await predictlabHere(plain, rig.env)).toMatchObject({ code: 0 });
  const env = { ...rig.env, PREDICTLAB_PAYLOAD_KEY: randomBytes(32).toString('base64') };
  const aboutIt = async () => (await checkThroughTemporal(env)).filter(({ detail }) => detail.startsWith(scheduleId));
  const [{ status, action = '' }, ...more] = await aboutIt();
  expect([status, more]).toEqual(['fail', []]);
  const [, variables, words] = /^create it again: (\S+) predictlab (.*) …$/.exec(action) ?? [];
  const [name, value] = variables.split('=');
  const args = [...words.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
  expect(await predictlabHere([...args, '--cron', '0 */4 * * *'], { ...env, [name]: value })).toMatchObject({ code: 0, stderr: '' });
  expect(await aboutIt()).toEqual([expect.objectContaining({ status: 'ok', detail: expect.stringContaining('next run') })]);
  expect(await predictlabHere(['schedule', 'delete', '--id', scheduleId], env)).toMatchObject({ code: 0 });
});

describe('a run whose input cannot be decoded', () => {
  const garbled = (encoding: string, data: string) => ({
    payloadCodecs: [
      {
        encode: async (payloads: unknown[]) =>
          payloads.map(() => ({ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) })),
        decode: async <Payload>(payloads: Payload[]) => payloads,
      },
    ],
  });
  it.each([
    ['of an unknown encoding', 'binary/foreign', 'x', 'its encoding is "binary/foreign"'],
    ['that is not JSON', 'json/plain', '{"symbols":', 'is not valid JSON'],
  ])('%s is refused with the reason instead of waiting for ever', async (_, encoding, data, says) => {
    const foreign = new Client({ connection: rig.client.connection, namespace: 'default', dataConverter: garbled(encoding, data) });
    const handle = await foreign.workflow.start('pipeline', { taskQueue: rig.taskQueue, workflowId: `garbled-${encoding}`, args: [{}] });
    rig.started(handle.workflowId);
    await expect(rig.lab.result(handle.workflowId)).rejects.toMatchObject({ how: 'invalid', message: expect.stringContaining(says) });
  });
});
