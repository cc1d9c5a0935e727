import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runYear } from '../../bench/year/run-year.ts';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { silent } from '../support/silent.ts';

it('runs of some days with every fault lose, duplicate and invent nothing, and report each fault (`npm run year` covers a year)', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-year-'));
  const cli = await findTemporalCli({ env: process.env, home: path.resolve('.predictlab'), log: silent });
  const { wrong, faults, results, trades, points, outages, takenBack } = await runYear({
    cli,
    home,
    firings: 12,
    seed: 5147,
    untilStage: 'kline',
    pagesEvery: 0,
  });
  await rm(home, { recursive: true, force: true });
  expect(wrong).toEqual([]);
  expect(results.success).toBeGreaterThan(2);
  expect(trades).toBeGreaterThan(1000);
  expect(points).toBeGreaterThan(1000);
  expect(takenBack).toBeGreaterThan(0);
  // several venues at once count as several
  expect(outages).toBeGreaterThanOrEqual(2);
  for (const part of ['worker', 'temporal', 'postgres']) expect(faults).toHaveProperty([`${part} killed`]);
  for (const more of [
    'corrected trades',
    'corrected points',
    'contradicting rows',
    'called closed',
    'late trades',
    'venues cut off',
    'release: canary',
    'release: promote',
  ])
    expect(faults).toHaveProperty([more]);
}, 300_000);
