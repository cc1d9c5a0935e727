import { type ChangedPath, changedPaths } from '../../contracts/text/changed-paths.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { type Configuration, configurationOf } from '../../storage/runs/configurations.ts';
import { usageError } from '../terminal/exit.ts';

/** A version by what the user typed. @throws ExitError 2 when it is none */
export async function versionIn(queryable: Queryable, text: string): Promise<Configuration> {
  const version = Number(text);
  if (!/^\d{1,9}$/.test(text) || version < 1) throw usageError(`version ${text}: write a number from \`predictlab config history\``);
  const found = await configurationOf(queryable, version);
  if (found === undefined) throw usageError(`there is no version ${text}; \`predictlab config history\` lists them`);
  return found;
}

/** Where two configurations differ, symbols by their names. */
export function changesOf(before: Configuration, after: Configuration): readonly ChangedPath[] {
  return changedPaths(comparable(before), comparable(after));
}

const comparable = ({ input, catalogue, plugins, code }: Configuration) => ({
  input,
  catalogue: Object.fromEntries(catalogue.map(({ symbol, ...entry }) => [symbol, entry])),
  plugins,
  code,
});

/** `input.daysBack: 7 → 2` */
export const changeLine = ({ path, before, after }: ChangedPath): string => `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;
