import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../contracts/log.ts';
import { PagesClosing } from '../answers.ts';
import type { InFlight } from '../in-flight.ts';
import { eventStream } from './event-stream.ts';
import { LivePage, type LivePageOptions } from './live-page.ts';
import { PollReaders } from './poll-readers.ts';

/** What a page is watched with; who looks is counted, and what is looked at by nobody is forgotten, here. */
export type Watching = Pick<LivePageOptions, 'look' | 'pauseMs' | 'mostPauseMs'>;

/** The pages that somebody watches: each is looked at once for all its readers, who are told what changes. */
export class WatchedPages {
  readonly #log: Log;
  readonly #inFlight: InFlight;
  readonly #live = new Map<string, Promise<LivePage>>();
  readonly #pollReaders = new PollReaders();
  /** Readers that are told what changes; they never leave by themselves. */
  readonly #streams = new Set<ServerResponse>();
  #isClosing = false;

  /** @param options.inFlight counts every look, since it reads what is closed after this */
  constructor({ log, inFlight }: { readonly log: Log; readonly inFlight: InFlight }) {
    this.#log = log;
    this.#inFlight = inFlight;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The one that all who watch a page share, also those who come while it is being read for the first. */
  async shared(key: string, begin: () => Promise<Watching>): Promise<LivePage> {
    if (this.#isClosing) throw new PagesClosing();
    const known = this.#live.get(key);
    if (known !== undefined) return await known;
    const begun = this.#begun(key, begin);
    this.#live.set(key, begun);
    begun.catch(() => this.#live.delete(key));
    return await begun;
  }

  async #begun(key: string, begin: () => Promise<Watching>): Promise<LivePage> {
    const watching = await begin();
    return new LivePage({
      ...watching,
      look: async () => await this.#inFlight.track(watching.look()),
      log: this.#log,
      onIdle: () => void this.#live.delete(key),
    });
  }

  /**
   * Tells what changes as events, or, whoever asks with `poll`, what has changed since that reader asked last.
   *
   * @param page undefined where nothing changes any more
   */
  async tell(request: FastifyRequest, reply: FastifyReply, page: LivePage | undefined): Promise<unknown> {
    const { poll } = request.query as { poll?: unknown };
    if (typeof poll === 'string') {
      if (page === undefined) return await reply.send({ patches: [], ended: true, still: false });
      return await reply.send(this.#pollReaders.next(`${request.url.split('?')[0]} ${poll.slice(0, 50)}`, (reader) => page.watch(reader)));
    }
    reply.hijack();
    if (this.#isClosing) return reply.raw.destroy();
    const stream = eventStream(reply.raw);
    if (page === undefined) return stream.ended();
    this.#streams.add(reply.raw);
    void stream.closed.then(() => this.#streams.delete(reply.raw));
    const end = page.watch(stream);
    void stream.closed.then(end);
    return undefined;
  }

  /** Nobody is told anything any more, also not who comes later. */
  close(): void {
    this.#isClosing = true;
    this.#pollReaders.close();
    for (const page of this.#live.values()) void page.then((watched) => watched.close()).catch(() => undefined);
    this.#live.clear();
    for (const response of this.#streams) response.destroy();
  }
}
