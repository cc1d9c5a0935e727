import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { PipelineResult } from '../../src/contracts/run/pipeline-status.ts';
import type { RunConfig } from '../../src/contracts/run/run-config.ts';
import type { RunResult } from '../../src/contracts/words.ts';
import { databaseUrlOf } from '../../src/storage/database/database-url.ts';
import { appliedMigrations, migrate, readMigrations } from '../../src/storage/database/migrate.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { answerOf, runningServer } from '../../src/storage/embedded/postgres-process.ts';
import { listSymbols } from '../../src/storage/markets/catalogue.ts';
import { currentCatalogue, DEFAULT_CATALOGUE, shippedCatalogue, shippedNames } from '../../src/storage/markets/first-catalogue.ts';
import { instrumentsOf, saveInstruments } from '../../src/storage/markets/instruments.ts';
import { acceptOutcomes, noteRefusedOutcomes } from '../../src/storage/markets/outcome-changes.ts';
import { twinsOf } from '../../src/storage/markets/twins.ts';
import { createPostgresWindows, usedBudgets } from '../../src/storage/rate-budget.ts';
import { commitEffect, pastAttempts, recordAttempt } from '../../src/storage/runs/ledger/ledger.ts';
import { forgetStarts, recordStart, startsWithoutEnd } from '../../src/storage/runs/ledger/started-attempts.ts';
import { ledgerTasks } from '../../src/storage/runs/run-rows.ts';
import { endRun, recordRunStart, retryOf } from '../../src/storage/runs/runs.ts';
import { readQuarantine } from '../../src/storage/ticks/quarantine.ts';
import { scratchFolder } from '../files/scratch.ts';
import { administer, empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

const folder = scratchFolder();
let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabase();
});
afterAll(() => test.close());
beforeEach(() => empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks']));

it('a database with only the first migrations gets the others once, and keeps its rows', async () => {
  const name = `older_${process.pid}`;
  await administer(inject('postgresUrl'), `create database ${name}`);
  const url = databaseUrlOf(inject('postgresUrl'), name);
  const all = await readMigrations();
  const older = await openDatabase({ url, max: 1, migrate: false });
  await older.query(all[0].sql);
  await older.query(
    'create table schema_migrations (version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())',
  );
  await older.query('insert into schema_migrations (version, name, sha256) values ($1, $2, $3)', [1, all[0].name, all[0].sha256]);
  await older.query("insert into symbols (symbol) values ('KEPT')");
  expect(await migrate(older)).toEqual(all.slice(1).map(({ version }) => version));
  expect(await migrate(older)).toEqual([]);
  expect((await appliedMigrations(older)).map(({ version }) => version)).toEqual(all.map(({ version }) => version));
  expect((await listSymbols(older)).map(({ symbol }) => symbol)).toEqual(['KEPT']);
  await older.close();
});

it('the shipped catalogue fills a new database only, in the order in which it is listed', async () => {
  const fresh = await testDatabase();
  const shipped = await currentCatalogue(fresh.database);
  expect(shipped.map(({ symbol }) => symbol)).toEqual(DEFAULT_CATALOGUE.map(({ symbol }) => symbol).sort());
  expect(shippedCatalogue().map(({ symbol }) => symbol)).toEqual(shipped.map(({ symbol }) => symbol));
  expect(shippedNames().find(({ symbol }) => symbol === 'BTC_PRICE')).toEqual({
    symbol: 'BTC_PRICE',
    enabled: true,
    priority: 1,
    sourceTypes: ['polymarket', 'predict'],
  });
  await fresh.close();
});

describe('a budget that workers share', () => {
  it('grants nothing and counts as used up while the venue asks to wait', async () => {
    const windows = createPostgresWindows(test.database);
    const limit = { requests: 10, windowMs: 1_000 };
    const name = 'venue-that-waits';
    expect(await windows.take(name, limit, 1, 0)).toMatchObject({ granted: 1, paused: false });
    await windows.pause(name, 60_000);
    const refused = await windows.take(name, limit, 1, 0);
    expect(refused).toMatchObject({ granted: 0, paused: true });
    expect(refused.waitMs).toBeGreaterThan(50_000);
    expect(refused.waitMs).toBeLessThanOrEqual(60_000);
    expect(await usedBudgets(test.database, { [name]: limit })).toEqual([{ name, used: 1 }]);
    expect(await usedBudgets(test.database, {})).toEqual([]);
  });
});

describe('the ledger', () => {
  const task = { executionId: 'a', taskId: 'RAIN/kline' };

  it('lists the tasks of all symbols, or of the requested ones', async () => {
    for (const symbol of ['RAIN', 'SUN', 'SNOW'])
      await commitEffect(
        test.database,
        { ...task, runId: 'run', taskId: `${symbol}/kline`, symbol, stage: 'kline', startedAt: START, attempts: 1 },
        async () => ({ output: {} }),
      );
    const listed = async (symbols?: readonly string[]) =>
      (await ledgerTasks(test.database, { executionId: 'a', ...(symbols && { symbols }) })).map(({ taskId }) => taskId).sort();
    expect(await listed()).toEqual(['RAIN/kline', 'SNOW/kline', 'SUN/kline']);
    expect(await listed(['SUN', 'RAIN'])).toEqual(['RAIN/kline', 'SUN/kline']);
    expect(await listed([])).toEqual([]);
  });

  it('records failed attempts once, with the worker that was lost, if it is known', async () => {
    const attempt = { from: START, to: START + 1, next: null, error: 'TaskTimeout' };
    const lost = [{}, { lostWith: 'desk' }, { lostWith: null }];
    for (const [i, more] of lost.entries()) await recordAttempt(test.database, task, { attempt: i + 1, ...attempt, ...more });
    await recordAttempt(test.database, task, { attempt: 1, ...attempt, error: 'Other' });
    await recordAttempt(test.database, task, { attempt: 201, ...attempt });
    expect(await pastAttempts(test.database, 'a')).toEqual({
      'RAIN/kline': lost.map((more, i) => ({ attempt: i + 1, ...attempt, ...more })),
    });
  });

  it('counts the starts of a task without an end, each once', async () => {
    const other = { ...task, executionId: 'b' };
    const starts = [];
    for (const number of [1, 1, 2]) starts.push(await recordStart(test.database, other, { number, worker: 'desk' }));
    expect(starts).toEqual([true, false, true]);
    expect(await startsWithoutEnd(test.database, other)).toBe(2);
    expect(await pastAttempts(test.database, 'b')).toEqual({});
    await forgetStarts(test.database, other);
    expect(await startsWithoutEnd(test.database, other)).toBe(0);
  });
});

it('a retry reuses the results of a run, and has nothing left to do only when all of its tasks succeeded', async () => {
  const config = { asOf: START, symbols: [{ symbol: 'RAIN', priority: 3 }] } as unknown as RunConfig;
  const complete = async (executionId: string, result: RunResult, totalTasks: number | null) => {
    const key = { runId: executionId, executionId };
    await recordRunStart(test.database, { ...key, input: { onlyStages: ['kline'] }, config, startedAt: START });
    const task = { ...key, taskId: 'RAIN/kline', symbol: 'RAIN', stage: 'kline', startedAt: START, attempts: 1 } as const;
    await commitEffect(test.database, task, async () => ({ output: {} }));
    const status = { runId: executionId, result, totalTasks, finishedAt: new Date(START).toISOString(), taskResults: {} };
    await test.database.transaction((transaction) => endRun(transaction, { executionId, result: status as unknown as PipelineResult }));
    const retry = await retryOf(test.database, executionId);
    expect(retry).toMatchObject({
      executionId,
      input: { onlyStages: ['kline'], symbols: ['RAIN'], asOf: new Date(START).toISOString() },
      reused: ['RAIN/kline'],
    });
    return retry?.complete;
  };
  expect(await complete('whole', 'success', 1)).toBe(true);
  expect(await complete('part', 'success', 2)).toBe(false);
  expect(await complete('degraded', 'degraded', 1)).toBe(false);
  expect(await complete('unknown', 'success', null)).toBe(false);
  expect(await retryOf(test.database, 'none')).toBeUndefined();
});

it('quarantined rows are read for all symbols, or for one symbol, instrument and range of time', async () => {
  const bad = (time: number) => trade(time, 7);
  const keys: number[] = [];
  for (const [symbol, id] of [
    ['RAIN', 'polymarket:0x1'],
    ['SUN', 'polymarket:0x2'],
  ]) {
    const covered = { from: START, to: START + 4 * HOUR };
    const rows = [bad(START), bad(START + HOUR), trade(START + 2 * HOUR, 0.5)];
    keys.push(await collect(test.database, { symbol, executionId: symbol, rows, instrument: instrument(id), covered }));
    await runStages(test.database, { symbol, executionId: symbol });
  }
  const read = async (filter?: Parameters<typeof readQuarantine>[1]) => {
    const found: string[] = [];
    for await (const rows of readQuarantine(test.database, filter))
      found.push(...rows.map(({ symbol, time }) => `${symbol} ${(Number(time) - START) / HOUR}`));
    return found;
  };
  expect(await read()).toEqual(['RAIN 0', 'RAIN 1', 'SUN 0', 'SUN 1']);
  expect(await read({ symbol: 'SUN' })).toEqual(['SUN 0', 'SUN 1']);
  expect(await read({ instrumentKey: keys[0] })).toEqual(['RAIN 0', 'RAIN 1']);
  expect(await read({ from: START + HOUR })).toEqual(['RAIN 1', 'SUN 1']);
  expect(await read({ symbol: 'RAIN', to: START + HOUR })).toEqual(['RAIN 0']);
  expect(await read({ symbol: 'SNOW' })).toEqual([]);
});

it('the twins of an instrument are those that it names, then those that name it, by id, and the twins of all of these', async () => {
  const one = instrument('polymarket:0x1', { twins: ['predict:9'] });
  const others = [
    instrument('predict:9', { source: 'predict' }),
    instrument('kalshi:B', { source: 'kalshi', twins: ['polymarket:0x1'] }),
    instrument('kalshi:A', { source: 'kalshi', twins: ['polymarket:0x1'] }),
    instrument('kalshi:C', { source: 'kalshi', twins: ['predict:9'] }),
    instrument('kalshi:D', { source: 'kalshi', twins: ['kalshi:C'] }),
  ];
  await saveInstruments(test.database, 'RAIN', [...others, one]);
  const stored = await instrumentsOf(test.database, 'RAIN');
  const asked = stored.filter(({ id }) => id === one.id);
  const found = await twinsOf(test.database, asked);
  expect([...found.values()].map((twins) => twins.map(({ id }) => id))).toEqual([['predict:9', 'kalshi:A', 'kalshi:B', 'kalshi:C']]);
});

it('accepted outcomes keep the meaning of stored rows when the venue has only exchanged them, and replace those that it renamed', async () => {
  const yesNo = { outcomes: ['Yes', 'No'], outcomeIds: ['1', '2'] } as const;
  await saveInstruments(test.database, 'RAIN', [instrument('polymarket:0x1', yesNo), instrument('polymarket:0x2', yesNo)]);
  const accepted = async (id: string, proposed: Pick<ReturnType<typeof instrument>, 'outcomes' | 'outcomeIds'>) => {
    await noteRefusedOutcomes(test.database, [instrument(id, proposed)]);
    expect((await acceptOutcomes(test.database, id))?.before).toEqual(yesNo);
    const [{ outcomes, outcomeIds }] = (await instrumentsOf(test.database, 'RAIN')).filter((one) => one.id === id);
    return { outcomes, outcomeIds };
  };
  expect(await accepted('polymarket:0x1', { outcomes: ['No', 'Yes'], outcomeIds: ['8', '7'] })).toEqual({
    outcomes: ['Yes', 'No'],
    outcomeIds: ['7', '8'],
  });
  const renamed = { outcomes: ['Rain', 'No'], outcomeIds: ['5', '6'] } as const;
  expect(await accepted('polymarket:0x2', renamed)).toEqual(renamed);
});

describe('a socket of the embedded server', () => {
  /** A server that refuses each connection with an error of Postgres. */
  const refusing = async (code: string, text: string) => {
    const socket = path.join(folder.path, code + text.length);
    mkdirSync(socket, { recursive: true });
    const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`);
    const head = Buffer.from([0x45, 0, 0, 0, 0]);
    head.writeInt32BE(body.length + 4, 1);
    const server = createServer((connection) => connection.once('data', () => connection.end(Buffer.concat([head, body]))));
    await once(server.listen(path.join(socket, '.s.PGSQL.5432')), 'listening');
    try {
      return await answerOf(socket);
    } finally {
      server.close();
    }
  };

  it('shows whether its server starts, stops, or cannot be asked', async () => {
    expect(await refusing('57P03', 'the database system is starting up')).toBe('starting');
    expect(await refusing('57P03', 'the database system is shutting down')).toBe('stopping');
    expect(await refusing('53300', 'sorry, too many clients already')).toBe('nothing');
    expect(await answerOf(path.join(folder.path, 'no-such-folder'))).toBe('nothing');
  });

  it('belongs to no server when postmaster.pid names no process', () => {
    const data = path.join(folder.path, 'data');
    mkdirSync(data, { recursive: true });
    expect(runningServer({ data })).toBeUndefined();
    for (const text of ['0\n', '-1\n', 'x\n', '', `${2 ** 22 + 1}\n`]) {
      writeFileSync(path.join(data, 'postmaster.pid'), text);
      expect(runningServer({ data })).toBeUndefined();
    }
  });
});
