import { Command, CommanderError } from 'commander';
import { ERROR_EFFECTS, type ErrorType, messageOf, PredictLabError } from '../contracts/errors.ts';
import { ExitError } from './exit.ts';
import { VERSION } from '../version.ts';

type Register = (program: Command) => void;

/** Every command, loaded only when it is asked for: Temporal's client and Postgres cost a start of their own. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  run: async () => (await import('./run.ts')).registerRun,
  status: async () => (await import('./status.ts')).registerStatus,
  watch: async () => (await import('./watch.ts')).registerWatch,
  why: async () => (await import('./why.ts')).registerWhy,
  runs: async () => (await import('./runs.ts')).registerRuns,
  retry: async () => (await import('./retry.ts')).registerRetry,
  cancel: async () => (await import('./steer.ts')).registerSteer,
  plan: async () => (await import('./plan.ts')).registerPlan,
  rehearse: async () => (await import('./rehearse.ts')).registerRehearse,
  schedule: async () => (await import('./schedule.ts')).registerSchedule,
  symbols: async () => (await import('./symbols.ts')).registerSymbols,
  import: async () => (await import('./import-ticks.ts')).registerImport,
  export: async () => (await import('./export.ts')).registerExport,
  candles: async () => (await import('./candles.ts')).registerCandles,
  backtest: async () => (await import('./backtest.ts')).registerBacktest,
  metrics: async () => (await import('./metrics.ts')).registerMetrics,
  indicators: async () => (await import('./indicators.ts')).registerIndicators,
  report: async () => (await import('./report.ts')).registerReport,
  worker: async () => (await import('./worker.ts')).registerWorker,
  dev: async () => (await import('./dev.ts')).registerDev,
  demo: async () => (await import('./demo.ts')).registerDemo,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
  backup: async () => (await import('./backup.ts')).registerBackup,
  restore: async () => (await import('./restore.ts')).registerRestore,
  prune: async () => (await import('./prune.ts')).registerPrune,
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
  if (type === 'CriticalTaskFailed') return 1;
  if (ERROR_EFFECTS[type] === 'retryable' || type === 'SourceUnauthorized' || type === 'SourceBlocked') return 3;
  return 2;
}
