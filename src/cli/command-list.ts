import type { Command } from 'commander';

/** Registers a command: adds its description, options and action. `completion` also needs to create the programs of other commands. */
type Register = (command: Command, createProgram: (requested: string | undefined) => Promise<Command>) => void;

/** A command of `predictlab`, with the texts that help and completion show without loading the command. */
export interface ListedCommand {
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
