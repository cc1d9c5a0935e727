import type { Command } from 'commander';

type Register = (program: Command) => void;

/** A command of `predictlab`: what help and completion say of it without loading it. */
export interface ListedCommand {
  /** Its name and arguments. */
  readonly usage: string;
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Loads its file: what Temporal's client and Postgres cost at the start is paid only by who asks for it. */
  readonly load: () => Promise<Register>;
}

const listed = (usage: string, summary: string, load: () => Promise<Register>): ListedCommand => ({
  usage,
  name: usage.split(' ')[0],
  summary,
  load,
});

const steer = async (): Promise<Register> => (await import('./commands/steer.ts')).registerSteer;

/** Every command, in the order of the help. Several of one file are registered together. */
export const COMMANDS: readonly ListedCommand[] = [
  listed('run', 'start a run, watch it, and see where its report is', async () => (await import('./commands/run.ts')).registerRun),
  listed('status <run>', 'where every task of a run stands', async () => (await import('./commands/status.ts')).registerStatus),
  listed('watch <run>', 'follow a run to its end', async () => (await import('./commands/watch.ts')).registerWatch),
  listed('why <run> <task>', 'why a task is not running, or how it ended', async () => (await import('./commands/why.ts')).registerWhy),
  listed('runs', 'the last runs, newest first', async () => (await import('./commands/runs.ts')).registerRuns),
  listed('retry <run>', 'try what failed again; what succeeded is kept', async () => (await import('./commands/retry.ts')).registerRetry),
  listed('cancel <run>', 'end a run early: what runs is cancelled, the rest does not start', steer),
  listed('pause <run>', 'start no new task until `resume`; what runs goes on', steer),
  listed('resume <run>', 'start tasks again after `pause`', steer),
  listed('slots <run> <count>', 'let more or fewer tasks of an open run go at once', steer),
  listed(
    'plan',
    'what a run would do, in which order and why; runs nothing',
    async () => (await import('./commands/plan.ts')).registerPlan,
  ),
  listed(
    'rehearse',
    'play a run in virtual time: how long, how sure, which --concurrent',
    async () => (await import('./commands/rehearse.ts')).registerRehearse,
  ),
  listed('schedule', 'the runs that come by themselves', async () => (await import('./commands/schedule.ts')).registerSchedule),
  listed(
    'symbols',
    'the symbol catalogue: list, search, add, import, export',
    async () => (await import('./commands/symbols.ts')).registerSymbols,
  ),
  listed('import', 'data in', async () => (await import('./commands/import-ticks.ts')).registerImport),
  listed('export <what>', 'data out: csv, json, parquet', async () => (await import('./commands/export.ts')).registerExport),
  listed(
    'candles',
    'candles of a tick file, to standard output; needs no server',
    async () => (await import('./commands/candles.ts')).registerCandles,
  ),
  listed(
    'backtest',
    'backtests of a candle file (needs no server), of a stored symbol, of a portfolio; as JSON',
    async () => (await import('./commands/backtest.ts')).registerBacktest,
  ),
  listed(
    'metrics',
    'metrics of a return series, or scores of forecasts, as JSON; needs no server',
    async () => (await import('./commands/metrics.ts')).registerMetrics,
  ),
  listed(
    'indicators',
    'indicator values of a candle file as CSV; needs no server',
    async () => (await import('./commands/indicators.ts')).registerIndicators,
  ),
  listed('logs <run> [task]', 'what a run, or one task of it, logged', async () => (await import('./commands/logs.ts')).registerLogs),
  listed(
    'codec',
    'opens what PREDICTLAB_PAYLOAD_KEY sealed, for the Temporal Web UI and command line',
    async () => (await import('./commands/codec.ts')).registerCodec,
  ),
  listed(
    'ui',
    'the live pages: all runs at a glance, each run while it runs, symbols as of now',
    async () => (await import('./commands/ui.ts')).registerUi,
  ),
  listed('incidents', 'open and past trouble', async () => (await import('./commands/incidents.ts')).registerIncidents),
  listed('report <run>', 'where the report of a run is', async () => (await import('./commands/report.ts')).registerReport),
  listed('deploy', 'try a new build, ramp it up, take it back', async () => (await import('./commands/deploy.ts')).registerDeploy),
  listed('config', 'what was configured when, and back to it', async () => (await import('./commands/config.ts')).registerConfig),
  listed('worker', 'run tasks until told to stop', async () => (await import('./commands/worker.ts')).registerWorker),
  listed(
    'dev',
    'embedded Temporal, Postgres and a worker for real work, until Ctrl-C',
    async () => (await import('./commands/dev.ts')).registerDev,
  ),
  listed(
    'demo',
    'the whole thing on the sandbox venue, or on your own CSV files',
    async () => (await import('./commands/demo.ts')).registerDemo,
  ),
  listed('doctor', 'checks every service and says what to do', async () => (await import('./commands/doctor.ts')).registerDoctor),
  listed(
    'database [command...]',
    'keeps the database up and says where it is, or runs a command with it',
    async () => (await import('./commands/database.ts')).registerDatabase,
  ),
  listed(
    'backup <file>',
    'all data and configuration into one file, verified',
    async () => (await import('./commands/backup.ts')).registerBackup,
  ),
  listed('restore <file>', 'put a backup back, verified', async () => (await import('./commands/restore.ts')).registerRestore),
  listed('prune', 'delete old data, by age', async () => (await import('./commands/prune.ts')).registerPrune),
  listed(
    'upkeep',
    'what is done once a day by itself: prune, back up, try a restore, check data',
    async () => (await import('./commands/upkeep.ts')).registerUpkeep,
  ),
  listed(
    'completion <shell> [words...]',
    'tab completion for bash, zsh or fish',
    async () => (await import('./commands/completion.ts')).registerCompletion,
  ),
];
