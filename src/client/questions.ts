import { type Client, ServiceError, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import { temporalUnreachable } from '../temporal-connection.ts';
import type { pipeline } from '../workflows/pipeline.ts';
import { isUnanswered, isUnavailable, serviceMessage } from './service-error.ts';

/** A run that does not answer for so long has no worker, or none that keeps up. */
const ANSWER_MS = 10_000;
/** A run with a worker answers within milliseconds; after so long it is worth a look whether there is one. */
const LATE_MS = 1_000;

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
      if (isUnavailable(error)) throw temporalUnreachable(this.#address, serviceMessage(error));
      if (error instanceof ServiceError && !isUnanswered(error)) throw new Error(serviceMessage(error), { cause: error });
      throw error;
    }
  }

  /** The same for a call about one run. */
  async ofRun<T>(handle: WorkflowHandle<typeof pipeline>, call: () => Promise<T>): Promise<T> {
    try {
      return await this.#unlessDeserted(handle.workflowId, (signal) =>
        this.#client.withAbortSignal(signal, () => this.#client.withDeadline(Date.now() + ANSWER_MS, () => this.ask(call))),
      );
    } catch (error) {
      if (isUnanswered(error)) throw await this.#noAnswer(handle.workflowId, error);
      if (error instanceof WorkflowNotFoundError) throw await this.notOpen(handle, error);
      if (error instanceof Error && error.name === 'WorkflowUpdateFailedError')
        throw new PredictLabError('BadInput', messageOf(error.cause ?? error), { cause: error });
      throw error;
    }
  }

  /** An answer that is late is not waited for when nobody is there to give it. */
  async #unlessDeserted<T>(run: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const given = new AbortController();
    const answer = ask(AbortSignal.any([given.signal, this.#closing.signal]));
    answer.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), LATE_MS);
    });
    const first = await Promise.race([answer.then(() => 'answered' as const), late]).finally(() => clearTimeout(timer));
    if (first === 'late' && !(await this.hasWorker())) {
      given.abort();
      throw await this.#noAnswer(run, undefined);
    }
    return await answer;
  }

  async #noAnswer(run: string, cause: unknown): Promise<PredictLabError> {
    const why = (await this.hasWorker())
      ? `see that a worker is up and keeps up (\`predictlab doctor\`)`
      : `no worker polls task queue "${this.#taskQueue}", start one with \`predictlab worker\``;
    return new PredictLabError('SourceUnavailable', `${run} does not answer: ${why}`, { cause });
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

  /** Whether any worker has asked for this task queue's work lately (minutes: Temporal remembers those that are gone for a while). */
  async hasWorker(): Promise<boolean> {
    return (await this.workers()).length > 0;
  }

  /** The identities of the workers that have asked for this task queue's work lately. */
  async workers(): Promise<readonly string[]> {
    const { namespace } = this.#client.options;
    const answer = await this.ask(() =>
      this.#client.workflowService.describeTaskQueue({ namespace, taskQueue: { name: this.#taskQueue }, taskQueueType: 1 }),
    );
    return (answer.pollers ?? []).map(({ identity }) => identity ?? '');
  }

  /** Gives up what is under way: it would keep the process until its deadline. */
  close(): void {
    this.#closing.abort();
  }
}
