import { type Client, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { badInput, PredictLabError } from '../../contracts/errors.ts';
import type { DeploymentVersion } from '../../contracts/worker/deployment-version.ts';
import { listExecutions } from '../executions.ts';
import { serviceMessage } from '../temporal-calls.ts';
import { millisecondsOf, pollingOf, type Stamp, versionOf, workersOf } from './polling.ts';

/** A build of the deployment, and whether Temporal routes new runs to it. */
export interface DeployedVersion {
  readonly buildId: string;
  /** `draining`: no new runs, some open runs; `drained`: no open runs; `inactive`: never had a run. */
  readonly state: 'current' | 'ramping' | 'draining' | 'drained' | 'inactive';
  readonly workers: number;
  readonly openRuns: number;
  /** When the build last became current; null: never. */
  readonly currentAt: string | null;
  /** When the build last stopped getting new runs; null if that never happened or it gets new runs now. */
  readonly retiredAt: string | null;
}

/** The routing of new runs, and the workers that poll the queue. */
export interface DeploymentView {
  readonly name: string;
  readonly taskQueue: string;
  /** The build that new runs go to; null if they go to workers without a version. */
  readonly current: string | null;
  readonly ramping: { readonly buildId: string; readonly percent: number } | null;
  /** Newest first. */
  readonly versions: readonly DeployedVersion[];
  /** Number of workers without a version, and of open runs without a version. */
  readonly unversioned: { readonly workers: number; readonly openRuns: number };
}

interface OpenWorkflow {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
}

/** States by the number that Temporal's API uses for each. */
const STATES: readonly DeployedVersion['state'][] = ['inactive', 'inactive', 'current', 'ramping', 'draining', 'drained', 'inactive'];
const NOT_FOUND = 5;

type Described = Awaited<ReturnType<Client['workflowService']['describeWorkerDeployment']>>['workerDeploymentInfo'];

/** Routes new runs between builds on one task queue, with Temporal's Worker Deployments. */
export class Deployments {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /** Reads the state of a deployment. @returns an empty view where no versioned worker has ever polled under that name */
  async view(name: string): Promise<DeploymentView> {
    const [info, polling, unversionedRuns] = await Promise.all([
      this.#describe(name),
      pollingOf(this.#client, this.#taskQueue),
      this.#countOpen(),
    ]);
    const versions = (info?.versionSummaries ?? []).map(async (summary): Promise<DeployedVersion> => {
      const buildId = summary.deploymentVersion?.buildId ?? '';
      return {
        buildId,
        state: STATES[summary.status ?? 0] ?? 'inactive',
        workers: workersOf(polling, { name, buildId }),
        openRuns: await this.#countOpen({ name, buildId }),
        currentAt: instantOf(summary.lastCurrentTime ?? summary.currentSinceTime),
        retiredAt: instantOf(summary.lastDeactivationTime),
      };
    });
    const routing = info?.routingConfig;
    const ramping = versionOf(routing?.rampingDeploymentVersion);
    return {
      name,
      taskQueue: this.#taskQueue,
      current: versionOf(routing?.currentDeploymentVersion)?.buildId ?? null,
      ramping: ramping === null ? null : { buildId: ramping.buildId, percent: routing?.rampingVersionPercentage ?? 0 },
      versions: await Promise.all(versions),
      unversioned: { workers: workersOf(polling, null), openRuns: unversionedRuns },
    };
  }

  /** Routes `percent` of the new runs to a build and the others to the current one; 0 ends the ramp. */
  async ramp({ name, buildId }: DeploymentVersion, percent: number): Promise<void> {
    const { namespace } = this.#client.options;
    const ramp = { namespace, deploymentName: name, buildId: percent === 0 ? '' : buildId, percentage: percent };
    await this.#set(name, () => this.#client.workflowService.setWorkerDeploymentRampingVersion(ramp));
  }

  /** Routes every new run to a build, or to the workers without a version (null). This ends a ramp to that build. */
  async setCurrent(name: string, buildId: string | null): Promise<void> {
    const current = { namespace: this.#client.options.namespace, deploymentName: name, buildId: buildId ?? '' };
    await this.#set(name, () => this.#client.workflowService.setWorkerDeploymentCurrentVersion(current));
  }

  /** Ids of the open runs of a version. */
  async openRuns(version: DeploymentVersion): Promise<readonly string[]> {
    const ids = [];
    for await (const { workflowId } of listExecutions(this.#client, { query: `WorkflowType = "pipeline" AND ${this.#which(version)}` }))
      ids.push(workflowId);
    return ids;
  }

  /**
   * Lists the open executions of a run, then of its symbols; a symbol that has just ended may be among them.
   * Describes the run instead of listing workflows, because Temporal's list may be outdated.
   */
  async familyOf(run: string): Promise<readonly OpenWorkflow[]> {
    const { workflowId, runId, type, status, raw } = await this.#client.workflow.getHandle(run).describe();
    if (status.name !== 'RUNNING') return [];
    const symbols = (raw.pendingChildren ?? []).map((child) => ({
      workflowId: child.workflowId ?? '',
      // A child that has not started yet has no run id, and nothing to replay or to move.
      runId: child.runId ?? '',
      type: child.workflowTypeName ?? '',
    }));
    return [{ workflowId, runId, type }, ...symbols.filter((symbol) => symbol.runId !== '')];
  }

  async historyOf({ workflowId, runId, type }: OpenWorkflow): Promise<RecentHistory> {
    return { type, workflowId, history: await this.#client.workflow.getHandle(workflowId, runId).fetchHistory() };
  }

  /** Pins an open workflow to a version, in place of an earlier pin. @returns false if the workflow has ended in the meantime */
  async move({ workflowId, runId }: OpenWorkflow, { name, buildId }: DeploymentVersion): Promise<boolean> {
    const pinned = { behavior: PINNED_OVERRIDE, version: { deploymentName: name, buildId } };
    const update = {
      namespace: this.#client.options.namespace,
      workflowExecution: { workflowId, runId },
      workflowExecutionOptions: { versioningOverride: { pinned } },
      updateMask: { paths: ['versioning_override'] },
    };
    try {
      await this.#set(name, () => this.#client.workflowService.updateWorkflowExecutionOptions(update));
      return true;
    } catch (error) {
      if (error instanceof PredictLabError && /already completed/.test(serviceMessage(error.cause))) return false;
      throw error;
    }
  }

  async #set(name: string, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      throw badInput(`deployment ${name}: Temporal refused (${serviceMessage(error)}); see \`predictlab deploy status\``, {
        cause: error,
      });
    }
  }

  async #describe(name: string): Promise<Described> {
    try {
      const { namespace } = this.#client.options;
      return (await this.#client.workflowService.describeWorkerDeployment({ namespace, deploymentName: name })).workerDeploymentInfo;
    } catch (error) {
      const cause = error instanceof ServiceError ? error.cause : error;
      if (isGrpcServiceError(cause) && (cause.code as number) === NOT_FOUND) return undefined;
      throw error;
    }
  }

  #which(version: DeploymentVersion | undefined): string {
    const pinned =
      version === undefined
        ? 'TemporalWorkerDeploymentVersion IS NULL'
        : `TemporalWorkerDeploymentVersion = "${version.name}:${version.buildId}"`;
    return `TaskQueue = "${this.#taskQueue}" AND ExecutionStatus = "Running" AND ${pinned}`;
  }

  async #countOpen(version?: DeploymentVersion): Promise<number> {
    return (await this.#client.workflow.count(`WorkflowType = "pipeline" AND ${this.#which(version)}`)).count;
  }
}

/** The number of `PINNED_OVERRIDE_BEHAVIOR_PINNED` in Temporal's API. */
const PINNED_OVERRIDE = 1;

const instantOf = (stamp: Stamp): string | null =>
  stamp?.seconds === undefined || stamp.seconds === null ? null : new Date(millisecondsOf(stamp)).toISOString();

export interface RecentHistory {
  readonly type: string;
  readonly workflowId: string;
  readonly history: History;
}

/** Workflow types whose histories are read separately; all other types on the queue together count as one more type. */
const TYPES = ['pipeline', 'symbolPipeline'] as const;

/**
 * Yields histories of a task queue, fetched one at a time: for each workflow type the newest `last` open and the newest `last` closed ones.
 * Leaves out histories that Temporal has deleted by the time they are fetched.
 */
export async function* recentHistories(
  client: Client,
  { taskQueue, last }: { taskQueue: string; last: number },
): AsyncGenerator<RecentHistory> {
  const which = [
    ...TYPES.map((type) => `WorkflowType = "${type}"`),
    `WorkflowType NOT IN (${TYPES.map((type) => `"${type}"`).join(', ')})`,
  ];
  for (const type of which) {
    for (const state of ['ExecutionStatus = "Running"', 'ExecutionStatus != "Running"'])
      yield* newest(client, `TaskQueue = "${taskQueue}" AND ${type} AND ${state}`, last);
  }
}

async function* newest(client: Client, query: string, last: number): AsyncGenerator<RecentHistory> {
  let left = last;
  for await (const { workflowId, runId, type } of listExecutions(client, { query, pageSize: Math.min(last, 1_000) })) {
    if (left-- <= 0) return;
    try {
      yield { type, workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() };
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
