import type { DeployedVersion, DeploymentView } from '../../client/deployments/deployments.ts';
import type { DeploymentVersion } from '../../contracts/deployment-version.ts';
import { usageError } from '../terminal/exit.ts';

/** How long, and how often, a worker is looked for; milliseconds. */
export interface LookTimes {
  readonly withinMs: number;
  readonly everyMs: number;
}

/** A worker that has just said that it is ready is heard of by Temporal with its first poll, a moment later. */
const LOOK_TIMES: LookTimes = { withinMs: 5_000, everyMs: 200 };

/**
 * Waits a moment for a worker that takes what is to be routed to it.
 *
 * @param look asks again where the deployment stands
 * @param seen where it stood when it was asked last
 * @param version whose workers; null: those without a version
 * @throws ExitError 2 that says which worker to start
 */
export async function requireWorkers(
  look: () => Promise<DeploymentView>,
  seen: DeploymentView,
  version: DeploymentVersion | null,
  { withinMs, everyMs }: LookTimes = LOOK_TIMES,
): Promise<void> {
  const until = Date.now() + withinMs;
  let view = seen;
  while (workersOf(view, version) === 0) {
    if (Date.now() >= until) throw usageError(nobody(view.taskQueue, version));
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    view = await look();
  }
}

const workersOf = (view: DeploymentView, version: DeploymentVersion | null): number =>
  version === null ? view.unversioned.workers : (deployedBuild(view, version.buildId)?.workers ?? 0);

/** A build as the deployment knows it. */
export const deployedBuild = (view: DeploymentView, buildId: string): DeployedVersion | undefined =>
  view.versions.find((version) => version.buildId === buildId);

function nobody(taskQueue: string, version: DeploymentVersion | null): string {
  const which = version === null ? 'unversioned worker' : `worker of build ${version.buildId}`;
  const start =
    version === null
      ? '`predictlab worker` without PREDICTLAB_DEPLOYMENT'
      : `\`PREDICTLAB_DEPLOYMENT=${version.name} predictlab worker\` of that build`;
  return `no ${which} polls task queue "${taskQueue}": new runs would wait; start one first (${start})`;
}
