import { parentPort, workerData } from 'node:worker_threads';
import { forbidOutsideWorld } from '../../../plugins/outside-world.ts';
import { capturePrints, captureStreams, keepStandardOutput } from '../../../plugins/plugin-prints.ts';
import type { CollectRequest, PointsPage } from '../../../sources/source.ts';
import type { ListedMarkets, TradeReader, Venue, VenueContext } from '../../../sources/venue.ts';
import { importPlugin } from '../import-plugin.ts';
import { onStrayErrors } from '../threads/stray-errors.ts';
import { limitPosts, yieldToWorker } from '../threads/thread-limits.ts';
import { describeThrown, errorOf } from '../threads/thread-messages.ts';
import type { AskedOfWorker, FromVenueThread, ToVenueThread, VenueCall, VenueCallEnd, VenueThreadData } from './venue-messages.ts';

/** The entry of the thread on which the venues of a plugin run. It has no environment and reaches nothing but its own hosts. */
const port = parentPort!;
const { module } = workerData as VenueThreadData;
const send = limitPosts(port) as (message: FromVenueThread) => void;

/** Maximum number of requests of this thread that wait for the worker's answer. */
const MAX_PENDING_REQUESTS = 1_000;
/** Maximum number of readers and streams that are kept; beyond it, the one unused for longest is dropped. */
const MAX_KEPT_ENTRIES = 1_000;
/** Maximum number of printed lines per minute. */
const MAX_LINES = 500;
const MINUTE_MS = 60_000;

interface Waiting {
  /** Number of the call that sent the request. */
  readonly call: number;
  readonly host: string | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Number of the call for which a venue's code runs at this time; its requests are attributed to this call. */
interface Caller {
  call: number;
}

let asks = 0;
const asked = new Map<number, Waiting>();
const clocks = new Map<string, number>();
const memories = new Map<string, Map<string, unknown>>();
/** Ids of requests to the worker, by the error with which it answered them. */
const origins = new WeakMap<Error, number>();

yieldToWorker();
keepStandardOutput();
captureStreams();
onStrayErrors((stray) => send({ stray }));

const venues = importPlugin(module).then(({ exported }) => {
  forbidOutsideWorld('a venue reaches its hosts only through the client that is handed in');
  return new Map((exported as { venues: readonly Venue[] }).venues.map((venue) => [venue.name, venue]));
});
const ready = (): void => send({ ready: true });
// also ready if the module cannot be loaded; each call then reports the error
venues.then(ready, ready);

let [since, lines] = [performance.now(), 0];
function print(level: 'info' | 'warn', line: string): void {
  if (performance.now() - since > MINUTE_MS) [since, lines] = [performance.now(), 0];
  if (++lines <= MAX_LINES) send({ log: level, line });
  else if (lines === MAX_LINES + 1) send({ log: 'warn', line: `printed ${MAX_LINES} lines within a minute; further lines are dropped` });
}

function ask(by: Caller, method: AskedOfWorker, args: readonly unknown[], host?: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (asked.size >= MAX_PENDING_REQUESTS) throw new Error(`a venue may have ${MAX_PENDING_REQUESTS} requests at once; await them`);
    const id = ++asks;
    send({ call: by.call, ask: id, method, args });
    asked.set(id, { call: by.call, host, resolve, reject });
  });
}

function contextOf(by: Caller, call: VenueCall): VenueContext<string> {
  const http: Record<string, VenueContext<string>['http'][string]> = {};
  for (const [host, clock] of Object.entries(call.clocks)) {
    clocks.set(host, clock);
    const memory = memories.get(`${call.venue} ${host}`) ?? new Map<string, unknown>();
    memories.set(`${call.venue} ${host}`, memory);
    http[host] = {
      memory,
      get: (path, query = [], family) => ask(by, 'get', [host, path, query, family], host),
      get clock() {
        return clocks.get(host) ?? clock;
      },
    };
  }
  return { http, options: call.options };
}

