import { Command } from 'commander';
import { cutText } from '../contracts/text/cut-text.ts';
import { appendClause, didYouMean } from '../contracts/text/nearest-name.ts';
import { oneLine, visibleText } from '../contracts/text/plain-text.ts';
import { VERSION } from '../version.ts';
import { EXAMPLES } from './examples.ts';
import { usageError } from './terminal/print.ts';

/** Registers a command: adds its description, options and action. `completion` also needs to create the programs of other commands. */
type Register = (command: Command, createProgram: (requested: string | undefined) => Promise<Command>) => void;

/** A command of `predictlab`, with the texts that help and completion show without loading the command. */
interface ListedCommand {
  readonly usage: string;
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Loads the command's file; only the requested command pays for loading Temporal's client and Postgres. */
  readonly load: () => Promise<{ readonly default: Register }>;
}

const listed = (usage: string, summary: string, load: ListedCommand['load']): ListedCommand => ({
  usage,
  name: usage.split(' ')[0],
  summary,
  load,
});

const steer: ListedCommand['load'] = () => import('./commands/steer.ts');

/** Every command, in the order of the help. */
export const COMMANDS: readonly ListedCommand[] = [
  listed('run', 'start a run, watch it, and see where its report is', () => import('./commands/run.ts')),
  listed('status <run>', 'show the state of every task of a run', () => import('./commands/status.ts')),
  listed('watch <run>', 'follow a run to its end', () => import('./commands/watch.ts')),
  listed('why <run> <task>', 'explain why a task is not running, or how it ended', () => import('./commands/why.ts')),
  listed('runs', 'list the last runs, newest first', () => import('./commands/runs.ts')),
  listed('retry <run>', 'run failed tasks again and keep what succeeded', () => import('./commands/retry.ts')),
  listed('cancel <run>', 'end a run early: running tasks are cancelled, the others do not start', steer),
  listed('pause <run>', 'start no new task until `resume`; running tasks continue', steer),
  listed('resume <run>', 'start tasks again after `pause`', steer),
  listed('slots <run> <count>', 'change how many tasks of an open run go at once', steer),
  listed('plan', 'show what a run would do, in which order and why; runs nothing', () => import('./commands/plan.ts')),
  listed('rehearse', 'simulate a run: duration, success rate, best --concurrent', () => import('./commands/rehearse.ts')),
  listed('schedule', 'manage runs that start on a schedule', () => import('./commands/schedule.ts')),
  listed('symbols', 'manage the symbol catalogue: list, search, add, import, export', () => import('./commands/symbols.ts')),
  listed('import', 'import your own data', () => import('./commands/import-ticks.ts')),
  listed('export <what>', 'export data as csv, json or parquet', () => import('./commands/export.ts')),
  listed('publish <folder>', 'write a data set that another machine can check', () => import('./commands/publish.ts')),
  listed('verify <folder>', 'check a published data set or an exported folder; needs no server', () => import('./commands/verify.ts')),
  listed('candles', 'build the candles of a tick file; needs no server', () => import('./commands/candles.ts')),
  listed('backtest', 'backtest a candle file (needs no server), a stored symbol or a portfolio', () => import('./commands/backtest.ts')),
  listed('metrics', 'measure a return series or score forecasts; needs no server', () => import('./commands/metrics.ts')),
  listed('indicators', 'compute an indicator over a candle file; needs no server', () => import('./commands/indicators.ts')),
  listed('logs <run> [task]', 'print the log lines of a run or of one task', () => import('./commands/logs.ts')),
  listed('codec', 'decrypt sealed payloads for the Temporal Web UI and command line', () => import('./commands/codec.ts')),
  listed('ui', 'serve the live pages: all runs, each run while it runs, symbols', () => import('./commands/ui.ts')),
  listed('incidents', 'list open and past incidents', () => import('./commands/incidents.ts')),
  listed('report <run>', 'print the path of a run’s report', () => import('./commands/report.ts')),
  listed('deploy', 'try a new build, ramp it up, roll it back', () => import('./commands/deploy.ts')),
  listed('config', 'show what was configured when, and restore it', () => import('./commands/config.ts')),
  listed('worker', 'run tasks until stopped', () => import('./commands/worker.ts')),
  listed('dev', 'run Temporal, Postgres and a worker on this machine until Ctrl-C', () => import('./commands/dev.ts')),
  listed('demo', 'run everything on the sandbox venue, or on your own CSV files', () => import('./commands/demo.ts')),
  listed('doctor', 'check every service and say what to do', () => import('./commands/doctor.ts')),
  listed('probe [venue]', 'request each route of the venues once and say what has changed', () => import('./commands/probe.ts')),
  listed('venue', 'check a venue of your own against the contract of all sources', () => import('./commands/venue.ts')),
  listed(
    'database [command...]',
    'keep the database up and print its address, or run a command with it',
    () => import('./commands/database.ts'),
  ),
  listed('backup <file>', 'write all data and configuration into one file, verified', () => import('./commands/backup.ts')),
  listed('restore <file>', 'restore a backup, verified', () => import('./commands/backup.ts')),
  listed('heal', 'read the rows in quarantine again', () => import('./commands/heal.ts')),
  listed('prune', 'delete old data by age', () => import('./commands/prune.ts')),
  listed('upkeep', 'set the daily upkeep: prune, back up, try a restore, check data', () => import('./commands/upkeep.ts')),
  listed('completion <shell> [words...]', 'print tab completion for bash, zsh or fish', () => import('./commands/completion.ts')),
];

