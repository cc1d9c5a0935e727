import { styleText } from 'node:util';
import type { Command } from 'commander';
import { oneLine } from '../../contracts/text/plain-text.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import type { CheckResult } from '../../set-up/checks/check.ts';
import { checkData, checkHome, checkNode } from '../../set-up/checks/home.ts';
import { checkPostgres } from '../../set-up/checks/postgres.ts';
import { checkTemporalCli, checkTemporalServer } from '../../set-up/checks/temporal.ts';
import { checkVenues } from '../../set-up/checks/venues.ts';
import { createLog } from '../../telemetry/log.ts';
import { checkArtifacts, checkPlugins, checkSecrets, checkThroughTemporal } from '../doctor/checks.ts';
import { takesNumber } from '../options/parsers.ts';
import { hasColours } from '../terminal/live-table.ts';
import { printJson, printLine, printPainted, usageError } from '../terminal/print.ts';

const COLOURS = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

/** Registers `predictlab doctor`. */
export default function register(command: Command): void {
  command
    .description(
      'Checks Node.js, the Temporal CLI and server, a worker, the deployment, schedules, Postgres, the venues, the API key, plugins, the artifact store, the home folder and its disk. ' +
        'Every line says ok, warn or fail, and what to do. Exit code 0 when nothing failed, 3 when a service cannot be reached, else 1.',
    )
    .option(
      '--data',
      'also rebuild candles from their ticks and compare; compare counts, coverage, staging, twins and groups; list silent markets',
    )
    .addOption(
      takesNumber('--sample <n>', 'with --data: check candles and hourly counts of only this many series, spread over all', {
        least: 1,
        integer: true,
      }),
    )
    .option('--json', 'print { ok, checks: [{ name, status, detail, action }] }')
    .action(doctor);
}

async function doctor(options: { readonly json?: boolean; readonly data?: boolean; readonly sample?: number }): Promise<void> {
  const { env } = process;
  const home = homeFolder(env);
  if (options.sample !== undefined && !options.data) throw usageError('--sample has no effect without --data; add --data');
  const log = createLog({ LOG_LEVEL: 'warn', ...env });
  const groups = await Promise.all([
    checkNode(),
    checkHome(home),
    checkTemporalCli(env, home),
    checkTemporalServer(env),
    checkThroughTemporal(env),
    checkPostgres(env, home, log),
    // the venues of plugins are known once the plugins are loaded
    checkPlugins(env).then(async (plugins) => [...(await checkVenues(env)), ...plugins]),
    checkArtifacts(env, home),
  ]);
  groups.push(checkSecrets(env));
  if (options.data) groups.push(await checkData(env, log, options.sample === undefined ? {} : { sample: options.sample }));
  const checks = groups.flat();
  const failed = checks.filter(({ status }) => status === 'fail');
  if (options.json) {
    const lines = checks.map(({ name, status, detail, action }) => ({ name, status, detail, action }));
    printJson({ ok: failed.length === 0, checks: lines });
  } else {
    printPainted(checks.flatMap(renderCheck));
    printLine(failed.length === 0 ? 'Nothing failed.' : `${failed.length} of ${checks.length} checks failed.`);
  }
  if (failed.length > 0) process.exitCode = failed.some(({ service }) => service) ? 3 : 1;
}

function renderCheck({ name, status, detail, action }: CheckResult): string[] {
  const mark = hasColours(process.stdout) ? styleText(COLOURS[status], status.padEnd(4)) : status.padEnd(4);
  return [`${mark}  ${name.padEnd(17)} ${oneLine(detail)}`, ...(action ? [`${' '.repeat(24)}→ ${oneLine(action)}`] : [])];
}
