import type { Command } from 'commander';
import type { Queryable } from '../../storage/database/database.ts';
import { configurationHistory, configurationOf } from '../../storage/runs/configurations.ts';
import { describeInterruptedRollback, interruptedRollback } from '../../storage/watch/watch-state.ts';
import { changeLine, changesOf, requestedConfiguration } from '../records/compare-runs.ts';
import { note, printAnswer, printJson, printLine, printTable } from '../terminal/print.ts';
import { useStoredData, withExistingDatabase } from '../terminal/session.ts';
import { registerConfigRollback } from './config-rollback.ts';

/** Maximum number of changes listed in a line of the history. */
const NAMED_CHANGES = 3;

/** Registers `predictlab config`. */
export default function register(config: Command): void {
  config.description(
    'Each run records its configuration: input, symbol catalogue, plugins and code. Equal configurations are one version.',
  );
  config
    .command('history')
    .summary('list every version, newest first, and the runs that used it')
    .option('--json', 'print [{ version, at, runs: [runId] }]')
    .action(async ({ json }: { json?: boolean }) => {
      await withExistingDatabase(async (database) => {
        if (database === undefined) return json ? printJson([]) : undefined;
        const history = await configurationHistory(database);
        await noteInterruptedRollback(database);
        if (json) return printJson(history);
        if (history.length === 0) return printLine('no run has recorded a configuration yet');
        const rows: string[][] = [];
        for (const [n, { version, at, runs }] of history.entries()) {
          const changed = await changedSince(database, version, history[n + 1]?.version);
          rows.push([String(version), at, String(runs.length), runs[0] ?? '–', changed]);
        }
        printTable([['version', 'since', 'runs', 'newest run', 'what changed'], ...rows], { right: [0, 2] });
      }, 'so no run has recorded a configuration');
    });
  config
    .command('diff <before> <after>')
    .summary('show where two versions differ')
    .option('--json', 'print [{ path, before, after }]')
    .action(async (before: string, after: string, { json }: { json?: boolean }) => {
      const changes = await useStoredData(async (database) => {
        await noteInterruptedRollback(database);
        return changesOf(await requestedConfiguration(database, before), await requestedConfiguration(database, after));
      });
      printAnswer(json, changes, changes.length === 0 ? `version ${before} and version ${after} are the same` : changes.map(changeLine));
    });
  registerConfigRollback(config);
}

async function noteInterruptedRollback(queryable: Queryable): Promise<void> {
  const left = await interruptedRollback(queryable);
  if (left !== undefined) note(describeInterruptedRollback(left));
}

async function changedSince(queryable: Queryable, version: number, earlier: number | undefined): Promise<string> {
  if (earlier === undefined) return 'the first version';
  const [before, after] = await Promise.all([configurationOf(queryable, earlier), configurationOf(queryable, version)]);
  const paths = before === undefined || after === undefined ? [] : changesOf(before, after).map(({ path }) => path);
  const more = paths.length > NAMED_CHANGES ? ` and ${paths.length - NAMED_CHANGES} more` : '';
  return `${paths.slice(0, NAMED_CHANGES).join(', ')}${more}`;
}
