import { PredictLabError } from '../../contracts/errors.ts';

/** The error that names a plugin and what is wrong with it. */
export const badPlugin = (module: string, problem: string, cause?: unknown): PredictLabError =>
  new PredictLabError('BadInput', `PREDICTLAB_PLUGINS: ${module} ${problem}`, { cause });
