import type { Client } from '@temporalio/client';
import type { DeploymentVersion } from '../../contracts/deployment-version.ts';

/** A worker as Temporal lists it, for some minutes after its last poll. */
export interface Poller {
  readonly identity: string;
  /** null: unversioned */
  readonly version: DeploymentVersion | null;
  /** UTC epoch milliseconds of its last poll. */
  readonly seenAt: number;
}

/** Who asks for a task queue's work, and where Temporal sends runs that are not pinned. */
export interface Polling {
  readonly taskQueue: string;
  readonly pollers: readonly Poller[];
  /** null: unversioned workers */
  readonly current: DeploymentVersion | null;
}

/** A poll lasts a minute: who has not asked for longer is gone, though Temporal lists it for some minutes more. */
export const GONE_AFTER_MS = 75_000;

/** `WORKER_VERSIONING_MODE_VERSIONED` */
const VERSIONED = 2;

/** Who has asked for a task queue's workflow tasks in the last minutes. */
export async function pollingOf(client: Client, taskQueue: string): Promise<Polling> {
  const { namespace } = client.options;
  const answer = await client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 });
  return {
    taskQueue,
    pollers: (answer.pollers ?? []).map(({ identity, lastAccessTime, deploymentOptions: said }) => ({
      identity: identity ?? '',
      version: Number(said?.workerVersioningMode) === VERSIONED ? versionOf(said) : null,
      seenAt: Number(lastAccessTime?.seconds ?? 0) * 1_000,
    })),
    current: versionOf(answer.versioningInfo?.currentDeploymentVersion),
  };
}

/** The version in a message of Temporal's; null where it has none. */
export function versionOf(said: { deploymentName?: string | null; buildId?: string | null } | null | undefined): DeploymentVersion | null {
  return said?.deploymentName && said.buildId ? { name: said.deploymentName, buildId: said.buildId } : null;
}

const isSameVersion = (one: DeploymentVersion | null, other: DeploymentVersion | null): boolean =>
  one?.name === other?.name && one?.buildId === other?.buildId;

/** How many workers of a version polled lately. */
export const workersOf = ({ pollers }: Polling, version: DeploymentVersion | null, since: number): number =>
  pollers.filter((poller) => poller.seenAt >= since && isSameVersion(poller.version, version)).length;

/**
 * Why nobody takes a run's tasks, as the end of a sentence; undefined where somebody polls for them.
 *
 * @param pinned the version that the run is pinned to; null: none yet, it goes where new runs go
 * @param since pollers that were seen before are not counted
 */
export function missingWorker(
  polling: Polling,
  pinned: DeploymentVersion | null,
  { run, since = 0 }: { run?: string; since?: number } = {},
): string | undefined {
  const { taskQueue, current } = polling;
  const wanted = pinned ?? current;
  if (workersOf(polling, wanted, since) > 0) return undefined;
  if (pinned !== null) {
    const move = run === undefined ? 'move them' : `move the run to the current build with \`predictlab deploy adopt ${run}\``;
    return `no worker of build ${pinned.buildId}, to which ${run === undefined ? 'they are' : 'it is'} pinned, polls task queue "${taskQueue}": start one of that build, or ${move}`;
  }
  const others = polling.pollers.filter(({ seenAt }) => seenAt >= since).length;
  if (current !== null) {
    const back = 'or send new runs elsewhere with `predictlab deploy rollback`';
    return `no worker of build ${current.buildId}, to which new runs go, polls task queue "${taskQueue}": start one of that build, ${back}`;
  }
  return others > 0
    ? `only workers of a deployment poll task queue "${taskQueue}", and no build of it is current yet: \`predictlab deploy promote\` makes this one so`
    : `no worker polls task queue "${taskQueue}", start one with \`predictlab worker\``;
}
