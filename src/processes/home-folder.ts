import path from 'node:path';

/** PREDICTLAB_HOME as an absolute path; the folder holds data, reports, downloads and logs. */
export const homeFolder = (env: NodeJS.ProcessEnv): string => path.resolve(env.PREDICTLAB_HOME || '.predictlab');
