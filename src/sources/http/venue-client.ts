import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Precedence, RateBudget } from '../../budget/rate-limits.ts';
import { MAX_WAIT_MS } from '../../budget/token-pool.ts';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import { mayHoldUnstorableText, storableStrings } from './foreign-text.ts';
import { createGate, type Gate } from './gate.ts';
import { BodyTooLarge, readBody } from './read-body.ts';
import { countAnswer, noteHead } from './request-tally.ts';
import { parseTolerantJson } from './tolerant-json.ts';
import { noteHeaders } from './venue-changes.ts';
import { refusal, VenueError } from './venue-error.ts';
import { clockOf, exhaustedMs, waitHintMs } from './wait-hint.ts';

/** One piece of work, such as a discovery, and the number of its requests so far at all hosts of a venue. */
export interface Work {
  readonly precedence: Precedence;
  readonly signal: AbortSignal;
  /** Number of HTTP requests, retries included. */
  requests: number;
  /** The venue's clock at the last answer; undefined before the first. UTC epoch milliseconds. */
  clock: number | undefined;
}

/** A piece of work that has requested nothing yet. */
export const newWork = (precedence: Precedence, signal: AbortSignal): Work => ({ precedence, signal, requests: 0, clock: undefined });

/** The client of one host for one piece of work. It waits for the rate budget, retries, and throws errors named by their effect. */
export interface Http {
  /**
   * Returns the parsed JSON of an answer.
   * @param family family of routes whose limit applies @default the venue's first
   */
  get(path: string, query?: QueryPairs, family?: string): Promise<unknown>;
  /** The venue's clock at its last answer to this piece of work, or to any other before the first. UTC epoch milliseconds. */
  readonly clock: number;
  /** Values that an adapter remembers about the host, as long as this process runs. */
  readonly memory: Map<string, unknown>;
}

export interface VenueClientOptions {
  readonly venue: string;
  /** Family of routes whose limit applies to requests that name no family. */
  readonly family: string;
  /** Base URL; a path in it is kept as a prefix. */
  readonly baseUrl: string;
  /** Sent with every request; never logged. */
  readonly key?: { readonly header: string; readonly value: string; readonly environment: string };
  readonly budget: RateBudget;
  /** Maximum number of concurrent requests, which is also the number of connections kept alive. @default 12 */
  readonly connections?: number;
  /** Name of the host, where the venue has several. @default the venue has only one */
  readonly host?: string;
  /** Longest wait for the headers and for each chunk of the body, in milliseconds. @default 15000 */
  readonly timeoutMs?: number;
  /** Longest time of one try, from the request to the end of the body, in milliseconds. @default four times `timeoutMs` */
  readonly totalMs?: number;
  /** Largest unpacked body that is read, in bytes. @default 64 MB */
  readonly largestBody?: number;
  /** Number of tries of one request, including the first. @default 4 */
  readonly tries?: number;
  /** Wait before the second try in milliseconds; it doubles with each further try. @default 250 */
  readonly backoffMs?: number;
}

export type QueryPairs = readonly (readonly [name: string, value: string | number | boolean])[];

interface GetRequest {
  readonly path: string;
  readonly query?: QueryPairs;
  readonly family: string;
}

interface FetchedAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly sent: string;
}

/** Number of tries of a blocked request. HTML in place of JSON is often the fault of one server, but many tries prolong a real block. */
const BLOCKED_TRIES = 2;
const MAX_BODY_BYTES = 64 * 2 ** 20;
const BYTE_ORDER_MARK = '\ufeff';
const DEFAULT_TIMEOUT_MS = 15_000;
/** Minimum length of a key that is redacted in data; a shorter one could be an ordinary word of the answers. */
const MIN_SECRET_LENGTH = 8;
/** Wait after a first 429 answer that states no wait. */
const UNNAMED_WAIT_MS = 1000;

/**
 * HTTP client of one host of a venue: keep-alive connections, gzip, the shared rate budget, a few retries, errors named by their effect.
 */
export class VenueClient {
  readonly #options: VenueClientOptions;
  readonly #agent: Agent;
  readonly #gate: Gate;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #memory = new Map<string, unknown>();
  #clock: number | undefined;

