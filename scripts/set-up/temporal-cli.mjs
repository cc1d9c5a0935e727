import path from 'node:path';
import { ROOT, SetUpError, say } from './project.mjs';

/** Path of the Temporal CLI, found or downloaded by the module that the command line uses; needs a built project. */
export async function temporalCli() {
  const { findTemporalCli } = await import(path.join(ROOT, 'dist/src/set-up/temporal/temporal-cli.js'));
  const ownHome = path.join(ROOT, '.predictlab');
  const home = path.resolve(process.env.PREDICTLAB_HOME || ownHome);
  try {
    return await findTemporalCli({ env: process.env, home, alsoIn: [path.join(ownHome, 'bin')], log: { info: say, warn: say } });
  } catch (error) {
    throw error?.name === 'PredictLabError' ? new SetUpError(error.message) : error;
  }
}
