import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { namesFor } from '../../storage/markets/first-catalogue.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * A misspelt symbol, a wrong deadline or an instant in the future is said to whoever typed it, with whatever else is wrong, as `plan` does, and leaves
 * no failed run and no incident behind. Where this command has no database the run says it.
 *
 * @throws InvalidPipelineError that lists every problem (exit code 2)
 */
export async function refuseMistakes(input: PipelineInput): Promise<void> {
  const { tasks, strategies, deadline, asOf } = input;
  const symbols = Array.isArray(input.symbols) ? input.symbols : [];
  // tasks and strategies may be those of a plugin that only workers have
  const hasTimes = tasks === undefined && strategies === undefined && (deadline !== undefined || asOf !== undefined);
  if (symbols.length === 0 && !hasTimes) return;
  // To look must not make a database where there is none.
  if (!hasDatabase(process.env)) return;
  try {
    await useDatabase(async (database) => {
      const known = new Set((await namesFor(database, symbols)).map(({ symbol }) => symbol));
      if (!hasTimes && symbols.every((symbol) => known.has(symbol))) return;
      const { plannedRun } = await import('./planned-run.ts');
      await plannedRun(database, input);
    });
  } catch (error) {
    // a database that is away is the worker's to wait for
    if (error instanceof PredictLabError && error.type === 'InvalidPipeline') throw error;
  }
}
