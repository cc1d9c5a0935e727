import { z } from 'zod';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { ActivityContext, PluginActivity } from '../../plugins.ts';
import { retryAfterMs } from '../../sources/http/wait-hint.ts';

const url = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });
const headers = z.record(z.string(), z.string()).default({});
const getInput = z.strictObject({ url, headers });
const postInput = z.strictObject({ url, headers, body: z.unknown().optional() });

/** These may pass when asked again later; every other status outside 2xx is the user's to mend. */
const RETRYABLE = new Set([408, 425, 429]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

/** 2xx → `{ status, bytes }`. */
export const httpGet: PluginActivity<z.output<typeof getInput>> = {
  input: getInput,
  run: (given, context) => exchange({ method: 'GET', ...given }, context),
};

/**
 * Sends `body` (a string as it is, anything else as JSON); 2xx → `{ status, bytes }`.
 *
 * It may be sent more than once, also with `maxRetries: 0`: a worker that dies after sending has told nobody, so another one sends
 * it again. Each attempt carries the same `Idempotency-Key`, by which the receiver can tell; a receiver that does not look at it
 * wants `onLostWorker: "fail"` beside `maxRetries: 0`.
 */
export const httpPost: PluginActivity<z.output<typeof postInput>> = {
  input: postInput,
  run: ({ body, ...given }, context) => {
    const json = typeof body !== 'string' && body !== undefined;
    const headers = { ...(json ? { 'content-type': 'application/json' } : {}), ...given.headers };
    const keyed = Object.keys(headers).some((name) => name.toLowerCase() === IDEMPOTENCY_KEY);
    return exchange(
      {
        method: 'POST',
        ...given,
        headers: keyed ? headers : { ...headers, [IDEMPOTENCY_KEY]: idempotencyKey(context) },
        body: json ? JSON.stringify(body) : body,
      },
      context,
    );
  },
};

const IDEMPOTENCY_KEY = 'idempotency-key';

/** `<runId>/<taskId>`; what a header cannot hold is escaped as in an address. */
const idempotencyKey = ({ runId, taskId }: ActivityContext): string =>
  encodeURI(`${runId}/${taskId}`.replaceAll(/\p{Surrogate}/gu, '\ufffd'));

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function exchange(first: Exchange, { signal }: ActivityContext): Promise<{ status: number; bytes: number }> {
  let asked = first;
  for (let hops = 0; ; hops++) {
    const response = await send(asked, signal);
    let bytes = 0;
    try {
      for await (const chunk of response.body) bytes += (chunk as Buffer).length;
    } catch (error) {
      throw unreachable(asked, error);
    }
    const { statusCode: status } = response;
    if (status >= 200 && status < 300) return { status, bytes };
    const next = REDIRECTS.has(status) ? redirected(asked, status, response.headers.location) : undefined;
    if (next !== undefined && hops < MOST_REDIRECTS) {
      asked = next;
      continue;
    }
    throw statusError(asked, status, retryAfterMs(response.headers, Date.now()));
  }
}

async function send({ method, url, headers, body }: Exchange, signal: AbortSignal) {
  try {
    // `plan` only looks at what a task takes: the client is loaded by who sends
    const { request } = await import('undici');
    return await request(url, { method, headers, body, signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreachable({ method, url, headers }, error);
  }
}

/** A redirect is followed on the same host only: a token in a header must not travel to another one. */
function redirected(asked: Exchange, status: number, location: string | string[] | undefined): Exchange | undefined {
  if (typeof location !== 'string') return undefined;
  const target = new URL(location, asked.url);
  if (target.host !== new URL(asked.url).host) {
    throw new PredictLabError('BadInput', `${place(asked)} redirects to another host (${target.host}); use the final address`);
  }
  const keepsMethod = status === 307 || status === 308 || asked.method === 'GET';
  return keepsMethod ? { ...asked, url: target.href } : { method: 'GET', url: target.href, headers: asked.headers };
}

function statusError(asked: Exchange, status: number, wait: number | undefined): PredictLabError {
  const message = `${place(asked)} answered ${status}`;
  if (status === 429) return new PredictLabError('RateLimited', message, { retryAfterMs: wait });
  if (RETRYABLE.has(status) || status >= 500) return new PredictLabError('SourceUnavailable', message, { retryAfterMs: wait });
  if (status === 401 || status === 403) return new PredictLabError('SourceUnauthorized', `${message}; check the task's headers`);
  return new PredictLabError('BadInput', `${message}; check the task's url and body`);
}

const unreachable = (asked: Exchange, error: unknown): PredictLabError =>
  new PredictLabError('SourceUnavailable', `${place(asked)} cannot be reached: ${messageOf(error)}`, { cause: error });

/** Without the query: it may hold a secret. */
function place({ method, url }: Exchange): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}
