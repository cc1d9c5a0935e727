import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { predictlab, predictlabHere } from '../support/command.ts';
import { JsonRecord } from '../support/json-record.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW, tradesAlone } from '../support/sandbox-run.ts';

/** Options of a run of which nothing depends on the hour, nor on which of two venues answers first. */
const INPUT = ['--symbols', 'BTC_PRICE', '--sources', 'polymarket', '--days', '0.5', '--as-of', new Date(SANDBOX_NOW).toISOString()];

/** Calls after the runs `monday` and `tuesday`, in this order; `{home}` stands for a folder. */
const CALLS: readonly string[] = [
  'status monday',
  'status nobody',
  'why monday BTC_PRICE/kline',
  'why monday BTC_PRICE/nothing',
  'runs',
  'runs compare monday tuesday',
  'runs compare monday nobody',
  'retry monday',
  'cancel monday',
  'pause monday',
  'resume monday',
  'slots monday 3',
  'logs monday BTC_PRICE/clean',
  'report monday',
  'plan --retry monday',
  `plan ${INPUT.join(' ')} --until store`,
  `rehearse ${INPUT.join(' ')} --seed 7`,
  'symbols list',
  'symbols show BTC_PRICE',
  'symbols show NOBODY',
  'symbols disable BTC_PRICE',
  'symbols enable BTC_PRICE',
  'symbols export',
  'symbols twins suggest',
  'backtest symbol BTC_PRICE --interval 1h --strategy sma-cross --param fast=2 --param slow=5',
  'backtest symbol NOBODY --interval 1h --strategy sma-cross',
  'backtest portfolio --symbol BTC_PRICE --interval 1h --strategy sma-cross',
  'export coverage --symbol BTC_PRICE',
  'export candles --symbol BTC_PRICE --interval 1h --out {home}/candles.csv',
  'publish {home}/published',
  'verify {home}/published',
  'incidents',
  'config history',
  'config diff 1 2',
  'deploy status',
  'upkeep show',
  'schedule show',
  'schedule create --cron 5_*/4_*_*_*',
  'schedule pause',
  'schedule resume',
  'schedule delete',
  'doctor --sample 3',
  'backup {home}/monday.backup',
  'restore {home}/nothing.backup',
  'prune --staging 1ms',
];

describe('the command line with its services', () => {
  let venue: SandboxVenue;
  let rig: Rig;
  beforeAll(async () => {
    venue = await startSandboxVenue({ now: SANDBOX_NOW });
    rig = await createRig({ env: tradesAlone(venue) });
    await importSandboxSymbols(rig.database, ['BTC_PRICE']);
  });
  afterAll(async () => {
    await rig?.close();
    await venue?.close();
  });

  it('prints the recorded JSON with --json, and ends with the recorded exit codes', async () => {
    const record = new JsonRecord([
      [rig.home, '<home>'],
      [rig.taskQueue, '<queue>'],
    ]);
    const add = (args: readonly string[], { code, stdout, stderr }: Awaited<ReturnType<typeof predictlab>>) =>
      record.add(args, { code, out: stdout, err: stderr });
    for (const id of ['monday', 'tuesday']) {
      const runId = `${id}-${rig.taskQueue}`;
      rig.started(runId);
      const args = ['run', ...INPUT, '--run-id', runId, '--json'];
      add(args, await predictlab(args, rig.env));
    }
    for (const call of CALLS) {
      const words = call
        .replaceAll(/\b(monday|tuesday)(?!\.)\b/g, `$1-${rig.taskQueue}`)
        .replaceAll('{home}', path.join(rig.home))
        .split(' ');
      const args = [...words.map((word) => (word.startsWith('5_') ? word.replaceAll('_', ' ') : word)), '--json'];
      add(args, await predictlabHere(args, rig.env));
    }
    await expect(record.text).toMatchFileSnapshot(path.join(import.meta.dirname, 'recorded/json-of-service-commands.txt'));
  }, 300_000);
});
