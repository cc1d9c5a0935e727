import { type Client, ServiceError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { temporalUnreachable } from '../connection/temporal-connection.ts';
import type { DeploymentVersion } from '../contracts/deployment-version.ts';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import type { pipeline } from '../workflows/pipeline.ts';
import { missingWorker, type Polling, pollingOf, versionOf } from './deployments/polling.ts';
import { isGivenUp, isUnanswered, isUnavailable, serviceMessage } from './service-error.ts';

/** A run that does not answer for so long has no worker, or none that keeps up. */
const ANSWER_MS = 10_000;
/** A run with a worker answers within milliseconds; after so long it is worth a look whether there is one. */
const LATE_MS = 1_000;

/** What stands where a failure was sealed with a key that we do not have; a worker that cannot open our question fails so. */
const SEALED_FAILURE = 'Encoded failure';
const OTHER_KEYS =
  'the workers seal what they say with another PREDICTLAB_PAYLOAD_KEY than this command has; give both the same keys (docs/security.md)';

/** Calls to Temporal that do not hang, and whose errors are in the user's words. */
export class Questions {
  readonly #client: Client;
  readonly #address: string;
  readonly #taskQueue: string;
  readonly #closing = new AbortController();

  constructor(client: Client, { address, taskQueue }: { address: string; taskQueue: string }) {
    this.#client = client;
    this.#address = address;
    this.#taskQueue = taskQueue;
  }

  /** Foreign errors of a call, in the user's words. */
  async ask<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (messageOf(error).includes(SEALED_FAILURE)) throw new PredictLabError('BadInput', OTHER_KEYS, { cause: error });
      if (isUnavailable(error)) throw temporalUnreachable(this.#address, serviceMessage(error));
      if (error instanceof ServiceError && !isUnanswered(error)) throw new Error(serviceMessage(error), { cause: error });
      throw error;
    }
  }

  /** The same for a call about one run. */
  async ofRun<T>(handle: WorkflowHandle<typeof pipeline>, call: () => Promise<T>, withinMs: number = ANSWER_MS): Promise<T> {
    try {
      return await this.#unlessDeserted(handle, (signal) =>
        this.#client.withAbortSignal(signal, () => this.#client.withDeadline(Date.now() + withinMs, () => this.ask(call))),
      );
    } catch (error) {
      if (isUnanswered(error) || (isGivenUp(error) && !this.#closing.signal.aborted)) throw await this.#noAnswer(handle, error);
      if (error instanceof WorkflowNotFoundError) throw await this.notOpen(handle, error);
      if (error instanceof Error && error.name === 'WorkflowUpdateFailedError')
        throw new PredictLabError('BadInput', messageOf(error.cause ?? error), { cause: error });
      throw error;
    }
  }

  /** An answer that is late is not waited for when nobody is there to give it. */
  async #unlessDeserted<T>(handle: WorkflowHandle<typeof pipeline>, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const given = new AbortController();
    const answer = ask(AbortSignal.any([given.signal, this.#closing.signal]));
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
    const why = (await this.missingWorker(handle)) ?? 'see that a worker is up and keeps up (`predictlab doctor`)';
    return new PredictLabError('SourceUnavailable', `${handle.workflowId} does not answer: ${why}`, { cause });
  }

  /** Temporal says the same of a run that is closed and of one that never was. */
  async notOpen(handle: WorkflowHandle<typeof pipeline>, cause?: Error): Promise<PredictLabError> {
    const run = handle.workflowId;
    const state = await handle.describe().then(
      ({ status }) => status.name.toLowerCase().replaceAll('_', ' '),
      () => undefined,
    );
    const message =
      state === undefined
        ? `there is no such run: ${run}; \`predictlab runs\` lists them`
        : `run ${run} is closed (${state}); \`predictlab retry ${run}\` starts what did not succeed anew`;
    return new PredictLabError('BadInput', message, { cause });
  }

  /**
   * Why nobody takes the tasks of a run, or of new runs, as the end of a sentence; undefined where a worker that may take them is
   * up.
   */
  async missingWorker(handle?: WorkflowHandle<typeof pipeline>): Promise<string | undefined> {
    const [polling, pinned] = await Promise.all([this.polling(), handle === undefined ? null : this.#pinnedTo(handle)]);
    return missingWorker(polling, pinned, { run: handle?.workflowId });
  }

  /** Who has asked for this task queue's work lately. */
  async polling(): Promise<Polling> {
    return await this.ask(() => pollingOf(this.#client, this.#taskQueue));
  }

  /** null where no version has taken the run yet, or Temporal does not know it. */
  async #pinnedTo(handle: WorkflowHandle<typeof pipeline>): Promise<DeploymentVersion | null> {
    const info = await handle.describe().then(
      ({ raw }) => raw.workflowExecutionInfo?.versioningInfo,
      () => undefined,
    );
    return versionOf(info?.versioningOverride?.pinned?.version) ?? versionOf(info?.deploymentVersion);
  }

  /** Gives up what is under way: it would keep the process until its deadline. */
  close(): void {
    this.#closing.abort();
  }
}
