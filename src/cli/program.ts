import { Command } from 'commander';
import { cutText } from '../contracts/text/cut-text.ts';
import { appendClause, didYouMean } from '../contracts/text/nearest-name.ts';
import { oneLine, visibleText } from '../contracts/text/plain-text.ts';
import { VERSION } from '../version.ts';
import { COMMANDS } from './command-list.ts';
import { EXAMPLES } from './examples.ts';
import { usageError } from './terminal/print.ts';

/**
 * The command line's program: the requested command with all its options, the others as names and summaries, because loading all commands
 * takes half a second.
 * @param requested a command's name; for anything else (help, a misspelt name) the names are enough
 */
export async function createProgram(requested: string | undefined): Promise<Command> {
  const program = new Command('predictlab')
    .description('A durable data pipeline for prediction markets: collect → clean → store → kline → backtest → visualize')
    .version(VERSION)
    .showHelpAfterError('(add --help for more)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(visibleText(text)),
      // Gives commander's messages the same prefix as ours.
      outputError: (text, write) => write(`predictlab: ${oneLine(text.replace(/^error: /, ''))}\n`),
    });
  for (const { usage, name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    if (name === requested) (await load()).default(command, createProgram);
    // Commands with descriptions of their arguments have already declared them.
    if (command.registeredArguments.length === 0 && usage !== name) command.arguments(usage.slice(name.length).trim());
  }
  finish(program, '');
  return program;
}

/**
 * Refuses an unknown command name and suggests the nearest one, at the top level and for commands with sub-commands.
 * @throws ExitError 2
 */
export function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  let group = program;
  for (const word of args) {
    const given = word === 'help' || word.startsWith('-');
    if (given || group.commands.length === 0 || group.registeredArguments.length > 0) return;
    const next = group.commands.find((command) => command.name() === word || command.aliases().includes(word));
    if (next !== undefined) {
      group = next;
      continue;
    }
    const names = group.commands.map((command) => command.name());
    const path = group === program ? '' : `${group.name()} `;
    const all = group === program ? '`predictlab --help` lists the commands' : `it has ${names.join(', ')}`;
    throw usageError(appendClause(`there is no command \`predictlab ${path}${cutText(word, 60)}\`${didYouMean(word, names)}`, all));
  }
}

/** Adds the examples to a command and its sub-commands, and makes each throw instead of ending the process. */
function finish(command: Command, path: string): void {
  const examples = EXAMPLES[path] ?? [];
  if (examples.length > 0)
    command.addHelpText(
      'after',
      `\nExamples:\n${examples.map((line) => `  ${line.includes('predictlab ') ? line : `predictlab ${line}`}`).join('\n')}`,
    );
  for (const nested of command.commands) {
    const summary = nested.summary();
    if (nested.description() === '') nested.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
    nested.exitOverride().showHelpAfterError('(add --help for more)');
    finish(nested, path === '' ? nested.name() : `${path} ${nested.name()}`);
  }
}
