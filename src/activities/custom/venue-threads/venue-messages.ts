import type { ThrownError } from '../threads/thread-messages.ts';

export interface VenueThreadData {
  readonly module: string;
}

/** Routes of a venue that return one value. */
type OneAnswer = 'discover' | 'selectorOf' | 'readTrade' | 'book' | 'sharedTrades' | 'hourlyVolumes';
/** Routes of a venue that return a stream; `list` lists the markets of its universe. */
export type StreamRoute = 'points' | 'list';

/** Routes of a venue that run on its thread. `read` requests the next page of `trades`; `next` and `return` continue or end a stream. */
export type VenueRoute = OneAnswer | StreamRoute | 'trades' | 'read' | 'next' | 'return';

/** Requests that a route may send to the worker: for an answer of a venue's host, or for what earlier runs stored. */
export type AskedOfWorker = 'get' | 'isStored' | 'hasTradesBefore';

export interface VenueCall {
  readonly venue: string;
  readonly route: VenueRoute;
  /** Identifies the reader or stream that a call starts or continues. */
  readonly key: number;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, string>>;
  /** Current time by the clocks of the venue's hosts, by host; UTC epoch milliseconds. */
  readonly clocks: Readonly<Record<string, number>>;
}

export type ToVenueThread =
  | ({ readonly call: number } & VenueCall)
  | { readonly ask: number; readonly clock?: number; readonly value?: unknown; readonly thrown?: ThrownError }
  | { readonly ping: true };

export type VenueCallEnd =
  | { readonly value: unknown }
  /** `ask` is the id of the thread's request that the worker answered with this error, if it came from the worker. */
  | { readonly thrown: ThrownError; readonly ask?: number };

export interface VenueAsk {
  readonly ask: number;
  readonly method: AskedOfWorker;
  readonly args: readonly unknown[];
}

export type FromVenueThread =
  | ({ readonly call: number } & VenueAsk)
  | { readonly call: number; readonly end: VenueCallEnd }
  | { readonly log: 'info' | 'warn'; readonly line: string }
  | { readonly stray: ThrownError }
  | { readonly pong: true }
  | { readonly ready: true };
