import type { Command } from 'commander';
import { noRun } from '../terminal/print.ts';
import { withPredictLab } from '../terminal/session.ts';
import { follow } from './run.ts';

/** Registers `predictlab watch`. */
export default function register(command: Command): void {
  command
    .description('Shows the live table of a run until it ends, then its summary. Ctrl-C stops watching; the run continues.')
    .option('--strict', 'exit with code 1 also when the run is degraded')
    .option('--json', 'print the result as JSON when the run ends')
    .action(async (run: string, { strict, json }: { strict?: boolean; json?: boolean }) => {
      await withPredictLab(async (lab) => {
        const known = await lab.describe(run);
        if (known === undefined) throw noRun(run);
        await follow(lab, run, { runId: known.runId, strict, json });
      });
    });
}
