import path from 'node:path';

/** PREDICTLAB_HOME as an absolute path: data, reports, downloads, logs. */
export const homeFolder = (env: NodeJS.ProcessEnv): string => path.resolve(env.PREDICTLAB_HOME || '.predictlab');
