import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { STAGES } from '../../src/contracts/words.ts';
import { importSymbols } from '../../src/storage/markets/catalogue.ts';
import { createRig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { kill, spawnWorker } from '../support/worker-process.ts';

/** More than 50, so that the stages of each symbol share one activity. */
const SYMBOLS = Array.from({ length: 51 }, (_, i) => `S${String(i).padStart(2, '0')}`);

it('a worker that is killed while it runs symbols without new trades leaves each stage with one effect, and the run succeeds', async () => {
  const rig = await createRig({ worker: false });
  const folder = path.join(rig.home, 'ticks');
  await mkdir(folder);
  const rows = Array.from({ length: 30 }, (_, i) => `${new Date(Date.UTC(2026, 0, 1, i)).toISOString()},0.${40 + i},1`);
  const fileOf = (symbol: string): string => path.join(folder, `${symbol}.csv`);
  for (const symbol of SYMBOLS) await writeFile(fileOf(symbol), `time,price,size\n${rows.join('\n')}\n`);
  await importSymbols(
    rig.database,
    SYMBOLS.map((symbol) => ({ symbol, title: '', enabled: true, priority: 3, sources: { file: [{ path: fileOf(symbol) }] } })),
    { replace: true },
  );
  const effects = async (): Promise<number> =>
    (await rig.database.query<{ count: number }>('select count(*)::int as count from ledger where finished_at is not null')).rows[0].count;

  const doomed = await spawnWorker(rig.env);
  const { runId, executionId } = await rig.lab.start({ sourceTypes: ['file'], asOf: '2026-01-03T00:00:00Z', maxConcurrent: 4 });
  await until(async () => (await effects()) >= 20, { everyMs: 5 });
  await kill(doomed);
  const before = await effects();
  expect(before).toBeLessThan(SYMBOLS.length * STAGES.length);

  const next = await spawnWorker(rig.env);
  const result = await rig.lab.result(runId);
  expect(result).toMatchObject({ result: 'success', statusBreakdown: { success: SYMBOLS.length * STAGES.length } });
  const { rows: ticks } = await rig.database.query<{ instruments: number; ticks: number }>(
    'select count(distinct instrument)::int as instruments, count(*)::int as ticks from ticks',
  );
  expect(ticks).toEqual([{ instruments: SYMBOLS.length, ticks: SYMBOLS.length * 30 }]);
  const { rows: stages } = await rig.database.query<{ symbol: string; stages: number }>(
    'select symbol, count(*)::int as stages from ledger where execution_id = $1 group by symbol having count(*) <> $2',
    [executionId, STAGES.length],
  );
  expect(stages).toEqual([]);
  await rig.close();
  await kill(next);
}, 120_000);
