import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { STAGES, type Stage } from '../../contracts/words.ts';
import { formatDuration } from '../../report/elements/format.ts';
import { type Rehearsal, rehearse } from '../../scheduling/rehearse/rehearse.ts';
import { meanDurations } from '../../storage/runs/ledger/ledger.ts';
import { takesCount } from '../options/parsers.ts';
import { addRunOptions, type RunCommandOptions, runInputFrom } from '../options/run-options.ts';
import { inKnownCase } from '../plan/mistaken-input.ts';
import { printJson, printLine, usageError } from '../terminal/print.ts';
import { withExistingDatabase } from '../terminal/session.ts';

interface Options extends RunCommandOptions {
  readonly fail?: readonly string[];
  readonly seed?: number;
  readonly runs?: number;
  readonly json?: boolean;
}

/** Registers `predictlab rehearse`. */
export default function register(command: Command): void {
  addRunOptions(command)
    .description(
      'Simulates a run in virtual time with the scheduler of real runs, random durations around those of earlier runs (1 s where there are none) and the faults you specify. Runs nothing.',
    )
    .option('--fail <stage=share...>', 'share of a stage’s attempts that fail: collect=5% or collect=0.05')
    .addOption(takesCount('--seed <n>', 'seed of the random durations and faults (default: 1)', 0, 2 ** 31 - 1))
    .addOption(takesCount('--runs <n>', 'number of simulated runs (default: as many as take well under a second)', 1, 100_000))
    .option('--json', 'print the figures as JSON')
    .action(async (options: Options) => {
      const failures = failureShares(options.fail ?? []);
      const input = await runInputFrom(options);
      await withExistingDatabase(async (database) => {
        const { plannedRun } = await import('../plan/planned-run.ts');
        const { config, graph } = await plannedRun(database, await inKnownCase(database, input));
        const durations = database === undefined ? {} : await meanDurations(database);
        const rehearsal = rehearse({ graph, config, durations, failures, seed: options.seed, runs: options.runs });
        if (options.json) return printJson(rehearsal);
        const measured = STAGES.filter((stage) => durations[stage] !== undefined).length;
        printLine(rehearsalLines(rehearsal, { tasks: graph.size, maxConcurrent: config.maxConcurrent, measured }).join('\n'));
      }, 'the rehearsal uses the shipped catalogue');
    });
}

/** Parses failure shares: `collect=5%` → `{ collect: 0.05 }`. @throws ExitError 2 that says what to write instead */
export function failureShares(given: readonly string[]): Partial<Record<Stage, number>> {
  const shares: Partial<Record<Stage, number>> = {};
  for (const text of given.flatMap((part) => part.split(','))) {
    const [name, value = ''] = text.split('=').map((part) => part.trim());
    const stage = STAGES.find((known) => known === name);
    if (stage === undefined)
      throw usageError(`--fail ${text}: there is no stage ${name}; there are ${STAGES.join(', ')}${didYouMean(name, STAGES)}`);
    const share = value.endsWith('%') ? Number(value.slice(0, -1)) / 100 : Number(value);
    if (value === '' || value === '%' || !(share >= 0 && share <= 1))
      throw usageError(`--fail ${text}: write a share like ${stage}=5% or ${stage}=0.05`);
    shares[stage] = share;
  }
  return shares;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Maximum number of tasks of the critical path that are printed. */
const PATH_TASKS = 8;

/** The rehearsal in words, one figure per line. */
export function rehearsalLines(
  { makespanSeconds, successRate, slotUse, criticalPath, bestConcurrent }: Rehearsal,
  { tasks, maxConcurrent, measured }: { tasks: number; maxConcurrent: number; measured: number },
): string[] {
  const more = criticalPath.length - PATH_TASKS;
  const path = more > 0 ? `${criticalPath.slice(0, PATH_TASKS).join(' → ')} → ${more} more` : criticalPath.join(' → ');
  const advice = bestConcurrent === maxConcurrent ? '' : ` (this run: ${maxConcurrent})`;
  return [
    `tasks            ${tasks}, durations of ${measured} of ${STAGES.length} stages measured`,
    `makespan         ${formatDuration(makespanSeconds.p50)} in half of the runs, ${formatDuration(makespanSeconds.p95)} in 95 %`,
    `tasks succeed    ${percent(successRate)}`,
    `slots in use     ${percent(slotUse)} of ${maxConcurrent}`,
    `critical path    ${path === '' ? 'none' : path}`,
    `best concurrent  ${bestConcurrent}${advice}: the smallest within 5 % of the shortest makespan`,
  ];
}
