import type { Client } from '@temporalio/client';
import type { DeploymentVersion } from '../../contracts/deployment-version.ts';
import { nameOfIdentity, WORKER_HEARTBEAT_MS } from '../../contracts/worker-identity.ts';

/** A worker as Temporal lists it, for some minutes after its last poll. */
export interface Poller {
  readonly identity: string;
  /** null: unversioned */
  readonly version: DeploymentVersion | null;
  /** When it was last heard of: its last heartbeat or poll; UTC epoch milliseconds. */
  readonly seenAt: number;
  /** Heard of so lately that it is there. */
  readonly up: boolean;
}

/** Who asks for a task queue's work, and where Temporal sends runs that are not pinned. */
export interface Polling {
  readonly taskQueue: string;
  readonly pollers: readonly Poller[];
  /** null: unversioned workers */
  readonly current: DeploymentVersion | null;
}

/** A poll lasts a minute: who has not asked for longer is gone, though Temporal lists it for some minutes more. */
const GONE_AFTER_POLL_MS = 75_000;
/** Who has not said for four times in a row that it is there is gone. */
const GONE_AFTER_HEARTBEAT_MS = 4 * WORKER_HEARTBEAT_MS;

/** `WORKER_VERSIONING_MODE_VERSIONED` */
const VERSIONED = 2;
/** `WORKER_STATUS_SHUTDOWN` */
const SHUT_DOWN = 3;

/** Who has asked for a task queue's workflow tasks in the last minutes. */
export async function pollingOf(client: Client, taskQueue: string): Promise<Polling> {
  const { namespace } = client.options;
  const [answer, heartbeats] = await Promise.all([
    client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
    // servers before 1.30 do not know them
    heartbeatsOn(client, taskQueue).catch(() => new Map<string, Heartbeat>()),
  ]);
  const now = Date.now();
  return {
    taskQueue,
    pollers: (answer.pollers ?? []).map(({ identity, lastAccessTime, deploymentOptions: said }) => {
      const version = Number(said?.workerVersioningMode) === VERSIONED ? versionOf(said) : null;
      const polledAt = millisecondsOf(lastAccessTime);
      const heartbeat = heartbeats.get(identity ?? '');
      // the server's clock tells when it polled, the worker's own when it said that it is there
      const seenAt = Math.max(polledAt, heartbeat?.at ?? 0);
      // what has just begun has polled and not said anything yet
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

/** The last heartbeat of each worker of a task queue, by identity. */
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

const millisecondsOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + Math.floor((time?.nanos ?? 0) / 1e6);

/** The version in a message of Temporal's; null where it has none. */
export function versionOf(said: { deploymentName?: string | null; buildId?: string | null } | null | undefined): DeploymentVersion | null {
  return said?.deploymentName && said.buildId ? { name: said.deploymentName, buildId: said.buildId } : null;
}

const isSameVersion = (one: DeploymentVersion | null, other: DeploymentVersion | null): boolean =>
  one?.name === other?.name && one?.buildId === other?.buildId;

/** How many workers of a version are up. */
export const workersOf = ({ pollers }: Polling, version: DeploymentVersion | null): number =>
  pollers.filter((poller) => poller.up && isSameVersion(poller.version, version)).length;

/**
 * Why nobody takes a run's tasks, as the end of a sentence; undefined where somebody polls for them.
 *
 * @param pinned the version that the run is pinned to; null: none yet, it goes where new runs go
 */
export function missingWorker(polling: Polling, pinned: DeploymentVersion | null, { run }: { run?: string } = {}): string | undefined {
  const { taskQueue, current } = polling;
  const wanted = pinned ?? current;
  if (workersOf(polling, wanted) > 0) return undefined;
  if (pinned !== null) {
    const move = run === undefined ? 'move them' : `move the run to the current build with \`predictlab deploy adopt ${run}\``;
    return `no worker of build ${pinned.buildId}, to which ${run === undefined ? 'they are' : 'it is'} pinned, polls task queue "${taskQueue}": start one of that build, or ${move}`;
  }
  const others = polling.pollers.filter(({ up }) => up).length;
  if (current !== null) {
    const back = 'or send new runs elsewhere with `predictlab deploy rollback`';
    return `no worker of build ${current.buildId}, to which new runs go, polls task queue "${taskQueue}": start one of that build, ${back}`;
  }
  return others > 0
    ? `only workers of a deployment poll task queue "${taskQueue}", and no build of it is current yet: \`predictlab deploy promote\` makes this one so`
    : `no worker polls task queue "${taskQueue}"${lastHeard(polling)}, start one with \`predictlab worker\``;
}

/** Who was there before, for a moment's certainty that it is the one that one thinks of. */
export function lastHeard({ pollers }: Polling): string {
  const [last] = [...pollers].sort((a, b) => b.seenAt - a.seenAt);
  if (last === undefined) return '';
  return ` (the last one, ${nameOfIdentity(last.identity)}, was heard of ${secondsSince(last)} s ago)`;
}

/** How long ago a worker was last heard of. */
export const secondsSince = ({ seenAt }: Poller): number => Math.max(0, Math.round((Date.now() - seenAt) / 1_000));
