import type { ComparableResult } from '../../backtest/proof/compare-results.ts';
import type { Passport } from '../../backtest/proof/passport.ts';
import { storedParams } from '../../backtest/record/passport-column.ts';
import { type ChangedPath, changedPaths } from '../../contracts/text/changed-paths.ts';
import type { StoredBacktest } from '../../storage/backtests/backtests.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { type Configuration, configurationOf } from '../../storage/runs/configurations.ts';
import { usageError } from '../terminal/print.ts';

/** The configuration version that the user typed. @throws ExitError 2 when there is no such version */
export async function requestedConfiguration(queryable: Queryable, text: string): Promise<Configuration> {
  const version = Number(text);
  if (!/^\d{1,9}$/.test(text) || version < 1) throw usageError(`version ${text}: write a number from \`predictlab config history\``);
  const found = await configurationOf(queryable, version);
  if (found === undefined) throw usageError(`there is no version ${text}; \`predictlab config history\` lists them`);
  return found;
}

/** The fields in which two configurations differ, as paths; symbols are matched by name. */
export function changesOf(before: Configuration, after: Configuration): readonly ChangedPath[] {
  return changedPaths(comparable(before), comparable(after));
}

const comparable = ({ input, catalogue, plugins, code }: Configuration) => ({
  input,
  catalogue: Object.fromEntries(catalogue.map(({ symbol, ...entry }) => [symbol, entry])),
  plugins,
  code,
});

/** A change in words: `input.daysBack: 7 → 2`. */
export const changeLine = ({ path, before, after }: ChangedPath): string => `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;

/** A stored backtest with the fields by which it is compared with that of another run. */
export interface ComparedBacktest extends ComparableResult {
  readonly of: StoredBacktest;
}

/** Prepares a stored backtest for comparison with that of another run. */
export const runResult = (one: StoredBacktest): ComparedBacktest => ({
  series: [one.symbol, one.instrument, one.priceType, one.interval].join(' '),
  strategy: one.strategy,
  params: JSON.stringify(Object.entries(one.params).sort(([a], [b]) => (a < b ? -1 : 1))),
  metrics: one.metrics,
  passport: one.passport as unknown as Passport,
  of: { ...one, params: storedParams(one) },
});
