import { RunEnded } from '../../client/runs/run-ended.ts';
import type { PredictLab, RunName } from '../../client.ts';
import type { PipelineResult } from '../../contracts/run/pipeline-status.ts';
import { ExitError } from '../terminal/exit.ts';

/**
 * The result of a run that has ended, whichever way: a failed one's is in its failure, a cancelled one's is asked of the
 * closed workflow.
 *
 * @throws ExitError 2 for `InvalidPipeline`, 1 for a run that ended without leaving anything (terminated)
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

/** 0 for success and degraded (with `strict` only for success), 1 for failed and cancelled. */
export const exitCodeOf = ({ result }: Pick<PipelineResult, 'result'>, { strict = false } = {}): 0 | 1 =>
  result === 'success' || (result === 'degraded' && !strict) ? 0 : 1;