/**
 * The command line's program: the requested command with all its options, the others as names and summaries, because loading all commands
 * takes half a second.
 * @param requested a command's name; for anything else (help, a misspelt name) the names are enough
 */
export async function createProgram(requested: string | undefined): Promise<Command> {
  const program = new Command('predictlab')
    .description('A durable data pipeline for prediction markets: collect → clean → store → kline → backtest → visualize')
    .version(VERSION)
    .showHelpAfterError('(add --help for more)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(visibleText(text)),
      // Gives commander's messages the same prefix as ours.
      outputError: (text, write) => write(`predictlab: ${oneLine(text.replace(/^error: /, ''))}\n`),
    });
  for (const { usage, name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    if (name === requested) (await load()).default(command, createProgram);
    // Commands with descriptions of their arguments have already declared them.
    if (command.registeredArguments.length === 0 && usage !== name) command.arguments(usage.slice(name.length).trim());
  }
  finish(program, '');
  return program;
}

/**
 * Refuses an unknown command name and suggests the nearest one, at the top level and for commands with sub-commands.
 * @throws ExitError 2
 */
export function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  let group = program;
  for (const word of args) {
    const given = word === 'help' || word.startsWith('-');
    if (given || group.commands.length === 0 || group.registeredArguments.length > 0) return;
    const next = group.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next !== undefined) {
      group = next;
      continue;
    }
    const names = group.commands.map((command) => command.name());
    const path = group === program ? '' : `${group.name()} `;
    const all = group === program ? '`predictlab --help` lists the commands' : `it has ${names.join(', ')}`;
    throw usageError(appendClause(`there is no command \`predictlab ${path}${cutText(word, 60)}\`${didYouMean(word, names)}`, all));
  }
}

/** Adds the examples to a command and its sub-commands, and makes each throw instead of ending the process. */
function finish(command: Command, path: string): void {
  const examples = EXAMPLES[path] ?? [];
  if (examples.length > 0)
    command.addHelpText(
      'after',
      `\nExamples:\n${examples.map((line) => `  ${line.includes('predictlab ') ? line : `predictlab ${line}`}`).join('\n')}`,
    );
  for (const nested of command.commands) {
    const summary = nested.summary();
    if (nested.description() === '') nested.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
    nested.exitOverride().showHelpAfterError('(add --help for more)');
    finish(nested, path === '' ? nested.name() : `${path} ${nested.name()}`);
  }
}
