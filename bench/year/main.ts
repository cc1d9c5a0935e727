import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { findTemporalCli } from '../../src/set-up/temporal/temporal-cli.ts';
import { type FiringSample, runYear, type YearReport } from './run-year.ts';

const USAGE = 'usage: npm run year -- [--firings 2190] [--seed 1] [--minutes <at most>]';
const PARTS = 6;
/** Milliseconds from which a firing is printed as slow. */
const SLOW_MS = 15_000;

/** Runs a year of four-hourly firings with seeded faults, and prints the result. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { firings: { type: 'string', default: '2190' }, seed: { type: 'string', default: '1' }, minutes: { type: 'string' } },
  });
  const [firings, seed, minutes] = [Number(values.firings), Number(values.seed), Number(values.minutes ?? Number.POSITIVE_INFINITY)];
  if (!(Number.isInteger(firings) && firings >= 10 && Number.isInteger(seed) && minutes > 0)) {
    console.error(`${USAGE}\n--firings is a whole number from 10 on, --seed a whole number`);
    return 2;
  }
  const home = await mkdtemp(path.join(tmpdir(), 'predictlab-year-'));
  const log = { debug: () => undefined, info: () => undefined, warn: console.error, error: console.error };
  let until = Date.now() + minutes * 60_000;
  // a signal ends the year after the firing that is under way, and with it the servers
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (until = 0));
  try {
    const cli = await findTemporalCli({ env: process.env, home: path.resolve('.predictlab'), log });
    const report = await runYear({ cli, home, firings, seed, progress: tell, enough: () => Date.now() > until });
    print(report, { firings, seed });
    return report.wrong.length === 0 ? 0 : 1;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function tell({ index, result, ms, workerBytes, databaseBytes }: FiringSample): void {
  if (index % 10 !== 0 && ms < SLOW_MS) return;
  console.error(
    `firing ${index}: ${result} in ${(ms / 1000).toFixed(1)} s, worker ${mb(workerBytes)} MB, database ${mb(databaseBytes)} MB`,
  );
}

function print(
  {
    samples,
    faults,
    results,
    instruments,
    trades,
    venues,
    points,
    settled,
    candles,
    incidents,
    outages,
    takenBack,
    stages,
    wrong,
  }: YearReport,
  asked: { firings: number; seed: number },
): void {
  console.log(`seed ${asked.seed}: ${samples.length} firings ran of ${asked.firings}`);
  console.log(`runs ${JSON.stringify(results)}`);
  console.log(`faults ${JSON.stringify(faults)}`);
  console.log(
    `${instruments} instruments, ${trades} trades, ${points} price points and ${settled} results compared with the venue, ${candles} candles with their ticks`,
  );
  for (const [venue, { stored, missing, extra, doubled }] of Object.entries(venues))
    console.log(`${venue}: ${stored} trades compared, ${missing} missing, ${extra} extra, ${doubled} doubled`);
  console.log(`${incidents} incidents, ${outages} outages that a run met, ${takenBack} times a venue took something back`);
  console.log(`mean seconds ${stages.map(({ task, seconds }) => `${task} ${seconds.toFixed(2)}`).join(', ')}\n`);
  console.log('firings      calm p50 s  calm p95 s  CPU p50 s  worker MB  database MB  KB a firing  pages MB');
  const size = Math.ceil(samples.length / PARTS);
  for (let from = 0; from < samples.length; from += size) {
    const part = samples.slice(from, from + size);
    const calm = part.filter((sample) => sample.calm && !sample.pages);
    const at = (share: number, of: readonly number[]): string => {
      const sorted = [...of].sort((a, b) => a - b);
      return sorted.length === 0 ? '–' : (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] / 1000).toFixed(2);
    };
    const took = calm.map(({ ms }) => ms);
    const last = part[part.length - 1];
    const growth = (last.databaseBytes - part[0].databaseBytes) / Math.max(1, part.length - 1) / 1000;
    const cells = [
      at(0.5, took),
      at(0.95, took),
      at(
        0.5,
        calm.flatMap(({ cpuMs }) => cpuMs ?? []),
      ),
      mb(Math.max(...part.map(({ workerBytes }) => workerBytes))),
      mb(last.databaseBytes),
      growth.toFixed(0),
      mb(last.pageBytes),
    ];
    console.log(
      `${`${part[0].index}–${last.index}`.padEnd(12)}${cells.map((cell, i) => cell.padStart([11, 12, 11, 11, 13, 13, 10][i])).join('')}`,
    );
  }
  console.log(
    wrong.length === 0
      ? '\nnothing was lost, doubled, invented, or reported wrongly'
      : `\nWRONG\n${wrong.map((line) => `- ${line}`).join('\n')}`,
  );
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);

process.exitCode = await main();
