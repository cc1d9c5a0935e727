import { hostname } from 'node:os';
import type { Command } from 'commander';
import { Closers } from '../../closers.ts';
import { messageOf } from '../../contracts/errors.ts';
import { candidateVersion } from '../../contracts/worker/deployment-version.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import type { Database } from '../../storage/database/database.ts';
import { runOf, type StoredRun } from '../../storage/runs/runs.ts';
import { openShadowSchema } from '../../storage/shadow/shadow-schema.ts';
import { type ShadowReport, saveShadow } from '../../storage/shadow/shadow-verdicts.ts';
import { createLog } from '../../telemetry/log.ts';
import { buildId } from '../../worker/build-id.ts';
import { takesNumber } from '../options/parsers.ts';
import { noRun, note, printJson, printLine, usageError } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

/** Adds `deploy shadow`. */
export function registerDeployShadow(deploy: Command): void {
  deploy
    .command('shadow <run>')
    .summary('try this build on the inputs of an ended run and compare the results')
    .description(
      'Runs clean, store, kline and backtest of this build on the ticks and coverage of a run, in a separate schema that is dropped afterwards. Compares every row, candle and metric with the stored ones, and the durations with those of another build on the same inputs. ' +
        'Data that has changed since the run is left out and counted. Exit code 1 when the results differ; the verdict is stored and shown on the page of the run.',
    )
    .addOption(
      takesNumber('--tolerance <share>', 'relative difference up to which metrics count as equal', { least: 0, most: 1 }).default(1e-9),
    )
    .addOption(
      takesNumber('--slower <times>', 'factor by which a stage may take longer than with another build (stages under 5 s always pass)', {
        least: 1,
      }).default(3),
    )
    .option('--json', 'print { verdict, runId, build, symbols, rows, candles, metrics, durations, differences, leftOut }')
    .action(async (run: string, { json, ...limits }: { tolerance: number; slower: number; json?: boolean }) => {
      const report = await useStoredData((database) => shadow(database, run, limits));
      if (json) printJson(report);
      else printReport(report);
      if (report.verdict === 'differs') process.exitCode = 1;
    });
}

async function shadow(main: Database, id: string, limits: { readonly tolerance: number; readonly slower: number }): Promise<ShadowReport> {
  const run = await runOf(main, id);
  if (run === undefined) throw noRun(id);
  if (run.status === null) throw usageError(`run ${run.runId} has not ended yet; shadow one that has`);
  // Loaded here: the other commands of `deploy` do not need the stages.
  const [{ loadPlugins }, { createPluginThreads }, { shadowOf }] = await Promise.all([
    import('../../activities/custom/load-plugins.ts'),
    import('../../activities/custom/threads/plugin-threads.ts'),
    import('../records/shadow-of.ts'),
  ]);
  const log = createLog({ LOG_LEVEL: 'error', ...process.env });
  const build = candidateVersion(process.env, buildId).buildId;
  const closers = new Closers(log);
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => stop.abort(usageError(`stopped by ${signal}; nothing was changed`));
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const plugins = await loadPlugins(process.env);
    const threads = closers.add('the plugin threads', createPluginThreads(log));
    const schema = closers.add('the shadow schema', await openShadowSchema(main));
    const report = await shadowOf({ main, schema, run, build, plugins, threads, log, signal: stop.signal, host: hostname(), ...limits });
    await saveShadow(main, { executionId: run.executionId, host: hostname(), report });
    await renewPage(main, run);
    return report;
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await closers.close();
  }
}

/** Writes the run's page again, with the verdict. A failure is only logged, because the verdict is stored already. */
async function renewPage(database: Database, { executionId }: StoredRun): Promise<void> {
  try {
    const { writeRunReport } = await import('../../activities/report/run-report.ts');
    await writeRunReport({ database, home: homeFolder(process.env), executionId });
  } catch (error) {
    note(`the run's page could not be written again: ${messageOf(error)}`);
  }
}

function printReport({ verdict, runId, build, rows, candles, metrics, durations, differences, leftOut }: ShadowReport): void {
  printLine(`${verdict}: build ${build} on the inputs of ${runId}`);
  for (const [what, { compared, different, leftOut: left }] of [
    ['rows', rows],
    ['candles', candles],
    ['metrics', metrics],
  ] as const)
    printLine(
      `  ${what.padEnd(8)} ${compared.toLocaleString('en')} compared, ${different.toLocaleString('en')} different${left === 0 ? '' : `, ${left.toLocaleString('en')} left out`}`,
    );
  for (const { stage, seconds, before } of durations)
    printLine(`  ${stage.padEnd(8)} ${seconds.toFixed(2)} s${before === null ? '' : `, before ${before.toFixed(2)} s`}`);
  for (const sentence of differences) printLine(`  differs: ${sentence}`);
  for (const sentence of leftOut) printLine(`  left out: ${sentence}`);
}
