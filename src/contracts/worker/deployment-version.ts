import { badInput } from '../errors.ts';

/** The version of a worker: all workers of one build of a deployment share it. */
export interface DeploymentVersion {
  /** Name of the deployment, shared by all builds that replace each other. */
  readonly name: string;
  readonly buildId: string;
}

/** The deployment of `predictlab deploy` when PREDICTLAB_DEPLOYMENT is not set. */
const DEFAULT_DEPLOYMENT = 'predictlab';

/** Temporal joins name and build id with a colon, and older servers with a dot, so a name may contain neither. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/;
const BUILD = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$/;

/**
 * The version of a worker from `PREDICTLAB_DEPLOYMENT` and `PREDICTLAB_BUILD_ID`; undefined if neither is set: such a worker has no version
 * and takes every run.
 * @param build computes the build id of this code
 * @throws PredictLabError BadInput
 */
export function workerVersion(env: NodeJS.ProcessEnv, build: () => string): DeploymentVersion | undefined {
  const { PREDICTLAB_DEPLOYMENT: name, PREDICTLAB_BUILD_ID: own } = env;
  if (!name) {
    if (own) throw badInput(`PREDICTLAB_BUILD_ID="${own}" without PREDICTLAB_DEPLOYMENT: name the deployment too`);
    return undefined;
  }
  return { name: checkedName(name), buildId: own ? checkedBuild(own) : build() };
}

/** The version that `predictlab deploy` deploys: this build's. @throws PredictLabError BadInput */
export function candidateVersion(env: NodeJS.ProcessEnv, build: () => string): DeploymentVersion {
  return workerVersion({ ...env, PREDICTLAB_DEPLOYMENT: env.PREDICTLAB_DEPLOYMENT || DEFAULT_DEPLOYMENT }, build)!;
}

function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw badInput(`PREDICTLAB_DEPLOYMENT="${name}": write up to 60 letters, digits, - and _, for example predictlab`);
}

function checkedBuild(build: string): string {
  if (BUILD.test(build)) return build;
  throw badInput(`PREDICTLAB_BUILD_ID="${build}": write up to 100 letters, digits, -, _, + and ., for example 0.2.0+1f3a9c02`);
}