type Kept = { readonly by: Caller } & ({ readonly reader: TradeReader } | { readonly stream: AsyncIterator<PointsPage | ListedMarkets> });
/** Readers and streams by their keys, the one that was used longest ago first. */
const kept = new Map<number, Kept>();

function keep(key: number, one: Kept): Kept {
  kept.delete(key);
  const [oldest] = kept.keys();
  if (kept.size >= MAX_KEPT_ENTRIES && oldest !== undefined) kept.delete(oldest);
  kept.set(key, one);
  return one;
}

/** Keeps a stream for the calls that continue it. @returns false where the venue has none */
function open(key: number, by: Caller, stream: AsyncIterable<PointsPage | ListedMarkets> | undefined): boolean {
  if (stream !== undefined) keep(key, { by, stream: stream[Symbol.asyncIterator]() });
  return stream !== undefined;
}

async function run(id: number, call: VenueCall): Promise<unknown> {
  const venue = (await venues).get(call.venue) as Venue;
  const by: Caller = { call: id };
  const context = contextOf(by, call);
  const { key } = call;
  const [first, second] = call.args as [never, never];
  const signal = new AbortController().signal;
  switch (call.route) {
    case 'discover':
      return await venue.discover(context, { ...(first as object), signal } as never);
    case 'book':
      return await venue.book?.(context, first);
    case 'sharedTrades':
    case 'hourlyVolumes':
      return await venue[call.route]?.(context, first, second);
    case 'list':
      return open(key, by, venue.universe?.list(context, first, second));
    case 'selectorOf':
    case 'readTrade':
      return venue[call.route](first, second);
    case 'trades': {
      const reader = venue.trades(context, first);
      keep(key, { by, reader });
      return reader.repeats;
    }
    case 'read': {
      const found = keep(key, kept.get(key) ?? { by, reader: venue.trades(context, first) });
      found.by.call = id;
      return 'reader' in found ? await found.reader.read(second) : undefined;
    }
    case 'points': {
      const { before, ...rest } = first as CollectRequest;
      const stored = {
        ...before,
        isStored: (rows: unknown) => ask(by, 'isStored', [rows]),
        hasTradesBefore: (...args: unknown[]) => ask(by, 'hasTradesBefore', args),
      };
      const request = { ...rest, before: stored, signal } as CollectRequest;
      return open(key, by, venue.points?.(context, request, second));
    }
    case 'next':
    case 'return': {
      const found = kept.get(key);
      if (found === undefined || !('stream' in found)) throw new Error('the stream that this call continues is gone');
      keep(key, found).by.call = id;
      if (call.route === 'next') return await found.stream.next();
      kept.delete(key);
      await found.stream.return?.();
      return undefined;
    }
  }
}

async function endOf(id: number, call: VenueCall): Promise<VenueCallEnd> {
  try {
    return { value: await capturePrints(print, () => run(id, call)) };
  } catch (error) {
    const origin = error instanceof Error ? origins.get(error) : undefined;
    return { thrown: describeThrown(error), ...(origin !== undefined && { ask: origin }) };
  }
}

port.on('message', (message: ToVenueThread) => {
  if ('ping' in message) return send({ pong: true });
  if ('ask' in message) {
    const waiting = asked.get(message.ask);
    asked.delete(message.ask);
    if (waiting?.host !== undefined && message.clock !== undefined) clocks.set(waiting.host, message.clock);
    if (message.thrown === undefined) return waiting?.resolve(message.value);
    const error = errorOf(message.thrown);
    origins.set(error, message.ask);
    return waiting?.reject(error);
  }
  const { call, ...rest } = message;
  void endOf(call, rest).then((end) => {
    // the worker does not answer requests of a call that has ended
    for (const [id, waiting] of asked) if (waiting.call === call) asked.delete(id);
    try {
      send({ call, end });
    } catch (error) {
      send({ call, end: { thrown: describeThrown(error) } });
    }
  });
});
