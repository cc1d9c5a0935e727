import { AsyncResource } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import { badInput, messageOf, PredictLabError } from '../../../contracts/errors.ts';
import type { Log } from '../../../contracts/log.ts';
import type { BookLevels } from '../../../sources/book.ts';
import type { ReadRow } from '../../../sources/candidate.ts';
import type { QueryPairs } from '../../../sources/http/venue-client.ts';
import type { CollectedBefore, PointsPage } from '../../../sources/source.ts';
import type { FoundInstruments, ListedMarkets, RunningVenue, TradePage, TradeReader, VenueContext } from '../../../sources/venue.ts';
import { replaceVenues } from '../../../sources/venues.ts';
import { logStray } from '../threads/stray-errors.ts';
import { threadEntry, threadLimits } from '../threads/thread-entry.ts';
import { ANSWER_MS, describeThrown, errorOf, START_MS } from '../threads/thread-messages.ts';
import { listedPage, sharedPage } from './returned-pages.ts';
import type {
  FromVenueThread,
  StreamRoute,
  ToVenueThread,
  VenueAsk,
  VenueCall,
  VenueCallEnd,
  VenueRoute,
  VenueThreadData,
} from './venue-messages.ts';

/** Longest time that a route may compute, or wait for something other than its requests. */
const ROUTE_MS = 30_000;
/** Maximum number of the worker's errors that are kept per call, so that the caller gets the original error objects. */
const MAX_ERRORS = 100;

interface Call {
  readonly what: string;
  readonly context: VenueContext<string> | undefined;
  readonly before: CollectedBefore | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Answers a request of the thread, in the caller's async context, which counts the requests. */
  readonly serve: (ask: VenueAsk) => void;
  readonly errors: Map<number, unknown>;
  asking: number;
  timer: NodeJS.Timeout | undefined;
}

interface Needs {
  readonly context?: VenueContext<string>;
  readonly before?: CollectedBefore;
  readonly key?: number;
}

interface Thread {
  readonly worker: Worker;
  received: number;
  /** Whether the thread has tried to load its module, with or without success. */
  ready: boolean;
}

/** The thread of one plugin's venues; the first call starts it. A route that blocks or ends it fails; the next call starts a new thread. */
class VenueLane {
  readonly #module: string;
  readonly #log: Log;
  readonly #routeMs: number;
  readonly #calls = new Map<number, Call>();
  #thread: Thread | undefined;
  #ids = 0;

  constructor(module: string, log: Log, routeMs: number) {
    this.#module = module;
    this.#log = log;
    this.#routeMs = routeMs;
  }

  /** A venue whose routes run on the thread. Routes that no task needs are left out. */
  fenced({ probe: _, search: __, ...venue }: RunningVenue): RunningVenue {
    const call = <Value>(route: VenueRoute, args: readonly unknown[], needs: Needs = {}): Promise<Value> =>
      this.#call(venue.name, route, args, needs) as Promise<Value>;
    const nextKey = (): number => ++this.#ids;
    const { universe } = venue;
    async function* stream<Page>(route: StreamRoute, args: readonly unknown[], started: Needs): AsyncGenerator<Page, undefined> {
      const needs = { ...started, key: nextKey() };
      if (!(await call<boolean>(route, args, needs))) return;
      let next: IteratorResult<Page, undefined> | undefined;
      try {
        for (;;) {
          next = undefined;
          next = await call<IteratorResult<Page, undefined>>('next', [], needs);
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        // only a stream that did not fail is closed: a failed one has ended already, or would block this call too
        if (next !== undefined) await call('return', [], needs).catch(() => undefined);
      }
    }
    return {
      ...venue,
      discover: async (context, { signal: _signal, ...request }) => await call<FoundInstruments>('discover', [request], { context }),
      selectorOf: async (instrument) => await call('selectorOf', [instrument]),
      readTrade: async (row, instrument) => await call<ReadRow>('readTrade', [row, instrument]),
      async trades(context, instrument): Promise<TradeReader> {
        const key = nextKey();
        const repeats = await call<TradeReader['repeats']>('trades', [instrument], { context, key });
        // counts of equal rows at a page's end, which the next page continues, are kept here and not on the thread
        const copies = new Map<string, number>();
        return {
          async read(cursor) {
            const page = await call<TradePage>('read', [instrument, cursor], { context, key });
            return page.copies === undefined ? page : { ...page, copies };
          },
          ...(repeats !== undefined && { repeats }),
        };
      },
      ...(venue.book && { book: async (context, instrument) => await call<BookLevels>('book', [instrument], { context }) }),
      ...(venue.hourlyVolumes && {
        hourlyVolumes: async (context, instrument, range) => await call('hourlyVolumes', [instrument, range], { context }),
      }),
      ...(venue.points && {
        points(context, { before, signal: _signal, ...request }, resume) {
          const { covered, looked, doubted } = before;
          return stream<PointsPage>('points', [{ ...request, before: { covered, looked, doubted } }, resume], { context, before });
        },
      }),
      ...(universe && {
        universe: {
          ...universe,
          async *list(context, rule, known) {
            for await (const page of stream<ListedMarkets>('list', [rule, known], { context })) yield listedPage(venue.name, page);
          },
        },
      }),
      ...(venue.sharedTrades && {
        sharedTrades: async (context, instruments, look) => {
          try {
            return sharedPage(venue.name, await call<unknown>('sharedTrades', [instruments, look], { context }));
          } catch (error) {
            // logged here, because the markets are then read one by one and no task reports this error
            this.#log.warn(`${venue.name}: the trades of ${instruments.length} markets together could not be read: ${messageOf(error)}`);
            throw error;
          }
        },
      }),
    };
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.worker.terminate();
    for (const id of this.#calls.keys()) this.#end(id)?.reject(this.#failed('the worker is shutting down'));
  }

  #call(venue: string, route: VenueRoute, args: readonly unknown[], { context, before, key = 0 }: Needs): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      const what = `${venue} ${route}`;
      const serve = AsyncResource.bind((ask: VenueAsk) => void this.#serve(id, ask));
      this.#calls.set(id, { what, context, before, resolve, reject, serve, errors: new Map(), asking: 0, timer: undefined });
      const clocks = Object.fromEntries(Object.entries(context?.http ?? {}).map(([host, { clock }]) => [host, clock]));
      const call: VenueCall = { venue, route, key, args, options: context?.options ?? {}, clocks };
      try {
        this.#post({ call: id, ...call });
        this.#watch(id);
      } catch (error) {
        this.#end(id)?.reject(error);
      }
    });
  }

