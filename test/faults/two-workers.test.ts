import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/storage/database/database.ts';
import { openDatabase } from '../../src/storage/database/open-database.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { DAY, runStage, START } from '../support/stage-run.ts';
import { collections, dataState, SYMBOL, stageCollection } from './data-state.ts';

const STAGES = ['clean', 'store', 'kline'] as const;
const STEPS = ['clean 1: claimed', 'clean 3: quarantined', 'store 1: partitions', 'store 3: merged', 'kline 1: claimed', 'kline 2: built'];
const EXECUTIONS = ['first', 'second'] as const;
const EMPTY = 'truncate symbols, instruments, ledger, runs, staged_rows, ticks restart identity cascade';
const run = (executionId: string) => ({ executionId, symbol: SYMBOL, asOf: START + 3 * DAY });

describe('two workers that execute the same tasks', () => {
  let test: TestDatabase;
  let other: Database;
  beforeAll(async () => {
    test = await testDatabase();
    other = await openDatabase({ url: test.url, applicationName: 'other worker' });
  });
  afterAll(async () => {
    await other.close();
    await test.close();
  });

  it('leave the same rows, candles and ledger as one worker, at whatever step the second worker starts', async () => {
    const { database } = test;
    const play = async (work: (stage: (typeof STAGES)[number], executionId: string) => Promise<void>) => {
      await database.query(EMPTY);
      for (const [n, executionId] of EXECUTIONS.entries()) {
        await stageCollection(database, executionId, collections(3)[n]);
        for (const stage of STAGES) await work(stage, executionId);
      }
      return await dataState(database);
    };
    const wanted = await play(async (stage, executionId) => void (await runStage(database, stage, run(executionId))));

    for (const step of STEPS) {
      let doubled = 0;
      const got = await play(async (stage, executionId) => {
        let second: Promise<unknown> | undefined;
        const probe = async (at: string): Promise<void> => {
          if (at !== step || second !== undefined) return;
          second = runStage(other, stage, run(executionId));
          second.catch(() => undefined);
          // the second one gets to where it has to wait before the first one goes on
          await new Promise((resolve) => setTimeout(resolve, 30));
        };
        const effect = await runStage(database, stage, { ...run(executionId), probe });
        if (second === undefined) return;
        doubled++;
        expect(await second, step).toEqual(effect);
      });
      expect(doubled, step).toBe(EXECUTIONS.length);
      expect(got, step).toEqual(wanted);
    }
  });

  it('leave the effect of one worker when they start at the same moment, again and again', async () => {
    const { database } = test;
    await database.query(EMPTY);
    for (const [n, executionId] of EXECUTIONS.entries()) {
      await stageCollection(database, executionId, collections(4)[n]);
      for (const stage of STAGES) {
        const effects = await Promise.all([database, other, database, other].map((worker) => runStage(worker, stage, run(executionId))));
        for (const effect of effects) expect(effect).toEqual(effects[0]);
      }
    }
    const crowded = await dataState(database);
    await database.query(EMPTY);
    for (const [n, executionId] of EXECUTIONS.entries()) {
      await stageCollection(database, executionId, collections(4)[n]);
      for (const stage of STAGES) await runStage(database, stage, run(executionId));
    }
    expect(crowded).toEqual(await dataState(database));
  });
});
