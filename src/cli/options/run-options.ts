import type { Command } from 'commander';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { INTERVALS, ORDERS, type ReadyOrder, STAGES, type Stage } from '../../contracts/words.ts';
import { isInstant } from '../../input/field-schemas.ts';
import { isRecord } from '../../input/raw-input.ts';
import { INPUT_DEFAULTS } from '../../input/resolve-config.ts';
import { defaultSources, sourceNames } from '../../sources/venues.ts';
import { usageError } from '../terminal/print.ts';
import { collect, takesCount, takesNumber, takesWord, wordOption } from './parsers.ts';
import { readJson } from './read-text.ts';
import { parseParams } from './strategy-trials.ts';

export interface StrategyOptions {
  readonly strategy?: readonly string[];
  readonly param?: readonly string[];
}

/** The options of `run`, `plan`, `rehearse` and `schedule` that describe a run. */
export interface RunCommandOptions extends StrategyOptions {
  readonly symbols?: readonly string[];
  readonly until?: Stage;
  readonly concurrent?: number;
  readonly sources?: readonly string[];
  readonly intervals?: readonly string[];
  readonly days?: number;
  readonly asOf?: string;
  readonly refetch?: boolean;
  readonly order?: ReadyOrder;
  readonly deadline?: string;
  readonly file?: string;
}

const usualStrategies = INPUT_DEFAULTS.strategies.map(({ name }) => name).join(', ');
const DAYS = { least: 1 / 24, most: 3_650, wanted: 'a number of days from 0.042 (an hour) to 3650' };

/** Adds the options that name the strategies of a run. */
export const withStrategies = (command: Command): Command =>
  command
    .option(
      '--strategy <name>',
      `strategy to backtest, shipped or of a plugin; may be given several times (default: ${usualStrategies})`,
      collect,
    )
    .option('--param <name=value>', 'a parameter of the strategy, such as fast=5; a list (fast=5,10) tries each value', collect);

/** Adds the options that describe a run; `runInputFrom` turns them into its input. */
export function addRunOptions(command: Command): Command {
  return withStrategies(command)
    .allowExcessArguments()
    .hook('preAction', (_, { args }) => {
      if (args.length > 0)
        throw usageError(`too many arguments: ${args.join(' ')}; name symbols with --symbols: predictlab run --symbols ${args.join(' ')}`);
    })
    .option('--symbols <symbols...>', 'symbols of the catalogue (default: every enabled one)')
    .addOption(takesWord('--until <stage>', `stop after this stage: ${STAGES.join(', ')}`, STAGES))
    .addOption(takesCount('--concurrent <n>', `tasks running at once (default: ${INPUT_DEFAULTS.maxConcurrent})`))
    .option('--sources <types...>', `where data comes from: ${sourceNames().join(', ')} (default: ${defaultSources().join(' ')})`)
    .option('--intervals <intervals...>', `candle intervals: ${INTERVALS.join(', ')} (default: ${INPUT_DEFAULTS.intervals.join(' ')})`)
    .addOption(takesNumber('--days <n>', `days back from now or --as-of (default: ${INPUT_DEFAULTS.daysBack})`, DAYS))
    .option('--as-of <time>', 'run as if now were this instant, ISO 8601', (text) => {
      if (isInstant(text)) return text;
      throw usageError(`--as-of ${text}: write ISO 8601 in UTC, like 2026-01-31T12:00:00Z`);
    })
    .option('--refetch', 'collect the whole window again, not only what is missing')
    .addOption(takesWord('--order <order>', `which ready task goes first: ${ORDERS.join(', ')} (default: ${INPUT_DEFAULTS.order})`, ORDERS))
    .option('--deadline <when>', 'a run that ends later is degraded, with a warning ahead: 30m after the start, or 12:15Z')
    .option('--file <pipeline.json>', 'read a pipeline input from this file; the options above override its fields');
}

/**
 * The input that the options describe: the file's fields, overridden by the options that are given.
 * @throws ExitError 2 that names the option or the file and what to write instead
 */
export async function runInputFrom(options: RunCommandOptions): Promise<PipelineInput> {
  const { file, symbols, sources, intervals, until, concurrent, days, asOf, refetch, deadline, order, strategy, param } = options;
  const given: PipelineInput = {
    symbols: symbols && listed('--symbols', symbols),
    untilStage: until,
    maxConcurrent: concurrent,
    sourceTypes: sources && listed('--sources', sources).map((name) => wordOption('--sources', name, sourceNames())),
    intervals: intervals && listed('--intervals', intervals).map((name) => wordOption('--intervals', name, INTERVALS)),
    daysBack: days,
    asOf,
    refetch,
    deadline,
    order,
    strategies: strategiesIn({ strategy, param }),
  };
  return {
    ...(file !== undefined && (await readInputFile(file))),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** The strategies that `--strategy` and `--param` name. @throws ExitError 2 when it is not clear to which strategy the parameters belong */
export function strategiesIn({ strategy: names, param: params }: StrategyOptions): PipelineInput['strategies'] {
  if (params !== undefined && names?.length !== 1)
    throw usageError(
      names === undefined
        ? '--param applies to --strategy; name one, such as --strategy rsi --param period=14'
        : '--param applies to one --strategy, and several are given; write them with their parameters in --file',
    );
  return names?.map((name) => ({ name, params: parseParams(params ?? []) }));
}

async function readInputFile(file: string): Promise<PipelineInput> {
  const wanted = 'it must hold one JSON object, a pipeline input like { "symbols": ["BTC_PRICE"] }';
  const input = await readJson(`--file ${file}`, file, wanted);
  if (!isRecord(input)) throw usageError(`--file ${file}: ${wanted}`);
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
