import type { Argument, Command, Option } from 'commander';
import { FEE_MODELS } from '../../contracts/fee-models.ts';
import { INTERVALS, ORDERS, STAGES } from '../../contracts/words.ts';

export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What may be typed next: words of `predictlab`, or a file name, which the shell completes itself. */
export type Completion = 'files' | readonly Candidate[];

/** Symbols and runs of this home; loaded when a completion needs them. */
export interface Names {
  symbols(): Promise<readonly string[]>;
  /** Newest first. */
  runs(): Promise<readonly string[]>;
}

type Words = (names: Names, earlier: readonly string[]) => readonly string[] | Promise<readonly string[]>;

const symbols: Words = (names) => names.symbols();
const runs: Words = (names) => names.runs();
/** Completions for the values of options and arguments, by the name of the option or argument. */
const VALUES: Readonly<Record<string, Words>> = {
  symbols,
  symbol: symbols,
  run: runs,
  retry: runs,
  before: runs,
  after: runs,
  task: async (names) => (await names.symbols()).flatMap((symbol) => STAGES.map((stage) => `${symbol}/${stage}`)),
  until: () => STAGES,
  sources: async () => (await import('../../sources/venues.ts')).sourceNames(),
  intervals: () => INTERVALS,
  interval: () => INTERVALS,
  order: () => ORDERS,
  fail: () => STAGES.map((stage) => `${stage}=5%`),
  market: () => ['asset', 'probability'],
  side: () => ['long', 'both'],
  'fee-model': () => FEE_MODELS,
  'price-unit': () => ['cents'],
  'date-order': () => ['dmy', 'mdy'],
  shell: () => ['bash', 'zsh', 'fish'],
  strategy: async () => (await import('../../backtest/strategies/registry.ts')).shippedStrategies.map(({ name }) => name),
  name: async () => (await import('../../backtest/indicators/registry.ts')).INDICATOR_NAMES,
  what: async () => Object.keys((await import('../backtest/export-tables.ts')).EXPORTS),
  format: async () => (await import('../../files/write/table.ts')).TABLE_FORMATS,
};
const FILE = /csv|file|folder|json|list|path/i;

/**
 * The completions of the last word of a line.
 * @param program the program with the line's command loaded
 * @param words the line's words after the program's name; the last one is being typed, and may be empty
 */
export async function candidatesFor(program: Command, words: readonly string[], names: Names): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const { command, earlier, open, optionsEnded } = read(program, words.slice(0, -1));
  const [flag, given] = typed.startsWith('--') && typed.includes('=') ? [typed.slice(0, typed.indexOf('=')), typed] : [undefined, typed];
  if (flag !== undefined && !optionsEnded) {
    const option = optionOf(command, flag);
    const values = option === undefined ? [] : await valuesOf(option, option.long ?? '', names, earlier);
    return values === 'files' ? 'files' : starting(values, given, (word) => `${flag}=${word}`);
  }
  if (typed.startsWith('-') && !optionsEnded) return optionsOf(command).filter(({ word }) => word.startsWith(typed));
  if (open !== undefined) {
    const values = await valuesOf(open, open.long ?? '', names, earlier);
    return values === 'files' ? 'files' : starting(values, typed);
  }
  if (command.commands.length > 0 && earlier.length === 0) {
    return command.commands
      .map((one) => ({ word: one.name(), about: one.summary() || one.description() }))
      .filter(({ word }) => word.startsWith(typed));
  }
  const argument = command.registeredArguments[earlier.length] ?? command.registeredArguments.findLast(({ variadic }) => variadic);
  if (argument === undefined) return [];
  const values = await valuesOf(argument, argument.name(), names, earlier);
  return values === 'files' ? 'files' : starting(values, typed);
}

interface ReadLine {
  readonly command: Command;
  /** Arguments of the command that are typed already. */
  readonly earlier: readonly string[];
  /** The option whose value is being typed. */
  readonly open: Option | undefined;
  /** Whether `--` was typed, after which nothing is an option. */
  readonly optionsEnded: boolean;
}

function read(program: Command, words: readonly string[]): ReadLine {
  let command = program;
  let earlier: string[] = [];
  let open: Option | undefined;
  let optionsEnded = false;
  for (const word of words) {
    if (word === '--' && !optionsEnded) {
      optionsEnded = true;
      open = undefined;
    } else if (word.startsWith('-') && !optionsEnded) {
      const option = optionOf(command, word.split('=', 1)[0]);
      open = option !== undefined && (option.required || option.optional) && !word.includes('=') ? option : undefined;
    } else if (open !== undefined) {
      if (!open.variadic) open = undefined;
    } else {
      const nested = earlier.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (nested === undefined) earlier.push(word);
      else [command, earlier] = [nested, []];
    }
  }
  return { command, earlier, open, optionsEnded };
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ long, short }) => long === flag || short === flag);

const optionsOf = (command: Command): readonly Candidate[] => [
  ...command.options.flatMap(({ long, description, hidden }) => (long && !hidden ? [{ word: long, about: description }] : [])),
  { word: '--help', about: 'show help with examples' },
];

async function valuesOf(
  place: Option | Argument,
  name: string,
  names: Names,
  earlier: readonly string[],
): Promise<'files' | readonly string[]> {
  if (place.argChoices !== undefined) return place.argChoices;
  const key = name.replace(/^--/, '');
  if (Object.hasOwn(VALUES, key)) return await VALUES[key](names, earlier);
  return FILE.test('flags' in place ? place.flags : place.name()) ? 'files' : [];
}

const starting = (values: readonly string[], typed: string, write: (value: string) => string = (value) => value): readonly Candidate[] =>
  values.map((value) => ({ word: write(value), about: '' })).filter(({ word }) => word.startsWith(typed));
