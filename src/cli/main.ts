import { Command, CommanderError } from 'commander';
import { ERROR_EFFECTS, type ErrorType, messageOf, PredictLabError } from '../contracts/errors.ts';
import { VERSION } from '../version.ts';
import { ExitError } from './terminal/exit.ts';

type Register = (program: Command) => void;

/** Every command, loaded only when it is asked for: Temporal's client and Postgres cost a start of their own. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import('./commands/run.ts')).registerRun,
  status: async () => (await import('./commands/status.ts')).registerStatus,
  watch: async () => (await import('./commands/watch.ts')).registerWatch,
  why: async () => (await import('./commands/why.ts')).registerWhy,
  runs: async () => (await import('./commands/runs.ts')).registerRuns,
  retry: async () => (await import('./commands/retry.ts')).registerRetry,
  cancel: async () => (await import('./commands/steer.ts')).registerSteer,
  plan: async () => (await import('./commands/plan.ts')).registerPlan,
  rehearse: async () => (await import('./commands/rehearse.ts')).registerRehearse,
  schedule: async () => (await import('./commands/schedule.ts')).registerSchedule,
  symbols: async () => (await import('./commands/symbols.ts')).registerSymbols,
  import: async () => (await import('./commands/import-ticks.ts')).registerImport,
  export: async () => (await import('./commands/export.ts')).registerExport,
  candles: async () => (await import('./commands/candles.ts')).registerCandles,
  backtest: async () => (await import('./commands/backtest.ts')).registerBacktest,
  metrics: async () => (await import('./commands/metrics.ts')).registerMetrics,
  indicators: async () => (await import('./commands/indicators.ts')).registerIndicators,
  logs: async () => (await import('./commands/logs.ts')).registerLogs,
  ui: async () => (await import('./commands/ui.ts')).registerUi,
  report: async () => (await import('./commands/report.ts')).registerReport,
  worker: async () => (await import('./commands/worker.ts')).registerWorker,
  dev: async () => (await import('./commands/dev.ts')).registerDev,
  demo: async () => (await import('./commands/demo.ts')).registerDemo,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  backup: async () => (await import('./commands/backup.ts')).registerBackup,
  restore: async () => (await import('./commands/restore.ts')).registerRestore,
  prune: async () => (await import('./commands/prune.ts')).registerPrune,
};
/** Commands that another one's file registers. */
const REGISTERED_WITH: Readonly<Record<string, string>> = { pause: 'cancel', resume: 'cancel', slots: 'cancel' };

/** Whoever reads us may have enough (`| head`): that is no error. */
function endQuietlyWhenUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

/** Runs one command. @returns the exit code: 0 ok, 1 the run failed, 2 wrong usage, 3 cannot reach a service */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('predictlab')
    .description('A durable data pipeline for prediction markets: collect → clean → store → kline → backtest → visualize')
    .version(VERSION)
    .showHelpAfterError('(add --help for more)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
  if (!process.stdout.listeners('error').includes(endQuietlyWhenUnread)) process.stdout.on('error', endQuietlyWhenUnread);
  const asked = REGISTERED_WITH[args[0]] ?? args[0];
  try {
    // Anything but a command's name needs them all: help, a misspelt name.
    const wanted = asked in COMMANDS ? [COMMANDS[asked]] : Object.values(COMMANDS);
    for (const load of wanted) (await load())(program);
    inheritExitOverride(program);
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** A nested command ends the process by itself unless it is told to throw as the program does. */
function inheritExitOverride(command: Command): void {
  for (const nested of command.commands) {
    nested.exitOverride().showHelpAfterError('(add --help for more)');
    inheritExitOverride(nested);
  }
}

function report(error: unknown): number {
  // commander has printed its message already
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  // By its name: Temporal's client is loaded only by the commands that need it.
  const namespace = error instanceof Error && error.name === 'NamespaceNotFoundError';
  process.stderr.write(`predictlab: ${messageOf(error)}${namespace ? '; set TEMPORAL_NAMESPACE to one that Temporal has' : ''}\n`);
  if (namespace) return 2;
  if (error instanceof ExitError) return error.exitCode;
  if (error instanceof PredictLabError) return exitCodeOfType(error.type);
  if (process.env.LOG_LEVEL === 'debug' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return 1;
}

/** Retryable errors are services that are away; the others need the user. */
function exitCodeOfType(type: ErrorType): number {
  if (type === 'CriticalTaskFailed' || type === 'NothingSucceeded') return 1;
  if (ERROR_EFFECTS[type] === 'retryable' || type === 'SourceUnauthorized' || type === 'SourceBlocked') return 3;
  return 2;
}
