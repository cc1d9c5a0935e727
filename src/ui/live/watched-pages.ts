import type { FastifyRequest } from 'fastify';
import type { Log } from '../../contracts/log.ts';
import { PagesClosing } from '../answers.ts';
import type { InFlight } from '../in-flight.ts';
import { LivePage, type LivePageOptions, type PageChanges } from './live-page.ts';

/** How a live page is read, and how often. */
export type Watching = Pick<LivePageOptions, 'look' | 'pauseMs' | 'maxPauseMs'>;

/** The live pages that have readers: each is read once for all its readers, which request its changes. */
export class WatchedPages {
  readonly #log: Log;
  readonly #inFlight: InFlight;
  readonly #live = new Map<string, Promise<LivePage | undefined>>();
  #isClosing = false;

  /** @param options.inFlight counts every read of a page, so that the database is closed only after the last one */
  constructor({ log, inFlight }: { readonly log: Log; readonly inFlight: InFlight }) {
    this.#log = log;
    this.#inFlight = inFlight;
  }

  get size(): number {
    return this.#live.size;
  }

  /**
   * The changes of a page since the revision that a request names.
   * @param start starts to watch the page; returns undefined once nothing on it will change
   */
  async changes({ query }: FastifyRequest, key: string, start: () => Promise<Watching | undefined>): Promise<PageChanges> {
    if (this.#isClosing) throw new PagesClosing();
    const page = await (this.#live.get(key) ?? this.#started(key, start));
    const since = Number((query as { since?: unknown }).since) || 0;
    return page?.changesSince(since) ?? { patches: [], revision: since, ended: true, still: false };
  }

  #started(key: string, start: () => Promise<Watching | undefined>): Promise<LivePage | undefined> {
    const onIdle = (): void => void this.#live.delete(key);
    const page = start().then((watching) => {
      if (this.#isClosing) throw new PagesClosing();
      if (watching === undefined) return onIdle();
      return new LivePage({ ...watching, look: async () => await this.#inFlight.track(watching.look()), log: this.#log, onIdle });
    }) as Promise<LivePage | undefined>;
    this.#live.set(key, page);
    page.catch(onIdle);
    return page;
  }

  /** Stops reading pages and answering requests. */
  close(): void {
    this.#isClosing = true;
    // a page that could not be opened has nothing to close
    for (const page of this.#live.values()) void page.then((watched) => watched?.close()).catch(() => undefined);
    this.#live.clear();
  }
}
