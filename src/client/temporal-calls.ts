import { type Client, isGrpcServiceError, ServiceError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { badInput, messageOf, PredictLabError } from '../contracts/errors.ts';
import type { DeploymentVersion } from '../contracts/worker/deployment-version.ts';
import type { pipeline } from '../workflows/pipeline.ts';
import { temporalUnreachable } from './connection/temporal-connection.ts';
import { missingWorker, type Polling, pollingOf, versionOf } from './deployments/polling.ts';

/** Milliseconds to wait for a run's answer; a run that takes longer has no worker, or an overloaded one. */
const ANSWER_MS = 10_000;
/** Milliseconds without an answer after which it is checked whether the run has a worker at all. */
const LATE_MS = 1_000;

/** Message of a failure that is encrypted with a key that this process lacks. A worker that cannot decrypt a query fails with it too. */
const SEALED_FAILURE = 'Encoded failure';
const OTHER_KEYS =
  'the workers seal their payloads with another PREDICTLAB_PAYLOAD_KEY than this command has; give both the same keys (docs/security.md)';

/** Makes calls to Temporal that do not hang, and translates their errors into the user's words. */
export class TemporalCalls {
  readonly #client: Client;
  readonly #address: string;
  readonly #taskQueue: string;
  readonly #closing = new AbortController();

  constructor(client: Client, { address, taskQueue }: { address: string; taskQueue: string }) {
    this.#client = client;
    this.#address = address;
    this.#taskQueue = taskQueue;
  }

  async make<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (messageOf(error).includes(SEALED_FAILURE)) throw badInput(OTHER_KEYS, { cause: error });
      if (isUnavailable(error)) throw temporalUnreachable(this.#address, serviceMessage(error));
      if (error instanceof ServiceError && !isUnanswered(error)) throw new Error(serviceMessage(error), { cause: error });
      throw error;
    }
  }

  /** Makes a call about one run, with a deadline, and translates its errors. */
  async onRun<T>(handle: WorkflowHandle<typeof pipeline>, call: () => Promise<T>, withinMs: number = ANSWER_MS): Promise<T> {
    try {
      return await this.#unlessDeserted(handle, (signal) =>
        this.#client.withAbortSignal(signal, () => this.#client.withDeadline(Date.now() + withinMs, () => this.make(call))),
      );
    } catch (error) {
      if (isUnanswered(error) || (isGivenUp(error) && !this.#closing.signal.aborted)) throw await this.#noAnswer(handle, error);
      if (error instanceof WorkflowNotFoundError) throw await this.notOpen(handle, error);
      if (error instanceof Error && error.name === 'WorkflowUpdateFailedError')
        throw badInput(messageOf(error.cause ?? error), { cause: error });
      throw error;
    }
  }

  /** Waits for an answer; if it is late, stops waiting when no worker polls for the run. */
  async #unlessDeserted<T>(handle: WorkflowHandle<typeof pipeline>, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const given = new AbortController();
    const answer = ask(AbortSignal.any([given.signal, this.#closing.signal]));
    // awaited below; an error after the wait has stopped must not count as unhandled
    answer.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), LATE_MS);
    });
    const first = await Promise.race([answer.then(() => 'answered' as const), late]).finally(() => clearTimeout(timer));
    if (first === 'late' && (await this.missingWorker(handle)) !== undefined) {
      given.abort();
      throw await this.#noAnswer(handle, undefined);
    }
    return await answer;
  }

  async #noAnswer(handle: WorkflowHandle<typeof pipeline>, cause: unknown): Promise<PredictLabError> {
    const why = (await this.missingWorker(handle)) ?? 'check that a worker is running and not overloaded (`predictlab doctor`)';
    return new PredictLabError('SourceUnavailable', `${handle.workflowId} does not answer: ${why}`, { cause });
  }

  /** Creates the error of a call about a closed or an unknown run. Temporal gives the same answer for both, so the run is looked up. */
  async notOpen(handle: WorkflowHandle<typeof pipeline>, cause?: Error): Promise<PredictLabError> {
    const run = handle.workflowId;
    const state = await handle.describe().then(
      ({ status }) => status.name.toLowerCase().replaceAll('_', ' '),
      () => undefined,
    );
    const message =
      state === undefined
        ? `there is no such run: ${run}; \`predictlab runs\` lists them`
        : `run ${run} is closed (${state}), so there is nothing to change; \`predictlab status ${run}\` shows how it ended`;
    return badInput(message, { cause });
  }

  /** Why no worker takes the tasks of a run, or of new runs, as the end of a sentence; undefined if a worker for them is running. */
  async missingWorker(handle?: WorkflowHandle<typeof pipeline>): Promise<string | undefined> {
    const [polling, pinned] = await Promise.all([this.polling(), handle === undefined ? null : this.#pinnedTo(handle)]);
    return missingWorker(polling, pinned, { run: handle?.workflowId });
  }

  async polling(): Promise<Polling> {
    return await this.make(() => pollingOf(this.#client, this.#taskQueue));
  }

  /** The version that a run is pinned to; null if it has none yet, or Temporal does not know the run. */
  async #pinnedTo(handle: WorkflowHandle<typeof pipeline>): Promise<DeploymentVersion | null> {
    const info = await handle.describe().then(
      ({ raw }) => raw.workflowExecutionInfo?.versioningInfo,
      () => undefined,
    );
    return versionOf(info?.versioningOverride?.pinned?.version) ?? versionOf(info?.deploymentVersion);
  }

  /** Aborts running calls, which would keep the process alive until their deadlines. */
  close(): void {
    this.#closing.abort();
  }
}

/** gRPC's status code for an unreachable server. */
const UNAVAILABLE = 14;
/** gRPC's status codes when no worker took a query in time, or too many queries are waiting. */
const UNANSWERED: ReadonlySet<number> = new Set([4, 8]);
/** gRPC's status code for an aborted call. The server also aborts calls, because it may see the deadline pass a moment earlier. */
const CANCELLED = 1;
/** gRPC's status code when no worker polls for the build that a run is pinned to. */
const FAILED_PRECONDITION = 9;

/** Whether Temporal is unreachable. */
export const isUnavailable = (error: unknown): boolean => codeOf(error) === UNAVAILABLE;

/** Whether Temporal answered, but the run did not: no worker is running, or none had time. */
function isUnanswered(error: unknown): boolean {
  const code = codeOf(error);
  if (code === FAILED_PRECONDITION) return /no poller/.test(serviceMessage(error));
  if (code !== undefined) return UNANSWERED.has(code);
  return error instanceof Error && error.name === 'WorkflowUpdateRPCTimeoutOrCancelledError';
}

/** Whether a call was aborted, by this process or by the server. It also recognises the error that `TemporalCalls.make` creates from it. */
const isGivenUp = (error: unknown): boolean =>
  codeOf(error instanceof Error && error.cause instanceof ServiceError ? error.cause : error) === CANCELLED;

function codeOf(error: unknown): number | undefined {
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) ? cause.code : undefined;
}

/** The message that the server gave for an error. The client's own message only names the failed call. */
export function serviceMessage(error: unknown): string {
  const cause = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(cause) || !cause.details) return messageOf(error);
  return cause.details.replace(/^No connection established\. Last error: (Error: )?/, '').replace(/\.? Resolution note:.*$/s, '');
}
