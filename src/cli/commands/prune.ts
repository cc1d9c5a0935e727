import type { Command } from 'commander';
import { homeFolder } from '../../processes/home-folder.ts';
import { PRUNABLE, type Prunable, type Pruned, prune } from '../../storage/backup/prune.ts';
import { type PrunedFiles, pruneLogs, pruneReports } from '../../watch/upkeep/prune-files.ts';
import { PRUNABLE_FILES, PRUNABLE_KINDS, type PrunableFiles } from '../../watch/upkeep/settings.ts';
import { takesAge, takesKeep } from '../options/parsers.ts';
import { printJson, printLine, printTable, usageError } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

type PruneOptions = { readonly dryRun?: boolean; readonly json?: boolean; readonly keep: number; readonly lake?: string } & Readonly<
  Partial<Record<Prunable | PrunableFiles, number>>
>;

const HELP = `
Ages are durations such as 90d or 52w. Only the named kinds are pruned; nothing is pruned by default.
Ticks are cut at a Monday, together with their coverage: a later run over that time collects it again. Candles stay unless you name
them too. --reports removes pages except those of the last run of each symbol (--keep for more);
\`predictlab report <run>\` writes a run's pages again while the database has the run. --staging removes rows that runs collected but
never stored; a retry of such a run collects them again.

--lake moves ticks of months that ended before the age into a folder of Parquet files, where all commands still read them. The database keeps
its place, so that later calls and the upkeep move ticks too; after you have moved the folder itself, name its new place with --lake.

  predictlab prune --ticks 1y --lake lake
  predictlab prune --ticks 1y --quarantine 90d --runs 90d --reports 90d --logs 30d --dry-run`;

/** Registers `predictlab prune`. */
export default function register(command: Command): void {
  command
    .description('Deletes data older than the given ages, by kind; everything in the database in one transaction.')
    .addOption(takesAge('--ticks <age>', 'ticks, by their time'))
    .option('--lake <folder>', 'with --ticks: move ticks of whole months into this folder instead of deleting them')
    .addOption(takesAge('--candles <age>', 'candles, by the end of their bucket'))
    .addOption(takesAge('--quarantine <age>', 'rows in quarantine, by when they were found'))
    .addOption(takesAge('--runs <age>', 'ended runs with their ledger and backtests'))
    .addOption(takesAge('--staging <age>', 'rows that were collected but never stored'))
    .addOption(takesAge('--reports <age>', 'pages of runs, by when the run ended'))
    .addOption(takesKeep())
    .addOption(takesAge('--logs <age>', 'log lines of runs and workers, by when they were written'))
    .option('--dry-run', 'only show what would be deleted')
    .option('--json', 'print [{ what, before, rows }], for files also bytes')
    .addHelpText('after', HELP)
    .action(runPrune);
}

async function runPrune(options: PruneOptions): Promise<void> {
  const now = Date.now();
  const before = instants(options, PRUNABLE, now);
  const files = instants(options, PRUNABLE_FILES, now);
  const { keep, dryRun = false, lake } = options;
  if (lake !== undefined && before.ticks === undefined) throw usageError('--lake moves ticks older than an age; add --ticks <age>');
  const named = [...Object.keys(before), ...Object.keys(files)];
  if (named.length === 0) throw usageError(`name what to prune, and the age: ${PRUNABLE_KINDS.map((what) => `--${what} 90d`).join(', ')}`);
  const home = homeFolder(process.env);
  const pruned = await useStoredData(async (database): Promise<readonly (Pruned | PrunedFiles)[]> => {
    return [
      // Pages are removed before the runs, since the runs' rows name the pages.
      ...(files.reports === undefined ? [] : [await pruneReports({ database, home, before: files.reports, dryRun, keep })]),
      ...(Object.keys(before).length === 0 ? [] : await prune(database, before, { dryRun, lake })),
      ...(files.logs === undefined ? [] : [await pruneLogs({ home, before: files.logs, dryRun })]),
    ];
  });
  if (options.json) return printJson(pruned.map((line) => ({ ...line, before: new Date(line.before).toISOString() })));
  printTable(
    [
      ['what', 'before', 'rows', 'MB'],
      ...pruned.map((line) => [
        line.what,
        new Date(line.before).toISOString(),
        line.rows.toLocaleString('en'),
        'bytes' in line ? (line.bytes / 1e6).toFixed(1) : '–',
      ]),
    ],
    { right: [2, 3] },
  );
  if (dryRun) printLine('Nothing was deleted: this was a dry run.');
}

/** The instants before which the named kinds are pruned. */
const instants = <What extends Prunable | PrunableFiles>(options: PruneOptions, kinds: readonly What[], now: number) =>
  Object.fromEntries(kinds.flatMap((what) => (options[what] === undefined ? [] : [[what, now - options[what]]]))) as Partial<
    Record<What, number>
  >;
