import type { Log } from './contracts/log.ts';

/**
 * The resources that a process has opened. `close` closes them in reverse order, however the process ends its work.
 *
 * @example
 * const closers = new Closers(log);
 * try { const db = closers.add('database', await openDatabase(…)); … } finally { await closers.close(); }
 */
export class Closers {
  readonly #opened: { readonly what: string; readonly close: () => Promise<unknown> }[] = [];
  readonly #log: Pick<Log, 'error'>;

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log;
  }

  add<T extends { close(): Promise<unknown> }>(what: string, resource: T): T {
    this.#opened.push({ what, close: () => resource.close() });
    return resource;
  }

  /** Closes everything, newest first. A resource that fails to close is logged, and the others are closed all the same. */
  async close(): Promise<void> {
    for (let next = this.#opened.pop(); next !== undefined; next = this.#opened.pop()) {
      try {
        await next.close();
      } catch (error) {
        this.#log.error(`could not close ${next.what}`, { error: error instanceof Error ? error.message : String(error) });
      }
    }
  }
}
