import type { Command } from 'commander';
import { DatasetDifference, type PassedCheck, verifyFolder } from '../../files/dataset/verify-folder.ts';
import { ExitError, printJson, printLine } from '../terminal/print.ts';

const HELP = `
One line for each check that passed; at the first difference a sentence that names the file or the row, and exit code 1.
Every file: its bytes and SHA-256; of Parquet also its rows, columns and order. A data set of \`predictlab publish\`: its candles are built
again from its ticks and compared cell by cell, the ticks in each range of coverage are counted, and each row's instrument has its facts.

  predictlab verify rain-2026`;

/** Registers `predictlab verify`. */
export default function register(command: Command): void {
  command
    .description('Checks a folder of `publish`, or of `export --partition-by`. Needs no server.')
    .argument('<folder>', 'the folder with its manifest.json')
    .option('--json', 'print [{ check, detail }]')
    .addHelpText('after', HELP)
    .action(async (folder: string, { json }: { readonly json?: boolean }) => {
      const passed: PassedCheck[] = [];
      try {
        for await (const one of verifyFolder(folder)) {
          passed.push(one);
          if (!json) printLine(`ok ${one.check}: ${one.detail}`);
        }
      } catch (error) {
        if (error instanceof DatasetDifference) throw new ExitError(1, error.message, { cause: error });
        throw error;
      }
      if (json) printJson(passed);
    });
}
