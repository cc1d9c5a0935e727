import { CommanderError } from 'commander';
import { ERROR_EFFECTS, type ErrorType, fileTrouble, messageOf, missingPart, PredictLabError } from '../contracts/errors.ts';
import { oneLine, visibleText } from '../contracts/text/plain-text.ts';
import { secretsOf } from '../secrets/secrets.ts';
import { presentSpelling, spellingNote } from './backtest/old-spelling.ts';
import { createProgram, refuseUnknownCommand } from './program.ts';
import { ExitError, note } from './terminal/print.ts';

/** Ends the process when standard output fails: quietly when the reader closed the pipe (`| head`), with a sentence and code 2 when the disk is full. */
function endWhenUnwritten(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`predictlab: standard output cannot be written: ${fileTrouble(error)}; free some disk space, or write elsewhere\n`);
  process.exit(2);
}

/** Ignores a failing standard error: the command continues without its notes. */
const ignoreClosedStderr = (): void => undefined;

/** Runs one command. @returns the exit code: 0 ok, 1 the run failed, 2 wrong usage, 3 cannot reach a service */
export async function main(given: readonly string[]): Promise<number> {
  if (!process.stdout.listeners('error').includes(endWhenUnwritten)) process.stdout.on('error', endWhenUnwritten);
  if (!process.stderr.listeners('error').includes(ignoreClosedStderr)) process.stderr.on('error', ignoreClosedStderr);
  try {
    const respelt = presentSpelling(given);
    const args = respelt ?? given;
    await loadVenues(args);
    const program = await createProgram(args[0] === 'help' ? args[1] : args[0]);
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    refuseUnknownCommand(program, args);
    await program.parseAsync(args, { from: 'user' });
    // Shown only after a success: a failed command prints its error and nothing else.
    if (respelt !== undefined) note(spellingNote(respelt));
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** Loads plugins before commands whose options, or whose `--sources`, may name a plugin's venue. */
async function loadVenues(args: readonly string[]): Promise<void> {
  const needed = ['symbols', 'probe', 'venue'].includes(args[0]) || args.includes('--sources');
  if (!needed || !process.env.PREDICTLAB_PLUGINS) return;
  const { loadPlugins } = await import('../activities/custom/load-plugins.ts');
  await loadPlugins(process.env);
}

/** The first line of an `InvalidPipelineError`, raised here or by a run. */
const LISTS_PROBLEMS = /^\d+ problems? in the pipeline input:\n- /;

function report(error: unknown): number {
  // Commander has already printed the error's message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const missing = missingPart(error);
  if (missing !== undefined) {
    process.stderr.write(`${oneLine(missing)}\n`);
    return 3;
  }
  // Compared by name, so that only the commands that need Temporal's client load it.
  const namespace = error instanceof Error && error.name === 'NamespaceNotFoundError';
  const message = secretsOf(process.env).text(messageOf(error));
  // Only our own lists keep their line breaks: foreign text with a line break could pass for our output.
  const shown = LISTS_PROBLEMS.test(message) ? visibleText(message) : oneLine(message);
  process.stderr.write(`predictlab: ${shown}${namespace ? '; set TEMPORAL_NAMESPACE to one that Temporal has' : ''}\n`);
  if (namespace) return 2;
  if (error instanceof ExitError) return error.exitCode;
  if (error instanceof PredictLabError) return exitCodeOfType(error.type);
  if (process.env.LOG_LEVEL === 'debug' && error instanceof Error)
    process.stderr.write(`${visibleText(secretsOf(process.env).text(error.stack ?? ''))}\n`);
  return 1;
}

/** Exit code for a type of error: 1 for a failed run, 3 for services that may recover, 2 for mistakes that the user has to fix. */
function exitCodeOfType(type: ErrorType): number {
  if (type === 'CriticalTaskFailed' || type === 'NothingSucceeded') return 1;
  if (ERROR_EFFECTS[type] === 'retryable' || type === 'SourceUnauthorized' || type === 'SourceBlocked') return 3;
  return 2;
}
