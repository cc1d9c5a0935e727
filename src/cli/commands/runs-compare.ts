import type { Command } from 'commander';
import { type ChangedResult, type Comparison, compareResults } from '../../backtest/proof/compare-results.ts';
import type { ChangedPath } from '../../contracts/text/changed-paths.ts';
import { readBacktests } from '../../storage/backtests/backtests.ts';
import type { Database } from '../../storage/database/database.ts';
import { configurationOfRun } from '../../storage/runs/configurations.ts';
import { runOf } from '../../storage/runs/runs.ts';
import { retryChain } from '../../storage/ticks/symbol-rows.ts';
import { type ComparedBacktest, changeLine, changesOf, runResult } from '../records/compare-runs.ts';
import { noRun, printJson, printLine, printTable } from '../terminal/print.ts';
import { useStoredData } from '../terminal/session.ts';

/** Adds `compare` to the `runs` command. */
export function registerRunsCompare(runs: Command): void {
  runs
    .command('compare <before> <after>')
    .summary('show what changed between the backtests of two runs, and why')
    .description('Compares the backtests of two runs and names the cause of each difference: data, code, params, settings, trials or seed.')
    .option('--json', 'print JSON')
    .action(compare);
}

async function compare(before: string, after: string, _flags: unknown, command: Command): Promise<void> {
  const { comparison, configuration } = await useStoredData(async (database) => ({
    configuration: await configurationChanges(database, before, after),
    comparison: compareResults(await resultsOf(database, before), await resultsOf(database, after)),
  }));
  // Commander gives `--json` to the parent command, which has the same option.
  if (command.optsWithGlobals().json) return printJson({ ...toJson(comparison), configuration });
  printComparison(comparison);
  if (configuration === null) return printLine('configuration: at least one of the two runs did not record it');
  if (configuration.length === 0) return printLine('configuration: the same input, catalogue, plugins and code');
  for (const change of configuration) printLine(`configuration: ${changeLine(change)}`);
}

/** The differences between the configurations of two runs; null when one of them did not record it. */
async function configurationChanges(database: Database, before: string, after: string): Promise<readonly ChangedPath[] | null> {
  const [one, other] = await Promise.all(
    [before, after].map(async (id) => {
      const run = await runOf(database, id);
      return run === undefined ? undefined : await configurationOfRun(database, run.executionId);
    }),
  );
  return one === undefined || other === undefined ? null : changesOf(one, other);
}

/** A run's backtests, with those reused from the executions that it retried. */
async function resultsOf(database: Database, id: string): Promise<ComparedBacktest[]> {
  const run = await runOf(database, id);
  if (run === undefined) throw noRun(id);
  const results: ComparedBacktest[] = [];
  const symbols = new Set<string>();
  for (const executionId of await retryChain(database, run.executionId)) {
    const stored = (await readBacktests(database, { executionId })).filter(({ symbol }) => !symbols.has(symbol));
    for (const one of stored) {
      symbols.add(one.symbol);
      results.push(runResult(one));
    }
  }
  return results;
}

const headOf = ({ of: { symbol, instrument, priceType, interval, strategy, params } }: ComparedBacktest) => ({
  symbol,
  instrument,
  priceType,
  interval,
  strategy,
  params,
});

const toJson = ({ same, changed, onlyBefore, onlyAfter }: Comparison<ComparedBacktest>) => ({
  same,
  changed: changed.map(({ before, after, because, metrics }) => ({
    ...headOf(after),
    because,
    ...(because.includes('params') ? { paramsBefore: before.of.params } : {}),
    metrics,
  })),
  onlyBefore: onlyBefore.map(headOf),
  onlyAfter: onlyAfter.map(headOf),
});

function printComparison({ same, changed, onlyBefore, onlyAfter }: Comparison<ComparedBacktest>): void {
  printLine(`${same} the same, ${changed.length} changed, ${onlyBefore.length} only before, ${onlyAfter.length} only after`);
  if (changed.length > 0) {
    printLine();
    printTable([['instrument', 'interval', 'strategy', 'params', 'because', 'sharpe', 'return'], ...changed.map(rowOf)]);
  }
  for (const [when, results] of Object.entries({ 'only before': onlyBefore, 'only after': onlyAfter }))
    for (const { of } of results) printLine(`${when}: ${of.instrument} ${of.interval} ${of.strategy} ${JSON.stringify(of.params)}`);
}

function rowOf({ before, after, because, metrics }: ChangedResult<ComparedBacktest>): string[] {
  const params = because.includes('params')
    ? `${JSON.stringify(before.of.params)} → ${JSON.stringify(after.of.params)}`
    : JSON.stringify(after.of.params);
  return [
    after.of.instrument,
    after.of.interval,
    after.of.strategy,
    params,
    because.join(', '),
    arrow(metrics.sharpe, after.metrics.sharpe),
    arrow(metrics.totalReturn, after.metrics.totalReturn),
  ];
}

const figure = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(4));
const arrow = (change: readonly [number | null, number | null] | undefined, now: number | null | undefined): string =>
  change === undefined ? figure(now) : `${figure(change[0])} → ${figure(change[1])}`;
