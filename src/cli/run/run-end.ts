import { access } from 'node:fs/promises';
import { RunEnded } from '../../client/runs/run-ended.ts';
import type { PredictLab, RunName } from '../../client.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import { runReportPath } from '../../report/elements/report-path.ts';
import { ExitError } from '../terminal/exit.ts';

/**
 * The result of an ended run: that of a failed run comes from its failure, that of a cancelled one from a query of the closed workflow.
 *
 * @throws ExitError 2 for `InvalidPipeline`, 1 for a run that ended without a result (terminated)
 */
export async function resultOfEnded(lab: PredictLab, run: RunName): Promise<PipelineResult> {
  try {
    return await lab.result(run);
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
    if (error.how === 'invalid') throw new ExitError(2, error.message, { cause: error });
    if (error.partial !== undefined) return error.partial;
    if (error.how === 'cancelled') return { ...(await lab.status(run)), result: 'cancelled', reasons: [error.message] };
    throw new ExitError(1, error.message, { cause: error });
  }
}

/** The exit code of a result: 0 for success and degraded (with `strict` only for success), 1 for failed and cancelled. */
export const exitCodeOf = ({ result }: Pick<PipelineResult, 'result'>, { strict = false } = {}): 0 | 1 =>
  result === 'success' || (result === 'degraded' && !strict) ? 0 : 1;

/** The path of an ended run's page; a run whose id was used before has a folder of its own. Needs no database. */
export async function reportPlace(home: string, lab: PredictLab, run: RunName): Promise<string> {
  const known = await lab.describe(run);
  const runId = known?.runId ?? (typeof run === 'string' ? run : run.runId);
  if (known === undefined) return runReportPath(home, runId);
  const ownPage = runReportPath(home, { ...known, idUsedBefore: true });
  return await access(ownPage).then(
    () => ownPage,
    () => runReportPath(home, runId),
  );
}
