import { PredictLabError } from '../../contracts/errors.ts';

/** The error that says which plugin is wrong, and how. */
export const badPlugin = (module: string, problem: string, cause?: unknown): PredictLabError =>
  new PredictLabError('BadInput', `PREDICTLAB_PLUGINS: ${module} ${problem}`, { cause });
