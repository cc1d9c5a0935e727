import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../contracts/log.ts';
import { PagesClosing } from '../answers.ts';
import type { InFlight } from '../in-flight.ts';
import { LivePage, type LivePageOptions } from './live-page.ts';
import { eventStream, PollReaders } from './poll-readers.ts';

/** How a live page is read, and how often. */
export type Watching = Pick<LivePageOptions, 'look' | 'pauseMs' | 'maxPauseMs'>;

/** Event streams that one client may hold; a browser shares three among all its windows. */
const MAX_STREAMS = 32;

/** The live pages that have watchers: each is read once for all its watchers, which get its changes. */
export class WatchedPages {
  readonly #log: Log;
  readonly #inFlight: InFlight;
  readonly #live = new Map<string, Promise<LivePage>>();
  readonly #pollReaders = new PollReaders();
  readonly #streams = new Map<ServerResponse, string>();
  #isClosing = false;

  /** @param options.inFlight counts every look: looks read the database, which is closed after this */
  constructor({ log, inFlight }: { readonly log: Log; readonly inFlight: InFlight }) {
    this.#log = log;
    this.#inFlight = inFlight;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The live page that all watchers of one page share, also those that join while it is read for the first time. */
  async shared(key: string, start: () => Promise<Watching>): Promise<LivePage> {
    if (this.#isClosing) throw new PagesClosing();
    const known = this.#live.get(key);
    if (known !== undefined) return await known;
    const page = this.#started(key, start);
    this.#live.set(key, page);
    page.catch(() => this.#live.delete(key));
    return await page;
  }

  async #started(key: string, start: () => Promise<Watching>): Promise<LivePage> {
    const watching = await start();
    return new LivePage({
      ...watching,
      look: async () => await this.#inFlight.track(watching.look()),
      log: this.#log,
      onIdle: () => void this.#live.delete(key),
    });
  }

  /**
   * Answers with an event stream of changes, or, to a request with `poll`, with the changes since that reader's last request.
   * @param page undefined once nothing changes any more
   */
  async answer(request: FastifyRequest, reply: FastifyReply, page: LivePage | undefined): Promise<unknown> {
    const { poll } = request.query as { poll?: unknown };
    if (typeof poll === 'string') {
      if (page === undefined) return await reply.send({ patches: [], ended: true, still: false });
      return await reply.send(this.#pollReaders.next(`${request.url.split('?')[0]} ${poll.slice(0, 50)}`, (reader) => page.watch(reader)));
    }
    const client = request.ip;
    const open = [...this.#streams.values()].filter((address) => address === client).length;
    if (open >= MAX_STREAMS)
      return await reply
        .code(429)
        .send({ message: `${open} event streams are open to ${client}; close some pages, or poll with ?poll=<name>` });
    reply.hijack();
    if (this.#isClosing) return reply.raw.destroy();
    const stream = eventStream(reply.raw);
    if (page === undefined) return stream.ended();
    this.#streams.set(reply.raw, client);
    void stream.closed.then(() => this.#streams.delete(reply.raw));
    const end = page.watch(stream);
    void stream.closed.then(end);
    return undefined;
  }

  /** Ends all streams and accepts no more. */
  close(): void {
    this.#isClosing = true;
    this.#pollReaders.close();
    for (const page of this.#live.values()) void page.then((watched) => watched.close()).catch(() => undefined);
    this.#live.clear();
    for (const response of this.#streams.keys()) response.destroy();
  }
}
