import type { PredictLab } from '../../client.ts';
import { InvalidPipelineError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { homeFolder } from '../../processes/home-folder.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { addressOf } from '../../storage/database/database-url.ts';
import { databaseMark } from '../../storage/database/migrate.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { namesFor, shippedNames } from '../../storage/markets/first-catalogue.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * Refuses an input with a misspelt symbol, a wrong deadline or an instant in the future before a run starts, so that no failed run and no
 * incident remain. Without a database here, the run itself reports the problem.
 * @returns the input with its symbols in the letter case of the catalogue
 * @throws InvalidPipelineError that lists every problem (exit code 2)
 */
export async function refuseMistakes(given: PipelineInput): Promise<PipelineInput> {
  const { tasks, strategies, deadline, asOf } = given;
  const symbols = Array.isArray(given.symbols) ? given.symbols : [];
  // Times are not checked if there are tasks or strategies: these may be from plugins that only the workers load.
  const hasTimes = tasks === undefined && strategies === undefined && (deadline !== undefined || asOf !== undefined);
  if (symbols.length === 0 && !hasTimes) return given;
  // A check must not create a database.
  if (!hasDatabase(process.env)) return given;
  try {
    return await useDatabase(async (database) => {
      const input = await inKnownCase(database, given);
      const known = new Set((await namesFor(database, input.symbols)).map(({ symbol }) => symbol));
      if (!hasTimes && (input.symbols ?? []).every((symbol) => known.has(symbol))) return input;
      const { plannedRun } = await import('./planned-run.ts');
      await plannedRun(database, input);
      return input;
    });
  } catch (error) {
    // Other errors are ignored here: if the database does not answer, the worker waits for it.
    if (error instanceof InvalidPipelineError) throw error;
    return given;
  }
}

/** An input with each symbol in the letter case of the catalogue, if the catalogue has exactly one symbol with these letters. */
export async function inKnownCase(database: Queryable | undefined, input: PipelineInput): Promise<PipelineInput> {
  if (!Array.isArray(input.symbols)) return input;
  const names = (database === undefined ? shippedNames() : await namesFor(database, input.symbols)).map(({ symbol }) => symbol);
  const symbols = input.symbols.map((given: unknown) => (typeof given === 'string' ? inCaseOf(names, given) : given) as string);
  return { ...input, symbols };
}

/** The known name that differs from `given` only in letter case; `given` itself if it is known, or if none or several match. */
export function inCaseOf(names: readonly string[], given: string): string {
  if (names.includes(given)) return given;
  const alike = names.filter((name) => name.toLowerCase() === given.toLowerCase());
  return alike.length === 1 ? alike[0] : given;
}

/**
 * A sentence if every worker that could take a run uses another database, so that `plan`, `export` and `report` here do not see the run;
 * undefined if that is not the case, or not known.
 */
export async function otherDatabase(lab: Pick<PredictLab, 'workerDatabases'>, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const theirs = await lab.workerDatabases();
  if (theirs.length === 0) return undefined;
  const url = env.DATABASE_URL?.trim() ?? '';
  const home = homeFolder(env);
  // A check must not create a database.
  const own = hasDatabase(env) ? await useDatabase(databaseMark).catch(() => undefined) : 'none';
  if (own === undefined || theirs.includes(own)) return undefined;
  const ours = url === '' ? `the embedded one of ${home}` : addressOf(url);
  return `the worker uses another database than this command (${ours}): give both the same DATABASE_URL, or the same PREDICTLAB_HOME; the run and its report will be where the worker is`;
}
