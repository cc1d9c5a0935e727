import type { Command } from 'commander';
import { createLog } from '../../telemetry/log.ts';
import { printJson, printLine, printTable } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

interface HealOptions {
  readonly symbol?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Rows in quarantine keep their original. When this build reads a venue's rows better than the one that quarantined them, or after
\`predictlab symbols accept\`, they become ticks; the originals stay and are marked as healed. The next run builds their candles.
Rows of files stay: import the file again.

  predictlab heal --dry-run
  predictlab heal --symbol BTC_PRICE`;

/** Registers `predictlab heal`. */
export default function register(command: Command): void {
  command
    .description('Reads the rows in quarantine again and stores those that this build can read.')
    .option('--symbol <symbol>', 'only rows of this symbol')
    .option('--dry-run', 'only show how many rows would become ticks')
    .option('--json', 'print [{ symbol, instrument, rows, healed, inserted }]')
    .addHelpText('after', HELP)
    .action(runHeal);
}

async function runHeal({ symbol, dryRun = false, json = false }: HealOptions): Promise<void> {
  const healed = await useStoredData(async (database) => {
    // Loaded here: other commands do not need the adapters.
    const { heal } = await import('../../activities/stages/heal.ts');
    const log = createLog({ LOG_LEVEL: 'warn', ...process.env });
    return await heal({ database, log, symbol, dryRun, asOf: Date.now() });
  });
  if (json) return printJson(healed);
  if (healed.length === 0) return printLine(`nothing is in quarantine${symbol === undefined ? '' : ` for ${symbol}`}`);
  printTable(
    [
      ['symbol', 'instrument', 'rows', dryRun ? 'readable' : 'healed', 'new ticks'],
      ...healed.map((each) => [each.symbol, each.instrument, each.rows, each.healed, each.inserted ?? '–'].map(String)),
    ],
    { right: [2, 3, 4] },
  );
  if (dryRun) printLine('Nothing was changed: this was a dry run.');
}
