import type { DeployedVersion, DeploymentView } from '../../client/deployments/deployments.ts';
import type { DeploymentVersion } from '../../contracts/deployment-version.ts';
import { usageError } from '../terminal/exit.ts';

/** How long and how often to poll for a worker; milliseconds. */
export interface PollTimes {
  readonly withinMs: number;
  readonly everyMs: number;
}

/** Temporal knows a worker from its first poll, a moment after the worker has logged that it is ready. */
const POLL_TIMES: PollTimes = { withinMs: 5_000, everyMs: 200 };

/**
 * Waits a moment for a worker of the version that runs are to be routed to.
 *
 * @param look returns the current state of the deployment
 * @param seen the last known state of the deployment
 * @param version the version whose workers are needed; null: those without a version
 * @throws ExitError 2 that says which worker to start
 */
export async function requireWorkers(
  look: () => Promise<DeploymentView>,
  seen: DeploymentView,
  version: DeploymentVersion | null,
  { withinMs, everyMs }: PollTimes = POLL_TIMES,
): Promise<void> {
  const until = Date.now() + withinMs;
  let view = seen;
  while (workersOf(view, version) === 0) {
    if (Date.now() >= until) throw usageError(missingWorkers(view.taskQueue, version));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    view = await look();
  }
}

const workersOf = (view: DeploymentView, version: DeploymentVersion | null): number =>
  version === null ? view.unversioned.workers : (deployedBuild(view, version.buildId)?.workers ?? 0);

/** A build in the state of the deployment. */
export const deployedBuild = (view: DeploymentView, buildId: string): DeployedVersion | undefined =>
  view.versions.find((version) => version.buildId === buildId);

function missingWorkers(taskQueue: string, version: DeploymentVersion | null): string {
  const which = version === null ? 'unversioned worker' : `worker of build ${version.buildId}`;
  const start =
    version === null
      ? '`predictlab worker` without PREDICTLAB_DEPLOYMENT'
      : `\`PREDICTLAB_DEPLOYMENT=${version.name} predictlab worker\` of that build`;
  return `no ${which} polls task queue "${taskQueue}": new runs would wait; start one first (${start})`;
}
