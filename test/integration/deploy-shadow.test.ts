import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SandboxVenue, startSandboxVenue } from '../../sandbox/venue.ts';
import { runReportPath } from '../../src/report/elements/report-path.ts';
import type { ShadowReport } from '../../src/storage/shadow/shadow-verdicts.ts';
import { copyBuild } from '../support/build-copy.ts';
import { COMMAND, predictlab, predictlabHere } from '../support/command.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { importSandboxSymbols, SANDBOX_NOW } from '../support/sandbox-run.ts';

const HOUR = 3_600_000;
const SYMBOLS = ['BTC_PRICE', 'RATE_CUT'];

let rig: Rig;
let venue: SandboxVenue;
let clock = SANDBOX_NOW;
const runs: string[] = [];

/** Runs the pipeline as of the venue's clock, or of an earlier instant. */
async function ran(asOf = clock): Promise<string> {
  const runId = `shadowed-${runs.length + 1}`;
  const { result } = await rig.run(
    { symbols: SYMBOLS, daysBack: 2, intervals: ['1h', '4h', '1d'], asOf: new Date(asOf).toISOString() },
    runId,
  );
  expect(result, runId).not.toBe('failed');
  runs.push(runId);
  return runId;
}
const shadow = async (run: string, ...more: string[]) => {
  const { code, stdout, stderr } = await predictlabHere(['deploy', 'shadow', run, '--json', ...more], rig.env);
  return { code, stderr, report: (stdout === '' ? {} : JSON.parse(stdout)) as ShadowReport };
};
const shadowSchemas = async (): Promise<number> =>
  (
    await rig.database.query<{ count: number }>(
      "select count(*)::int as count from pg_namespace where nspname like 'predictlab\\_shadow\\_%'",
    )
  ).rows[0].count;

beforeAll(async () => {
  // PREDICTLAB_SEED: other made-up markets
  venue = await startSandboxVenue({ now: () => clock, seed: Number(process.env.PREDICTLAB_SEED ?? 7) });
  rig = await createRig({ env: venue.environment });
  await importSandboxSymbols(rig.database, SYMBOLS);
  // after later runs, late rows and a run as of the past, some inputs of the earlier runs no longer exist
  await ran();
  clock += 4 * HOUR;
  await ran();
  const { rows } = await rig.database.query<{ id: string }>(
    "select id from instruments where not (facts->>'closed')::boolean and source = 'polymarket' order by id limit 2",
  );
  for (const { id } of rows) venue.addLateTrades(id, 5);
  clock += 4 * HOUR;
  await ran();
  await ran(SANDBOX_NOW - 6 * HOUR);
  clock += HOUR / 2;
  await ran();
});
afterAll(async () => {
  await rig.close();
  await venue.close();
});

describe('a build that is compared with an earlier run by `deploy shadow`', () => {
  it('has the same result when it is the same build, whatever has been stored since', async () => {
    for (const run of runs) {
      const { code, report, stderr } = await shadow(run);
      expect({ run, code, stderr, differences: report.differences }).toEqual({ run, code: 0, stderr: '', differences: [] });
      expect(report).toMatchObject({ verdict: 'same', symbols: 2 });
      expect(report.rows.compared, run).toBeGreaterThan(100);
      expect(report.candles.compared, run).toBeGreaterThan(50);
      expect(report.rows.leftOut / report.rows.compared, run).toBeLessThan(0.2);
      expect(report.metrics.compared, run).toBeGreaterThan(0);
      if (process.env.PREDICTLAB_SEED) console.log(run, report.rows, report.candles, report.metrics, report.durations);
    }
    // nothing has come after the newest one: it is compared whole
    const { report } = await shadow(runs.at(-1)!);
    expect(report).toMatchObject({ rows: { leftOut: 0 }, metrics: { leftOut: 0 }, leftOut: [] });
    expect(report.metrics.compared).toBeGreaterThan(5);
    expect(await shadowSchemas()).toBe(0);
  });

  it.each([
    [
      'a changed candle rule',
      { file: 'src/market/candles/build-candles.js', from: 'if (p > high)', to: 'if (p > high + 0.01)' },
      /candles differ, such as .* differs/,
    ],
    [
      'a changed rule of what is a row',
      { file: 'src/market/assess-tick.js', from: 'price <= 1', to: 'price <= 0.6' },
      /rows that are stored would be quarantined: \{"price-range":/,
    ],
    [
      'a changed metric',
      { file: 'src/backtest/metrics/ratios.js', from: 'returns.deviation * Math.sqrt(', to: '1.001 * returns.deviation * Math.sqrt(' },
      /backtests differ, such as .*volatility/,
    ],
    [
      'a build that takes longer',
      {
        file: 'src/activities/stages/kline.js',
        from: 'const candles = await countCandles',
        to: 'await new Promise((resolve) => setTimeout(resolve, 2700)); const candles = await countCandles',
      },
      /^kline took \d+\.\d s, \d+\.\d times the \d\.\d s of the other build$/m,
    ],
  ])('with %s is detected, reported on the run’s page, and refused as a canary', async (_, change, said) => {
    const build = await copyBuild([change]);
    const run = runs.at(-1)!;
    const { code, stdout, stderr } = await predictlab(['deploy', 'shadow', run, '--json'], rig.env, undefined, build.command);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as ShadowReport;
    expect({ code, verdict: report.verdict }).toEqual({ code: 1, verdict: 'differs' });
    expect(report.differences.join('\n')).toMatch(said);
    const page = readFileSync(runReportPath(rig.home, run), 'utf8');
    expect(page).toContain(report.build);
    const canary = await predictlab(['deploy', 'canary', '--percent', '10', '--require-shadow'], rig.env, undefined, build.command);
    expect(canary).toMatchObject({ code: 2, stderr: expect.stringContaining(`predictlab: build ${report.build} differs on run ${run}: `) });
    await build.close();
  });

  it('leaves nothing behind when it is killed, because the next shadow cleans up', async () => {
    const child = spawn(process.execPath, [COMMAND, 'deploy', 'shadow', runs[0]], {
      env: { ...rig.env, LOG_LEVEL: 'warn' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    await expect.poll(shadowSchemas, { timeout: 20_000, interval: 20 }).toBe(1);
    child.kill('SIGKILL');
    await ended;
    expect(await shadowSchemas()).toBe(1);
    expect((await shadow(runs[0])).code).toBe(0);
    expect(await shadowSchemas()).toBe(0);
  });

  it('is refused in one sentence when the comparison is not possible', async () => {
    expect(await shadow('nobody')).toMatchObject({ code: 2, stderr: 'predictlab: there is no run nobody; `predictlab runs` lists them\n' });
    expect(await shadowSchemas()).toBe(0);
  });
});
