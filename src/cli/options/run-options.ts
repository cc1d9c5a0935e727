import type { Command } from 'commander';
import { fileTrouble, messageOf } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { INTERVALS, ORDERS, SOURCE_TYPES, STAGES } from '../../contracts/words.ts';
import { INPUT_DEFAULTS } from '../../input/defaults.ts';
import { isInstant } from '../../input/field-schemas.ts';
import { ExitError, usageError } from '../terminal/exit.ts';
import { numberOption } from './number-option.ts';
import { parseJson, readText } from './read-text.ts';

/** The options of `run`, `plan`, `rehearse` and `schedule` that describe a run. */
export interface RunCommandOptions {
  readonly symbols?: readonly string[];
  readonly until?: string;
  readonly concurrent?: string;
  readonly sources?: readonly string[];
  readonly intervals?: readonly string[];
  readonly days?: string;
  readonly asOf?: string;
  readonly refetch?: boolean;
  readonly order?: string;
  readonly deadline?: string;
  readonly file?: string;
}

/** Adds the options that describe a run; `runInputFrom` turns them into its input. */
export function addRunOptions(command: Command): Command {
  return command
    .allowExcessArguments()
    .hook('preAction', (_, { args }) => {
      if (args.length > 0)
        throw usageError(`too many arguments: ${args.join(' ')}; name symbols with --symbols: predictlab run --symbols ${args.join(' ')}`);
    })
    .option('--symbols <symbols...>', 'symbols of the catalogue (default: every enabled one)')
    .option('--until <stage>', `stop after this stage: ${STAGES.join(', ')}`)
    .option('--concurrent <n>', `tasks running at once (default: ${INPUT_DEFAULTS.maxConcurrent})`)
    .option('--sources <types...>', `where data comes from: ${SOURCE_TYPES.join(', ')} (default: ${INPUT_DEFAULTS.sourceTypes.join(' ')})`)
    .option('--intervals <intervals...>', `candle intervals: ${INTERVALS.join(', ')} (default: ${INPUT_DEFAULTS.intervals.join(' ')})`)
    .option('--days <n>', `days back from now or --as-of (default: ${INPUT_DEFAULTS.daysBack})`)
    .option('--as-of <time>', 'run as if now were this instant, ISO 8601')
    .option('--refetch', 'collect the whole window again, not only what is missing')
    .option('--order <order>', `which ready task goes first: ${ORDERS.join(', ')} (default: ${INPUT_DEFAULTS.order})`)
    .option('--deadline <when>', 'a run that ends later is degraded, with a warning ahead: 30m after the start, or 12:15Z')
    .option('--file <pipeline.json>', 'read a pipeline input from this file; the options above override its fields');
}

/**
 * The input that the options describe: the file's fields, overridden by the options that are given.
 *
 * @throws ExitError 2 that names the option or the file and what to write instead
 */
export async function runInputFrom(options: RunCommandOptions): Promise<PipelineInput> {
  const input = options.file === undefined ? {} : await readInputFile(options.file);
  if (options.symbols !== undefined) input.symbols = listed('--symbols', options.symbols);
  if (options.until !== undefined) input.untilStage = word('--until', options.until, STAGES);
  const maxConcurrent = numberOption('--concurrent', options.concurrent, { least: 1, most: 10_000, integer: true });
  if (maxConcurrent !== undefined) input.maxConcurrent = maxConcurrent;
  if (options.sources !== undefined)
    input.sourceTypes = listed('--sources', options.sources).map((name) => word('--sources', name, SOURCE_TYPES));
  if (options.intervals !== undefined)
    input.intervals = listed('--intervals', options.intervals).map((name) => word('--intervals', name, INTERVALS));
  const daysBack = numberOption('--days', options.days, {
    least: 1 / 24,
    most: 3_650,
    wanted: 'a number of days from 0.042 (an hour) to 3650',
  });
  if (daysBack !== undefined) input.daysBack = daysBack;
  if (options.asOf !== undefined) {
    if (!isInstant(options.asOf)) throw usageError(`--as-of ${options.asOf}: write ISO 8601 in UTC, like 2026-01-31T12:00:00Z`);
    input.asOf = options.asOf;
  }
  if (options.refetch !== undefined) input.refetch = options.refetch;
  if (options.deadline !== undefined) input.deadline = options.deadline;
  if (options.order !== undefined) input.order = word('--order', options.order, ORDERS);
  return input;
}

async function readInputFile(file: string): Promise<PipelineInput> {
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    throw usageError(`--file ${file} cannot be read: ${fileTrouble(error)}`);
  }
  let input: unknown;
  try {
    input = parseJson(text);
  } catch (error) {
    if (error instanceof ExitError) throw usageError(`--file ${file}: ${error.message}`);
    throw usageError(
      `--file ${file} is not valid JSON: ${messageOf(error)
        .replace(/,? ?"(?:\.\.\.)?[^]*$/, '')
        .replace(/^Unexpected token/, 'unexpected')}`,
    );
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw usageError(`--file ${file} must hold one JSON object, a pipeline input like { "symbols": ["BTC_PRICE"] }`);
  }
  return input;
}

/** Names separated by spaces or commas. An empty list is refused: it usually comes from a shell variable that is not set. */
function listed(option: string, given: readonly string[]): string[] {
  const names = given
    .flatMap((part) => part.split(','))
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (names.length === 0) throw usageError(`${option} is empty; name at least one, or leave ${option} out`);
  return names;
}

function word<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const found = words.find((known) => known.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw usageError(`${option} ${text}: there are ${words.join(', ')}${didYouMean(text, words)}`);
  return found;
}
