import type { Closers } from '../../closers.ts';
import type { Log } from '../../contracts/log.ts';
import { ownRecord, type ProcessRecord, recordProcesses } from '../../processes/process-record.ts';
import { keepRunning, type ServingProcess } from './kept-process.ts';

export interface StackProcessesOptions {
  readonly kind: ProcessRecord['kind'];
  readonly home: string;
  /** Restarts processes that end unexpectedly. */
  readonly keepUp: boolean;
  /** Owns the started processes. */
  readonly closers: Closers;
  readonly log: Log;
}

/** The processes of one stack, and the record of them that a later `dev` or `demo` reads. `close` removes the record. */
export class StackProcesses {
  readonly #options: StackProcessesOptions;
  readonly #pids = new Map<string, number>();
  readonly #lost: Promise<string>[] = [];
  #addresses: Pick<ProcessRecord, 'address' | 'uiUrl'> | undefined;
  #record: { close(): Promise<void> } | undefined;

  constructor(options: StackProcessesOptions) {
    this.#options = options;
  }

  /**
   * Starts a process, and restarts it where processes are kept running.
   *
   * @param marker a part of the process's command line, see `ProcessRecord`
   * @param start starts the process; a restart passes the one that ended
   */
  async start<P extends ServingProcess>(what: string, marker: string, start: (inPlaceOf?: P) => Promise<P>): Promise<P> {
    const { keepUp, closers, log } = this.#options;
    const noted = async (inPlaceOf?: P): Promise<P> => {
      const started = await start(inPlaceOf);
      this.#pids.set(marker, started.pid);
      await this.#write();
      return started;
    };
    const first = await noted();
    const kept = closers.add(what, keepRunning({ what, first, next: keepUp ? noted : undefined, log }));
    this.#lost.push(kept.lost);
    return first;
  }

  /** Writes the record with the addresses of the stack. */
  async record({ address, uiUrl }: Pick<ProcessRecord, 'address' | 'uiUrl'>): Promise<void> {
    this.#addresses = { address, uiUrl };
    await this.#write();
  }

  /** Resolves with a sentence once one of the processes started so far has ended for good. */
  broken(): Promise<string> {
    return Promise.race(this.#lost);
  }

  async close(): Promise<void> {
    await this.#record?.close();
  }

  async #write(): Promise<void> {
    if (this.#addresses === undefined) return;
    const { home, kind } = this.#options;
    // The next dev ends them in this order: the last started first.
    const children = [...this.#pids].reverse().map(([marker, pid]) => ({ pid, marker }));
    this.#record = await recordProcesses(home, { kind, ...ownRecord(), ...this.#addresses, children });
  }
}