  #post(message: ToVenueThread): void {
    this.#thread ??= this.#open();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#thread.worker.postMessage(message);
  }

  #open(): Thread {
    const workerData: VenueThreadData = { module: this.#module };
    const worker = new Worker(threadEntry('venue-thread'), { workerData, resourceLimits: threadLimits(), env: {} });
    const thread: Thread = { worker, received: 0, ready: false };
    let cause: unknown;
    worker.on('message', (message: FromVenueThread) => {
      thread.received++;
      if ('ready' in message) {
        thread.ready = true;
        for (const id of this.#calls.keys()) this.#watch(id);
      } else this.#receive(message);
    });
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => this.#lose(thread, cause === undefined ? `it exited with code ${code}` : messageOf(cause)));
    worker.unref();
    return thread;
  }

  #receive(message: Exclude<FromVenueThread, { readonly ready: true }>): void {
    if ('pong' in message) return;
    if ('stray' in message) return logStray(this.#log, this.#module, message.stray);
    if ('log' in message) return this.#log[message.log](message.line, { plugin: this.#module });
    if ('ask' in message) return this.#calls.get(message.call)?.serve(message);
    const call = this.#end(message.call);
    if (call !== undefined) settle(call, message.end);
  }

  /** Handles a request of a route to the worker, and sends the answer. */
  async #serve(id: number, { ask, method, args }: VenueAsk): Promise<void> {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    call.asking++;
    clearTimeout(call.timer);
    let answer: { readonly value: unknown } | { readonly thrown: ReturnType<typeof describeThrown> };
    const http = method === 'get' ? call.context?.http[String(args[0])] : undefined;
    try {
      answer = { value: await (http?.get(...(args.slice(1) as [string, QueryPairs, string?])) ?? storedOf(call, method, args)) };
    } catch (error) {
      if (call.errors.size < MAX_ERRORS) call.errors.set(ask, error);
      answer = { thrown: describeThrown(error) };
    }
    call.asking--;
    if (!this.#calls.has(id)) return;
    this.#watch(id);
    this.#post({ ask, ...(http && { clock: http.clock }), ...answer });
  }

  /** Ends a route that takes too long without returning or sending a request, and the thread if the route blocks it. */
  #watch(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined || call.asking > 0) return;
    clearTimeout(call.timer);
    call.timer = setTimeout(
      () => {
        const thread = this.#thread;
        if (thread === undefined) return;
        const { received } = thread;
        this.#post({ ping: true });
        call.timer = setTimeout(() => {
          if (!this.#calls.has(id) || call.asking > 0) return;
          const why = `${call.what} did not end within ${this.#routeMs / 1000} s`;
          if (thread.received === received) this.#lose(thread, `${why} and blocked it`);
          else this.#end(id)?.reject(this.#failed(`${why} and waits for no request`));
        }, ANSWER_MS).unref();
      },
      this.#thread?.ready === true ? this.#routeMs : START_MS,
    ).unref();
  }

  #lose(thread: Thread, why: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    void thread.worker.terminate();
    if (this.#calls.size > 0) this.#log.error(`PREDICTLAB_PLUGINS: the thread of the venues of ${this.#module} was ended: ${why}`);
    for (const id of this.#calls.keys()) this.#end(id)?.reject(this.#failed(`its thread was ended: ${why}`));
  }

  #failed(why: string): PredictLabError {
    return new PredictLabError('SourceUnavailable', `the venue plugin ${this.#module} failed: ${why}`);
  }

  /** Removes a call from the open calls and returns it; undefined if it has already ended. */
  #end(id: number): Call | undefined {
    const call = this.#calls.get(id);
    clearTimeout(call?.timer);
    this.#calls.delete(id);
    return call;
  }
}

function settle({ resolve, reject, errors }: Call, end: VenueCallEnd): void {
  if ('value' in end) resolve(end.value);
  else reject((end.ask === undefined ? undefined : errors.get(end.ask)) ?? errorOf(end.thrown));
}

async function storedOf({ before, what }: Call, method: VenueAsk['method'], args: readonly unknown[]): Promise<unknown> {
  if (before === undefined || method === 'get') throw badInput(`${what} requested a host that is not among the venue's hosts`);
  return await (before[method] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
}

/**
 * Moves the venues of all loaded plugins onto threads of their own.
 * @param options.routeMs longest time that a route may compute @default 30000
 */
export function fenceVenues({ log, routeMs = ROUTE_MS }: { readonly log: Log; readonly routeMs?: number }): { close(): Promise<void> } {
  const lanes = new Map<string, VenueLane>();
  replaceVenues((venue, module) => {
    if (!('hosts' in venue)) return venue;
    const lane = lanes.get(module) ?? new VenueLane(module, log, routeMs);
    lanes.set(module, lane);
    return lane.fenced(venue);
  });
  return {
    async close() {
      await Promise.all([...lanes.values()].map((lane) => lane.close()));
    },
  };
}
