import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../src/cli/backtest/export-filter.ts';
import { exportTable } from '../../src/cli/backtest/export-tables.ts';
import { filesBelow } from '../../src/files/dataset/write-folder.ts';
import { encodeCsv } from '../../src/files/write/write-table.ts';
import { lakeFiles } from '../../src/storage/lake/lake.ts';
import { type MoveStep, moveTicks } from '../../src/storage/lake/move-ticks.ts';
import { verifyData } from '../../src/storage/verify/verify.ts';
import { predictlab } from '../cli/run-main.ts';
import { scratchFolder } from '../files/scratch.ts';
import { empty, type TestDatabase, testDatabase } from '../support/postgres.ts';
import { collect, DAY, HOUR, instrument, runStages, START, trade } from '../support/stage-run.ts';

const CHILD = fileURLToPath(new URL('./move-child.mjs', import.meta.url));
const STEPS: readonly MoveStep[] = ['copied', 'written', 'placed', 'locked', 'recorded', 'dropped', 'committed', 'published'];
/** Until a step, the month is in the database; from `committed` on, in the lake. */
const isMovedAt = (step: MoveStep): boolean => step === 'committed' || step === 'published';
const BEFORE = Date.UTC(2027, 0, 1);

describe.skipIf(!existsSync(new URL('../../dist/src/storage/lake/move-ticks.js', import.meta.url)))(
  'a move to the lake that is killed with -9 (needs npm run build)',
  () => {
    const folder = scratchFolder();
    let test: TestDatabase;
    beforeAll(async () => {
      test = await testDatabase();
    });
    afterAll(() => test.close());
    beforeEach(async () => {
      await empty(test.database, ['symbols', 'instruments', 'ledger', 'runs', 'staged_rows', 'ticks', 'lake', 'lake_files']);
      const rows = Array.from({ length: 500 }, (_, i) => trade(START + i * 2 * HOUR, 0.5, { identity: `t${i}` }));
      for (const [n, market] of [instrument(), instrument('kalshi:KXRAIN', { source: 'kalshi' })].entries()) {
        await collect(test.database, { executionId: `run${n}`, rows, instrument: market, covered: { from: START, to: START + 45 * DAY } });
        await runStages(test.database, { executionId: `run${n}`, asOf: START + 60 * DAY });
      }
    });

    const ticks = (): Promise<string> =>
      test.database.transaction(async (transaction) => {
        let text = '';
        for await (const part of encodeCsv(exportTable('ticks', transaction, EVERYTHING))) text += part;
        return text;
      });
    const stored = async (): Promise<number> =>
      (await test.database.query<{ n: number }>('select count(*)::int as n from ticks')).rows[0].n;

    it.each(STEPS)('has moved a month completely or not at all when killed at %s, and the next move finishes the work', async (killAt) => {
      const lake = join(folder.path, killAt);
      const before = await ticks();
      const order = JSON.stringify({ url: test.url, folder: lake, before: BEFORE, killAt });
      const child = spawn(process.execPath, [CHILD, order], { stdio: ['ignore', 'ignore', 'inherit'] });
      expect(await new Promise((resolve) => child.once('close', (_code, signal) => resolve(signal)))).toBe('SIGKILL');
      const december = 500 - 1 - Math.floor((29 * DAY - HOUR) / (2 * HOUR));
      expect(await stored()).toBe(isMovedAt(killAt) ? 2 * december : 1000);
      expect(await lakeFiles(test.database)).toHaveLength(isMovedAt(killAt) ? 2 : 0);
      expect(await ticks()).toBe(before);
      expect((await verifyData(test.database)).findings).toEqual([]);

      await moveTicks(test.database, { before: BEFORE, folder: lake });
      expect(await stored()).toBe(0);
      expect(await ticks()).toBe(before);
      expect((await verifyData(test.database)).findings).toEqual([]);
      const committed = (await lakeFiles(test.database)).map(({ path }) => path);
      expect(committed).toHaveLength(4);
      expect(await filesBelow(lake)).toEqual(['manifest.json', ...committed]);
      expect(await predictlab('verify', lake)).toMatchObject({ code: 0 });
      expect(await moveTicks(test.database, { before: BEFORE })).toBe(0);
    });
  },
);
