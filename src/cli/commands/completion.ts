import type { Command } from 'commander';
import { didYouMean } from '../../contracts/text/nearest-name.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import { candidatesFor } from '../completion/candidates.ts';
import { namesToComplete } from '../completion/known-names.ts';
import { SHELL_SCRIPTS, SHELLS, type Shell } from '../completion/shell-scripts.ts';
import { usageError } from '../terminal/exit.ts';
import { printLine } from '../terminal/print.ts';

const HELP = `
The script completes commands, options, stages, symbols and run ids. It starts no server: names come from the database when it is
running, otherwise from the report pages under PREDICTLAB_HOME.`;

/** Adds `predictlab completion`. */
export default function register(command: Command, createProgram: (requested: string | undefined) => Promise<Command>): void {
  command
    .description(
      'Prints the script that completes `predictlab …` in a shell. With the words of a line after `--`, prints what may come next.',
    )
    .argument('<shell>', SHELLS.join(', '))
    .argument('[words...]', 'the words of the line being typed')
    .addHelpText('after', HELP)
    .action((shell: string, words: readonly string[]) => completion(createProgram, shell, words));
}

async function completion(
  createProgram: (requested: string | undefined) => Promise<Command>,
  named: string,
  words: readonly string[],
): Promise<void> {
  const shell = SHELLS.find((known) => known === named);
  if (shell === undefined) throw usageError(`completion ${named}: there are ${SHELLS.join(', ')}${didYouMean(named, SHELLS)}`);
  if (words.length === 0) return void process.stdout.write(SHELL_SCRIPTS[shell]);
  const found = await candidatesFor(await createProgram(words[0]), words, namesToComplete(homeFolder(process.env), process.env));
  if (found === 'files') return printLine(':files');
  for (const { word, about } of found) printLine(lineFor(shell, word, about));
}

const lineFor = (shell: Shell, word: string, about: string): string => (shell === 'bash' || about === '' ? word : `${word}\t${about}`);
