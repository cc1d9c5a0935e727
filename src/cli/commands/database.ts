import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { Closers } from '../../closers.ts';
import { messageOf } from '../../contracts/errors.ts';
import { SIGNAL_EXIT_CODES, stopSignal } from '../../set-up/processes/stop-signal.ts';
import { openDatabase } from '../../storage/database/open-database.ts';
import { resolveDatabase } from '../../storage/embedded/resolve-database.ts';
import { createLog } from '../../telemetry/log.ts';
import { note, printLine, usageError } from '../terminal/print.ts';

const HELP = `
The embedded Postgres runs while a process uses it. This command migrates the tables and keeps Postgres up until Ctrl-C, or while the
given command runs; that command finds the address in DATABASE_URL, which psql, psycopg and every other Postgres driver accepts.
Read from the views readable_candles, readable_ticks, readable_backtests, readable_trades, readable_equity, readable_walk_forward,
readable_coverage, readable_quarantine: the columns of \`predictlab export\`. When DATABASE_URL is set already, that database is used.

  predictlab database
  predictlab database --json
  predictlab database python3 notebook.py`;

/** Registers `predictlab database`. */
export default function register(command: Command): void {
  command
    .description('Keeps the database up and prints its address, or runs a command with it.')
    .argument('[command...]', 'run this command with DATABASE_URL set, and end with it')
    .option('--json', 'print the address as JSON')
    .passThroughOptions()
    .addHelpText('after', HELP)
    .action(database);
}

async function database(command: readonly string[], { json = false }: { json?: boolean }): Promise<void> {
  const log = createLog({ LOG_LEVEL: 'warn', ...process.env });
  const closers = new Closers(log);
  const stop = stopSignal();
  try {
    const { url } = closers.add('the embedded Postgres', await resolveDatabase(process.env, log));
    // Opened once so that the migrations run: readers then find the tables of this version.
    await (await openDatabase({ url, max: 1, applicationName: 'predictlab-cli' })).close();
    if (command.length > 0) {
      process.exitCode = await run(command, url, stop.stopped);
      return;
    }
    if (json) printLine(JSON.stringify({ url }));
    else printLine(url);
    if (process.stderr.isTTY) note('the database stays up until Ctrl-C');
    process.exitCode = SIGNAL_EXIT_CODES[await keptAlive(stop.stopped)];
  } finally {
    await closers.close();
  }
}

/** Waits for a signal; a timer keeps the process alive meanwhile. */
async function keptAlive<T>(stopped: Promise<T>): Promise<T> {
  const hour = setInterval(() => undefined, 3_600_000);
  try {
    return await stopped;
  } finally {
    clearInterval(hour);
  }
}

/** Runs a command with the database's address. @returns the command's exit code */
async function run([file, ...args]: readonly string[], url: string, stopped: Promise<NodeJS.Signals>): Promise<number> {
  const child = spawn(file, args, { stdio: 'inherit', env: { ...process.env, DATABASE_URL: url } });
  void stopped.then((signal) => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(usageError(`${file} cannot be run: ${messageOf(error)}`)));
    child.on('exit', (code, signal) => resolve(code ?? SIGNAL_EXIT_CODES[signal as keyof typeof SIGNAL_EXIT_CODES] ?? 1));
  });
}
