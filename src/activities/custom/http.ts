import { z } from 'zod';
import { badInput, messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { ActivityContext, PluginActivity } from '../../plugins/plugins.ts';
import { retryAfterMs } from '../../sources/http/wait-hint.ts';
import { createHttpFence, type HttpFence } from './http-fence.ts';

const url = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });
/** Valid names of headers by the HTTP standard. Other characters could inject another header. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const headers = z
  .record(
    z.string(),
    z.string('must be a text').regex(HEADER_VALUE, 'has a line break or a character that a header cannot hold; write it on one line'),
  )
  .superRefine((given, context) => {
    for (const name of Object.keys(given)) {
      if (HEADER_NAME.test(name)) continue;
      const message = `${JSON.stringify(name.slice(0, 40))} is not a valid header name; write letters, digits and dashes`;
      context.addIssue({ code: 'custom', message });
    }
  })
  .default({});
const getInput = z.strictObject({ url, headers });
const postInput = z.strictObject({ url, headers, body: z.unknown().optional() });

/** Statuses below 500 that a retry may resolve; the user has to fix the cause of the others. */
const RETRYABLE = new Set([408, 425, 429]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;

export interface HttpTasks {
  /** Requests an address; a 2xx answer gives `{ status, bytes }`. */
  readonly httpGet: PluginActivity<z.output<typeof getInput>>;
  /**
   * Sends `body` (a string unchanged, other values as JSON); a 2xx answer gives `{ status, bytes }`. A worker that dies after sending makes
   * it send again, even with `maxRetries: 0`, under the same `Idempotency-Key`; where the receiver ignores it, use `onLostWorker: "fail"`
   * too.
   */
  readonly httpPost: PluginActivity<z.output<typeof postInput>>;
}

/** Creates the HTTP activities. @param env `PREDICTLAB_HTTP_ALLOW` in it limits the hosts */
export function createHttpTasks(env: NodeJS.ProcessEnv): HttpTasks {
  const fence = createHttpFence(env);
  return {
    httpGet: { input: getInput, run: (given, { signal }) => exchange({ method: 'GET', ...given }, { signal, fence }) },
    httpPost: {
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
          { signal: context.signal, fence },
        );
      },
    },
  };
}

const IDEMPOTENCY_KEY = 'idempotency-key';

/** Header value `<runId>/<taskId>`, percent-encoded where a header cannot contain a character. */
const idempotencyKey = ({ runId, taskId }: ActivityContext): string =>
  encodeURI(`${runId}/${taskId}`.replaceAll(/\p{Surrogate}/gu, '\ufffd'));

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Way {
  readonly signal: AbortSignal;
  readonly fence: HttpFence;
}

async function exchange(first: Exchange, way: Way): Promise<{ status: number; bytes: number }> {
  let asked = withCredentials(first);
  for (let hops = 0; ; hops++) {
    const response = await send(asked, way);
    let bytes = 0;
    try {
      for await (const chunk of response.body) bytes += (chunk as Buffer).length;
    } catch (error) {
      throw unreachable(asked, error);
    }
    const { statusCode: status } = response;
    if (status >= 200 && status < 300) return { status, bytes };
    const next = REDIRECTS.has(status) ? redirected(asked, status, response.headers.location) : undefined;
    if (next !== undefined && hops < MAX_REDIRECTS) {
      asked = next;
      continue;
    }
    throw statusError(asked, status, retryAfterMs(response.headers, Date.now()));
  }
}

async function send({ method, url, headers, body }: Exchange, { signal, fence }: Way) {
  fence.check(new URL(url));
  try {
    // loaded on the first request, since `plan` only needs the schemas
    const { request } = await import('undici');
    return await request(url, { method, headers, body, signal, dispatcher: await fence.agent() });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof PredictLabError) throw error;
    throw unreachable({ method, url, headers }, error);
  }
}

/** Moves user and password of `https://desk:token@host/` to a header, because the address of a request cannot contain them. */
function withCredentials(asked: Exchange): Exchange {
  const url = new URL(asked.url);
  const { username, password } = url;
  if (username === '' && password === '') return asked;
  if (Object.keys(asked.headers).some((name) => name.toLowerCase() === 'authorization')) {
    throw badInput(`${place(asked)}: its url has a user and its headers an Authorization; keep one of the two`);
  }
  url.username = '';
  url.password = '';
  const credentials = Buffer.from(`${plain(username)}:${plain(password)}`).toString('base64');
  return { ...asked, url: url.href, headers: { ...asked.headers, authorization: `Basic ${credentials}` } };
}

/** Decodes the percent escapes of a text; a text with an invalid escape stays as it is. */
const plain = (text: string): string =>
  text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escaped) => Buffer.from(escaped.replaceAll('%', ''), 'hex').toString());

/** Follows a redirect on the same origin only, so that a token in a header is not sent to another host or unencrypted. */
function redirected(asked: Exchange, status: number, location: string | string[] | undefined): Exchange | undefined {
  if (typeof location !== 'string' || !URL.canParse(location, asked.url)) return undefined;
  const target = new URL(location, asked.url);
  const { host, origin } = new URL(asked.url);
  if (target.origin !== origin) {
    const where = target.host === host ? `${target.protocol}//, away from ${origin}` : `another host (${target.host})`;
    throw badInput(`${place(asked)} redirects to ${where}; use the final address`);
  }
  target.username = '';
  target.password = '';
  const keepsMethod = status === 307 || status === 308 || asked.method === 'GET';
  return keepsMethod ? { ...asked, url: target.href } : { method: 'GET', url: target.href, headers: asked.headers };
}

function statusError(asked: Exchange, status: number, wait: number | undefined): PredictLabError {
  const message = `${place(asked)} answered ${status}`;
  if (status === 429) return new PredictLabError('RateLimited', message, { retryAfterMs: wait });
  if (RETRYABLE.has(status) || status >= 500) return new PredictLabError('SourceUnavailable', message, { retryAfterMs: wait });
  if (status === 401 || status === 403) return new PredictLabError('SourceUnauthorized', `${message}; check the task's headers`);
  return badInput(`${message}; check the task's url and body`);
}

const unreachable = (asked: Exchange, error: unknown): PredictLabError =>
  new PredictLabError('SourceUnavailable', `${place(asked)} cannot be reached: ${messageOf(error)}`, { cause: error });

/** Method and address of a request for messages, without the query, which may contain a secret. */
function place({ method, url }: Exchange): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}
