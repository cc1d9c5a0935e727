import { PredictLabError } from './errors.ts';

/** A build of a deployment: all workers of one build share it. */
export interface DeploymentVersion {
  /** The deployment: one for all builds that take over from each other. */
  readonly name: string;
  /** Which code; see `buildId`. */
  readonly buildId: string;
}

/** What `predictlab deploy` means where nobody names a deployment. */
const DEFAULT_DEPLOYMENT = 'predictlab';

/** Temporal joins the two with a colon, and earlier servers with a dot. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const BUILD = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$/;

/**
 * The version a worker says it is of: `PREDICTLAB_DEPLOYMENT` and `PREDICTLAB_BUILD_ID`; undefined where no deployment is named, and
 * then the worker is unversioned and takes whatever comes.
 *
 * @param build of this code
 * @throws PredictLabError BadInput
 */
export function workerVersion(env: NodeJS.ProcessEnv, build: () => string): DeploymentVersion | undefined {
  const { PREDICTLAB_DEPLOYMENT: name, PREDICTLAB_BUILD_ID: own } = env;
  if (!name) {
    if (own) throw new PredictLabError('BadInput', `PREDICTLAB_BUILD_ID="${own}" without PREDICTLAB_DEPLOYMENT: name the deployment too`);
    return undefined;
  }
  return { name: checkedName(name), buildId: own ? checkedBuild(own) : build() };
}

/** The version that `predictlab deploy` calls the candidate: this build's. @throws PredictLabError BadInput */
export function candidateVersion(env: NodeJS.ProcessEnv, build: () => string): DeploymentVersion {
  return workerVersion({ ...env, PREDICTLAB_DEPLOYMENT: env.PREDICTLAB_DEPLOYMENT || DEFAULT_DEPLOYMENT }, build)!;
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw new PredictLabError('BadInput', `PREDICTLAB_DEPLOYMENT="${name}": write up to 60 letters, digits, - and _, for example predictlab`);
}

function checkedBuild(build: string): string {
  if (BUILD.test(build)) return build;
  throw new PredictLabError(
    'BadInput',
    `PREDICTLAB_BUILD_ID="${build}": write up to 100 letters, digits, -, _, + and ., for example 0.2.0+1f3a9c02`,
  );
}
