import type { Command } from 'commander';
import { plural } from '../../report/elements/format.ts';
import { publishDataset } from '../dataset/publish-dataset.ts';
import { checkSymbols } from '../options/known-symbols.ts';
import { collect } from '../options/parsers.ts';
import { printJson, printLine } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

const HELP = `
The folder gets ticks by month and venue, the candles that these ticks make, coverage with evidence and gaps, quarantine, the facts of
instruments, and a manifest.json with the rows and the SHA-256 of every file. All are Parquet. The same data gives the same bytes.
Candles whose ticks were pruned are left out, because nobody could check them.

  predictlab publish rain-2026
  predictlab publish rain-2026 --symbol RAIN --symbol SNOW
  predictlab verify rain-2026`;

/** Registers `predictlab publish`. */
export default function register(command: Command): void {
  command
    .description('Writes stored data as a data set that `predictlab verify` checks on another machine, without a database.')
    .argument('<folder>', 'a new folder')
    .option('--symbol <name>', 'only this symbol; may be given several times', collect)
    .option('--json', 'print { files, rows }')
    .addHelpText('after', HELP)
    .action(async (folder: string, { symbol: symbols, json }: { readonly symbol?: readonly string[]; readonly json?: boolean }) => {
      const files = await useStoredData(async (database) => {
        if (symbols !== undefined) await checkSymbols(database, symbols);
        return await publishDataset(database, { folder, symbols });
      });
      const rows = files.reduce((sum, file) => sum + file.rows, 0);
      if (json) printJson({ files: files.length, rows });
      else printLine(`${folder}: ${plural(files.length, 'file')} with ${plural(rows, 'row')}; \`predictlab verify ${folder}\` checks them`);
    });
}
