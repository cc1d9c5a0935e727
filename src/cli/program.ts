import { Command } from 'commander';
import { oneLine, seenText } from '../contracts/text/plain-text.ts';
import { VERSION } from '../version.ts';
import { COMMANDS } from './command-list.ts';
import { EXAMPLES } from './examples.ts';

/**
 * The command line's program: the command that is asked for in full, the others as names and summaries, since loading them all
 * takes half a second.
 *
 * @param asked a command's name; anything else (help, a misspelt name) needs only the names
 */
export async function createProgram(asked: string | undefined): Promise<Command> {
  const program = new Command('predictlab')
    .description('A durable data pipeline for prediction markets: collect → clean → store → kline → backtest → visualize')
    .version(VERSION)
    .showHelpAfterError('(add --help for more)')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(seenText(text)),
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    });
  const loaded = COMMANDS.find(({ name }) => name === asked)?.load;
  let isRegistered = false;
  for (const { usage, name, summary, load } of COMMANDS) {
    if (load !== loaded) program.command(usage).summary(summary);
    else if (!isRegistered) {
      // one file may register several commands
      (await load())(program);
      isRegistered = true;
    }
    describe(program, name, summary);
  }
  finish(program, '');
  return program;
}

/** What the list says of a command holds for the registered one. */
function describe(program: Command, name: string, summary: string): void {
  const command = program.commands.find((one) => one.name() === name);
  command?.summary(summary);
}

/** Each command shows its examples, and throws as the program does: by itself it would end the process. */
function finish(command: Command, path: string): void {
  const examples = EXAMPLES[path] ?? [];
  if (examples.length > 0) command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  for (const nested of command.commands) {
    const summary = nested.summary();
    if (nested.description() === '') nested.description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
    nested.exitOverride().showHelpAfterError('(add --help for more)');
    finish(nested, path === '' ? nested.name() : `${path} ${nested.name()}`);
  }
}
