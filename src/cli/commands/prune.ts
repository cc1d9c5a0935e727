import type { Command } from 'commander';
import ms, { type StringValue } from 'ms';
import { PRUNABLE, type Prunable, type PruneBefore, prune } from '../../storage/backup/prune.ts';
import { usageError } from '../terminal/exit.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { useDatabase } from '../terminal/session.ts';

type PruneOptions = { readonly dryRun?: boolean; readonly json?: boolean } & Readonly<Partial<Record<Prunable, string>>>;

const HELP = `
Ages are durations such as 90d or 52w. Only what you name is pruned; nothing is pruned by default.
Ticks are cut at a Monday, and their coverage with them: a later run over that time collects it again. Candles stay unless you name
them too. --staging removes rows that runs collected but never stored; a retry of such a run collects them again.

  predictlab prune --ticks 1y --quarantine 90d --runs 90d --dry-run`;

/** Adds `predictlab prune`. */
export function registerPrune(program: Command): void {
  program
    .command('prune')
    .description('Deletes what is older than you say, kind by kind, in one transaction.')
    .option('--ticks <age>', 'ticks, by their time')
    .option('--candles <age>', 'candles, by the end of their bucket')
    .option('--quarantine <age>', 'rows in quarantine, by when they were found')
    .option('--runs <age>', 'ended runs with their ledger and backtests')
    .option('--staging <age>', 'rows that were collected but never stored')
    .option('--dry-run', 'only say what would go')
    .option('--json', 'print [{ what, before, rows }]')
    .addHelpText('after', HELP)
    .action(runPrune);
}

async function runPrune(options: PruneOptions): Promise<void> {
  const before = instants(options, Date.now());
  if (Object.keys(before).length === 0)
    throw usageError(`say what to prune and how old: ${PRUNABLE.map((what) => `--${what} 90d`).join(', ')}`);
  const dryRun = options.dryRun === true;
  const pruned = await useDatabase((database) => prune(database, before, { dryRun }));
  if (options.json) {
    printJson(pruned.map((line) => ({ ...line, before: new Date(line.before).toISOString() })));
    return;
  }
  printTable(
    [
      ['what', 'before', 'rows'],
      ...pruned.map(({ what, before, rows }) => [what, new Date(before).toISOString(), rows.toLocaleString('en')]),
    ],
    { right: [2] },
  );
  if (dryRun) printLine('Nothing was deleted: this was a dry run.');
}

function instants(options: PruneOptions, now: number): PruneBefore {
  const named = PRUNABLE.flatMap((what) => {
    const age = options[what];
    return age === undefined ? [] : [[what, now - durationOf(what, age)] as const];
  });
  return Object.fromEntries(named);
}

function durationOf(what: string, age: string): number {
  const duration = /[a-z]/i.test(age) ? ms(age as StringValue) : Number.NaN;
  if (!(duration > 0)) throw usageError(`--${what} ${age}: write an age such as 90d, 12w or 1y`);
  return duration;
}
