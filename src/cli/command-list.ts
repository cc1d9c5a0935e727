import type { Command } from 'commander';

type CreateProgram = (requested: string | undefined) => Promise<Command>;
/** Adds a command; `completion` also needs to create the programs of other commands. */
type Register = (program: Command, createProgram: CreateProgram) => void;

/** A command of `predictlab`, with what help and completion show without loading it. */
export interface ListedCommand {
  /** Name and arguments. */
  readonly usage: string;
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Loads the command's file; only the requested command pays for loading Temporal's client and Postgres. */
  readonly load: () => Promise<Register>;
}

const listed = (usage: string, summary: string, load: () => Promise<Register>): ListedCommand => ({
  usage,
  name: usage.split(' ')[0],
  summary,
  load,
});

const steer = async (): Promise<Register> => (await import('./commands/steer.ts')).registerSteer;

/** Every command, in the order of the help. Commands that share a file are registered together. */
export const COMMANDS: readonly ListedCommand[] = [
  listed('run', 'start a run, watch it, and see where its report is', async () => (await import('./commands/run.ts')).registerRun),
  listed('status <run>', 'show the state of every task of a run', async () => (await import('./commands/status.ts')).registerStatus),
  listed('watch <run>', 'follow a run to its end', async () => (await import('./commands/watch.ts')).registerWatch),
  listed(
    'why <run> <task>',
    'explain why a task is not running, or how it ended',
    async () => (await import('./commands/why.ts')).registerWhy,
  ),
  listed('runs', 'list the last runs, newest first', async () => (await import('./commands/runs.ts')).registerRuns),
  listed('retry <run>', 'run failed tasks again and keep what succeeded', async () => (await import('./commands/retry.ts')).registerRetry),
  listed('cancel <run>', 'end a run early: running tasks are cancelled, the others do not start', steer),
  listed('pause <run>', 'start no new task until `resume`; running tasks continue', steer),
  listed('resume <run>', 'start tasks again after `pause`', steer),
  listed('slots <run> <count>', 'change how many tasks of an open run go at once', steer),
  listed(
    'plan',
    'show what a run would do, in which order and why; runs nothing',
    async () => (await import('./commands/plan.ts')).registerPlan,
  ),
  listed(
    'rehearse',
    'simulate a run: duration, success rate, best --concurrent',
    async () => (await import('./commands/rehearse.ts')).registerRehearse,
  ),
  listed('schedule', 'manage runs that start on a schedule', async () => (await import('./commands/schedule.ts')).registerSchedule),
  listed(
    'symbols',
    'manage the symbol catalogue: list, search, add, import, export',
    async () => (await import('./commands/symbols.ts')).registerSymbols,
  ),
  listed('import', 'import your own data', async () => (await import('./commands/import-ticks.ts')).registerImport),
  listed('export <what>', 'export data as csv, json or parquet', async () => (await import('./commands/export.ts')).registerExport),
  listed(
    'candles',
    'build the candles of a tick file; needs no server',
    async () => (await import('./commands/candles.ts')).registerCandles,
  ),
  listed(
    'backtest',
    'backtest a candle file (needs no server), a stored symbol or a portfolio',
    async () => (await import('./commands/backtest.ts')).registerBacktest,
  ),
  listed(
    'metrics',
    'measure a return series or score forecasts; needs no server',
    async () => (await import('./commands/metrics.ts')).registerMetrics,
  ),
  listed(
    'indicators',
    'compute an indicator over a candle file; needs no server',
    async () => (await import('./commands/indicators.ts')).registerIndicators,
  ),
  listed('logs <run> [task]', 'print the log lines of a run or of one task', async () => (await import('./commands/logs.ts')).registerLogs),
  listed(
    'codec',
    'decrypt sealed payloads for the Temporal Web UI and command line',
    async () => (await import('./commands/codec.ts')).registerCodec,
  ),
  listed(
    'ui',
    'serve the live pages: all runs, each run while it runs, symbols',
    async () => (await import('./commands/ui.ts')).registerUi,
  ),
  listed('incidents', 'list open and past incidents', async () => (await import('./commands/incidents.ts')).registerIncidents),
  listed('report <run>', 'print the path of a run’s report', async () => (await import('./commands/report.ts')).registerReport),
  listed('deploy', 'try a new build, ramp it up, roll it back', async () => (await import('./commands/deploy.ts')).registerDeploy),
  listed('config', 'show what was configured when, and restore it', async () => (await import('./commands/config.ts')).registerConfig),
  listed('worker', 'run tasks until stopped', async () => (await import('./commands/worker.ts')).registerWorker),
  listed(
    'dev',
    'run Temporal, Postgres and a worker on this machine until Ctrl-C',
    async () => (await import('./commands/dev.ts')).registerDev,
  ),
  listed(
    'demo',
    'run everything on the sandbox venue, or on your own CSV files',
    async () => (await import('./commands/demo.ts')).registerDemo,
  ),
  listed('doctor', 'check every service and say what to do', async () => (await import('./commands/doctor.ts')).registerDoctor),
  listed(
    'probe [venue]',
    'request each route of the venues once and say what has changed',
    async () => (await import('./commands/probe.ts')).registerProbe,
  ),
  listed(
    'database [command...]',
    'keep the database up and print its address, or run a command with it',
    async () => (await import('./commands/database.ts')).registerDatabase,
  ),
  listed(
    'backup <file>',
    'write all data and configuration into one file, verified',
    async () => (await import('./commands/backup.ts')).registerBackup,
  ),
  listed('restore <file>', 'restore a backup, verified', async () => (await import('./commands/restore.ts')).registerRestore),
  listed('heal', 'read the rows in quarantine again', async () => (await import('./commands/heal.ts')).registerHeal),
  listed('prune', 'delete old data by age', async () => (await import('./commands/prune.ts')).registerPrune),
  listed(
    'upkeep',
    'set the daily upkeep: prune, back up, try a restore, check data',
    async () => (await import('./commands/upkeep.ts')).registerUpkeep,
  ),
  listed(
    'completion <shell> [words...]',
    'print tab completion for bash, zsh or fish',
    async () => (await import('./commands/completion.ts')).registerCompletion,
  ),
];