  constructor(options: VenueClientOptions) {
    this.#options = options;
    const connections = options.connections ?? 12;
    const timeout = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#agent = new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout: Math.min(timeout, 10_000) },
    });
    this.#gate = createGate(connections);
    const url = new URL(options.baseUrl);
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, '');
  }

  /** The client of this host for one piece of work. */
  bind(work: Work): Http {
    const { venue, family: usual } = this.#options;
    const usualClock = (): number => this.clock;
    return {
      memory: this.#memory,
      get: (path, query, family = usual) => this.#get({ path, query, family: `${venue}/${family}` }, work),
      get clock() {
        return work.clock ?? usualClock();
      },
    };
  }

  async #get(get: GetRequest, work: Work): Promise<unknown> {
    const tries = this.#options.tries ?? 4;
    // Many requests listen to one signal on purpose, so Node's warning about a leak is off.
    setMaxListeners(0, work.signal);
    for (let attempt = 1; ; attempt++) {
      work.requests++;
      try {
        const json = await this.#gate(() => this.#once(get, work), work.signal);
        work.clock = this.clock;
        return json;
      } catch (error) {
        const failure = this.#named(error, get.path, work.signal);
        const last = failure.type === 'SourceBlocked' ? BLOCKED_TRIES : tries;
        const mayHelp = failure.retryable || failure.type === 'SourceBlocked';
        // The backoff is the shortest wait: a venue whose clock is behind may state a wait of 0.
        const wait = Math.max(failure.retryAfterMs ?? 0, this.#backoff(attempt));
        if (failure.type === 'RateLimited' || failure.retryAfterMs !== undefined) {
          // The pause stops all requests of the family, including the next try of this one.
          await this.#options.budget.pause(get.family, failure.retryAfterMs ?? UNNAMED_WAIT_MS * 2 ** (attempt - 1));
        }
        if (!mayHelp || attempt >= last || wait > MAX_WAIT_MS) throw failure;
        await pause(wait, work.signal);
      }
    }
  }

  /** The venue's clock at its last answer, less its `Age`; this machine's clock before the first answer. UTC epoch milliseconds. */
  get clock(): number {
    return this.#clock ?? Date.now();
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Wait before the next try. Half of it is random, so that requests that failed together do not retry together. */
  #backoff(attempt: number): number {
    return (this.#options.backoffMs ?? 250) * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
  }

  async #once({ path, query = [], family }: GetRequest, { precedence, signal }: Work): Promise<unknown> {
    const { budget, key } = this.#options;
    // a path without a slash would change the name of the host
    if (!path.startsWith('/')) throw badInput(`the path "${path}" of a request must start with /`);
    await budget.take(family, precedence, signal);
    const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
    const { statusCode, headers, sent } = await this.#fetch(path, search, signal);
    this.#clock = clockOf(headers, Date.now());
    noteHead({ status: statusCode, headers });
    noteHeaders(this.#options.venue, path, headers);
    const text = this.#redacted(sent, statusCode === 200);
    const html = /text\/html/i.test(String(headers['content-type'] ?? '')) || /^\s*</.test(text);
    if (statusCode !== 200 || html) {
      const wait = waitHintMs(statusCode, headers, Date.now());
      const location = headers.location === undefined ? undefined : this.#redacted(String(headers.location), false);
      const answer = { venue: this.#options.venue, path, status: statusCode, text, html, location };
      throw refusal({ ...answer, retryAfterMs: wait, keyName: key?.environment });
    }
    const hold = exhaustedMs(headers, Date.now());
    if (hold !== undefined) await budget.pause(family, hold);
    const json = parseTolerantJson(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
    return mayHoldUnstorableText(text) ? storableStrings(json) : json;
  }

  /** Sends one HTTP request and reads the whole body within the limits of time and size. */
  async #fetch(path: string, search: string, signal: AbortSignal): Promise<FetchedAnswer> {
    const { venue, host, key, timeoutMs = DEFAULT_TIMEOUT_MS, totalMs = 4 * timeoutMs, largestBody = MAX_BODY_BYTES } = this.#options;
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const late = `${venue} did not end its answer on ${path} within ${totalMs / 1000} s`;
    const timer = setTimeout(() => stop.abort(new VenueError('SourceUnavailable', late, { status: null })), totalMs);
    let status: number | null = null;
    try {
      const response = await request(`${this.#origin}${this.#prefix}${path}${search === '' ? '' : `?${search}`}`, {
        dispatcher: this.#agent,
        signal: stop.signal,
        headers: {
          accept: 'application/json',
          'accept-encoding': 'gzip',
          'user-agent': 'predictlab',
          ...(key && { [key.header]: key.value }),
        },
      });
      const { statusCode, headers } = response;
      const sent = await readBody(response.body, String(headers['content-encoding'] ?? ''), largestBody);
      status = statusCode;
      return { statusCode, headers, sent };
    } catch (error) {
      // After an abort, its reason is thrown, since it is a matter of chance which other error arrives first.
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      if (!signal.aborted) countAnswer(host === undefined ? venue : `${venue}/${host}`, status);
    }
  }

  /**
   * Removes the key from text that a venue sent, so that no log, error or stored row contains it. Only whole words are removed, and a short
   * key such as `test` stays in data, where it may be an ordinary word.
   */
  #redacted(text: string, isData: boolean): string {
    const secret = this.#options.key?.value ?? '';
    if (secret === '' || (isData && secret.length < MIN_SECRET_LENGTH) || !text.includes(secret)) return text;
    const escaped = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return text.replace(new RegExp(`(?<![A-Za-z0-9_-])${escaped}(?![A-Za-z0-9_-])(?!"\\s*:)`, 'g'), '***');
  }

  /** Converts an error of a request into a PredictLabError. A cancellation is rethrown unchanged. */
  #named(error: unknown, path: string, signal: AbortSignal): PredictLabError {
    if (signal.aborted) throw signal.reason;
    if (error instanceof PredictLabError) return error;
    const { venue } = this.#options;
    if (error instanceof SyntaxError) {
      return new VenueError('SourceUnavailable', `${venue} sent an answer on ${path} that is not whole JSON: ${error.message}`, {
        status: 200,
      });
    }
    if (error instanceof BodyTooLarge) {
      const what = `${venue} sent more than ${Math.round(error.limit / 2 ** 20)} MB on ${path}`;
      return new VenueError('SourceSchemaChanged', `${what}, more than any answer of this route should have: nothing of it was stored`, {
        status: 200,
      });
    }
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && code.startsWith('Z_')) {
      return new VenueError('SourceUnavailable', `${venue} sent an answer on ${path} that cannot be unpacked: ${messageOf(error)}`, {
        status: 200,
        cause: error,
      });
    }
    const detail = typeof code === 'string' ? `${messageOf(error) || 'no connection'} (${code})` : messageOf(error);
    return new VenueError('SourceUnavailable', `${venue} cannot be reached at ${this.#origin}${path}: ${detail}`, {
      status: null,
      cause: error,
    });
  }
}

/** Waits for some milliseconds. @throws the signal's reason as soon as it aborts */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
