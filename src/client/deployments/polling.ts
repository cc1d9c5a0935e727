import type { Client } from '@temporalio/client';
import type { DeploymentVersion } from '../../contracts/worker/deployment-version.ts';
import { nameOfIdentity, WORKER_HEARTBEAT_MS } from '../../contracts/worker/worker-identity.ts';

/** A worker; Temporal lists it for some minutes after its last poll. */
export interface Poller {
  readonly identity: string;
  /** The worker's version; null if it has none. */
  readonly version: DeploymentVersion | null;
  /** Time of the worker's last heartbeat or poll; UTC epoch milliseconds. */
  readonly seenAt: number;
  readonly up: boolean;
}

/** The workers that poll a task queue, and the version to which Temporal routes new runs. */
export interface Polling {
  readonly taskQueue: string;
  readonly pollers: readonly Poller[];
  /** The version that new runs go to; null if they go to workers without a version. */
  readonly current: DeploymentVersion | null;
}

/** Milliseconds without a poll after which a worker counts as stopped. A poll lasts a minute; Temporal lists stopped workers longer. */
const GONE_AFTER_POLL_MS = 75_000;
/** Milliseconds without a heartbeat after which a worker counts as stopped: four missed heartbeats. */
const GONE_AFTER_HEARTBEAT_MS = 4 * WORKER_HEARTBEAT_MS;

/** The number of `WORKER_VERSIONING_MODE_VERSIONED` in Temporal's API. */
const VERSIONED = 2;
/** The number of `WORKER_STATUS_SHUTDOWN` in Temporal's API. */
const SHUT_DOWN = 3;

/** Lists the workers that polled a task queue's workflow tasks in the last minutes. */
export async function pollingOf(client: Client, taskQueue: string): Promise<Polling> {
  const { namespace } = client.options;
  const [answer, heartbeats] = await Promise.all([
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
    // Servers before 1.30 have no worker heartbeats.
    heartbeatsOn(client, taskQueue).catch(() => new Map<string, Heartbeat>()),
  ]);
  const now = Date.now();
  return {
    taskQueue,
    pollers: (answer.pollers ?? []).map(({ identity, lastAccessTime, deploymentOptions: said }) => {
      const version = Number(said?.workerVersioningMode) === VERSIONED ? versionOf(said) : null;
      const polledAt = millisecondsOf(lastAccessTime);
      const heartbeat = heartbeats.get(identity ?? '');
      // The later of the two, because a poll is dated by the server's clock and a heartbeat by the worker's.
      const seenAt = Math.max(polledAt, heartbeat?.at ?? 0);
      // A worker without a heartbeat may have just started; it is judged by its polls.
      const patience = heartbeat === undefined ? GONE_AFTER_POLL_MS : GONE_AFTER_HEARTBEAT_MS;
      return { identity: identity ?? '', version, seenAt, up: heartbeat?.ended !== true && now - seenAt <= patience };
    }),
    current: versionOf(answer.versioningInfo?.currentDeploymentVersion),
  };
}

interface Heartbeat {
  /** UTC epoch milliseconds. */
  readonly at: number;
  readonly ended: boolean;
}

/** Returns the last heartbeat of each worker of a task queue, by identity. */
async function heartbeatsOn(client: Client, taskQueue: string): Promise<Map<string, Heartbeat>> {
  const found = new Map<string, Heartbeat>();
  let nextPageToken: Uint8Array | undefined;
  do {
    const answer = await client.workflowService.listWorkers({
      namespace: client.options.namespace,
      query: `TaskQueue="${taskQueue}"`,
      pageSize: 500,
      nextPageToken,
    });
    for (const { workerHeartbeat } of answer.workersInfo ?? []) {
      const { workerIdentity = '', heartbeatTime, status } = workerHeartbeat ?? {};
      const at = millisecondsOf(heartbeatTime);
      const known = found.get(workerIdentity ?? '');
      if (known === undefined || known.at < at) found.set(workerIdentity ?? '', { at, ended: Number(status) === SHUT_DOWN });
    }
    nextPageToken = answer.nextPageToken?.length ? answer.nextPageToken : undefined;
  } while (nextPageToken !== undefined);
  return found;
}

/** A time in a message from Temporal. */
export type Stamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;

/** The UTC epoch milliseconds of a time in a message from Temporal; 0 if the message has none. */
export const millisecondsOf = (stamp: Stamp): number => Number(stamp?.seconds ?? 0) * 1_000 + Math.floor((stamp?.nanos ?? 0) / 1e6);

/** The version in a message from Temporal; null if the message has none. */
export function versionOf(said: { deploymentName?: string | null; buildId?: string | null } | null | undefined): DeploymentVersion | null {
  return said?.deploymentName && said.buildId ? { name: said.deploymentName, buildId: said.buildId } : null;
}

const isSameVersion = (one: DeploymentVersion | null, other: DeploymentVersion | null): boolean =>
  one?.name === other?.name && one?.buildId === other?.buildId;

/** Number of running workers of a version. */
export const workersOf = ({ pollers }: Polling, version: DeploymentVersion | null): number =>
  pollers.filter((poller) => poller.up && isSameVersion(poller.version, version)).length;

/**
 * Why no worker takes a run's tasks, as the end of a sentence; undefined if a worker polls for them.
 * @param pinned the version that the run is pinned to; null for a run that is not pinned yet and is routed like a new one
 */
export function missingWorker(polling: Polling, pinned: DeploymentVersion | null, { run }: { run?: string } = {}): string | undefined {
  const { taskQueue, current } = polling;
  const wanted = pinned ?? current;
  if (workersOf(polling, wanted) > 0) return undefined;
  if (pinned !== null) {
    const move = run === undefined ? 'move them' : `move the run to the current build with \`predictlab deploy adopt ${run}\``;
    return `${run === undefined ? 'they are' : 'it is'} pinned to build ${pinned.buildId}, and no worker of that build polls task queue "${taskQueue}": start one of that build, or ${move}`;
  }
  const others = polling.pollers.filter(({ up }) => up).length;
  if (current !== null) {
    const back = 'or send new runs elsewhere with `predictlab deploy rollback`';
    return `new runs go to build ${current.buildId}, and no worker of that build polls task queue "${taskQueue}": start one of that build, ${back}`;
  }
  return others > 0
    ? `only workers of a deployment poll task queue "${taskQueue}", and no build of it is current yet: \`predictlab deploy promote\` makes this build current`
    : `no worker polls task queue "${taskQueue}"${lastHeard(polling)}, start one with \`predictlab worker\``;
}

/** A remark in parentheses that names the worker that was seen last; empty if none was seen. */
export function lastHeard({ pollers }: Polling): string {
  const [last] = [...pollers].sort((a, b) => b.seenAt - a.seenAt);
  if (last === undefined) return '';
  return ` (the last one, ${nameOfIdentity(last.identity)}, was seen ${secondsSince(last)} s ago)`;
}

/** Seconds since a worker's last heartbeat or poll. */
export const secondsSince = ({ seenAt }: Poller): number => Math.max(0, Math.round((Date.now() - seenAt) / 1_000));
