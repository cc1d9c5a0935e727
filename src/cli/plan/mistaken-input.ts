import { PredictLabError } from '../../contracts/errors.ts';
import type { PipelineInput } from '../../contracts/run/pipeline-input.ts';
import { hasDatabase } from '../../storage/embedded/resolve-database.ts';
import { namesFor } from '../../storage/markets/first-catalogue.ts';
import { useDatabase } from '../terminal/session.ts';

/**
 * Refuses an input with a misspelt symbol, a wrong deadline or an instant in the future before a run starts, listing every problem as
 * `plan` does: no failed run and no incident remain. Without a database here, the run itself reports the problem.
 *
 * @throws InvalidPipelineError that lists every problem (exit code 2)
 */
export async function refuseMistakes(input: PipelineInput): Promise<void> {
  const { tasks, strategies, deadline, asOf } = input;
  const symbols = Array.isArray(input.symbols) ? input.symbols : [];
  // tasks and strategies may come from a plugin that only the workers load
  const hasTimes = tasks === undefined && strategies === undefined && (deadline !== undefined || asOf !== undefined);
  if (symbols.length === 0 && !hasTimes) return;
  // looking must not create a database
  if (!hasDatabase(process.env)) return;
  try {
    await useDatabase(async (database) => {
      const known = new Set((await namesFor(database, symbols)).map(({ symbol }) => symbol));
      if (!hasTimes && symbols.every((symbol) => known.has(symbol))) return;
      const { plannedRun } = await import('./planned-run.ts');
      await plannedRun(database, input);
    });
  } catch (error) {
    // a database that does not answer is the worker's problem, which waits for it
    if (error instanceof PredictLabError && error.type === 'InvalidPipeline') throw error;
  }
}
