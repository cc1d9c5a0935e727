import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse } from './answers.ts';

export interface RequestHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Value of the `Authorization` header: `Bearer <token>`. */
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface AccessRules {
  /** The host that the server listens on; all names of loopback count as one. */
  readonly host: string;
  readonly port: number;
  /** The token that allows its holder to act and, if the pages are guarded, to read; `null` if there is none. */
  readonly token: string | null;
  readonly control: boolean;
  /** Whether reading needs the token too, because the server is open to other machines. */
  readonly guarded: boolean;
}

/** The reason for refusing a request, with its HTTP status; `null` when it is not refused. */
export type Refusal = { readonly status: 401 | 403; readonly message: string } | null;

/** The cookie in which a browser keeps the token. */
export const TOKEN_COOKIE = 'predictlab_token';

/** Whether a host name or address means this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);

/** Whether a page may be read. Foreign names in `Host` are refused: by DNS rebinding, another site's scripts could read the pages. */
export function mayRead({ host, authorization, cookie }: RequestHeaders, rules: AccessRules): Refusal {
  if (!isOwnHost(host, rules)) return wrongHost(host);
  if (!rules.guarded) return null;
  return isToken(bearerOf(authorization) ?? cookieOf(cookie), rules)
    ? null
    : { status: 401, message: 'open the address with its token, as `predictlab ui` printed it' };
}

/** Whether a request may change something: only with the token in the `Authorization` header, which no other site's page can send. */
export function mayAct({ host, origin, authorization }: RequestHeaders, rules: AccessRules): Refusal {
  if (!isOwnHost(host, rules)) return wrongHost(host);
  if (!rules.control)
    return { status: 403, message: 'this server is read-only; start it with `predictlab ui --control` to act from the page' };
  if (origin !== undefined && !isOwnOrigin(origin, rules))
    return { status: 403, message: `requests from ${origin.slice(0, 200)} are not accepted` };
  return isToken(bearerOf(authorization), rules)
    ? null
    : { status: 401, message: 'send `Authorization: Bearer <token>` with the token that `predictlab ui --control` printed' };
}

const wrongHost = (host: string | undefined): Refusal => ({
  status: 403,
  message: `this server does not answer as ${(host ?? 'a host without a name').slice(0, 200)}`,
});

function isOwnHost(host: string | undefined, { host: bound, port }: AccessRules): boolean {
  const named = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(host ?? '');
  if (named === null || Number(named[2] ?? 80) !== port) return false;
  const name = named[1] ?? '';
  // A server beyond loopback accepts IP addresses but no other names: any site can make a name resolve to it.
  return isLoopback(name) || name === bound || (!isLoopback(bound) && isIP(name.replace(/^\[|\]$/g, '')) !== 0);
}

function isOwnOrigin(origin: string, rules: AccessRules): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  return protocol === 'http:' && isOwnHost(host, rules);
}

const bearerOf = (authorization: string | undefined): string | undefined => /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];

const cookieOf = (cookie: string | undefined): string | undefined =>
  cookie
    ?.split(/; */)
    .find((part) => part.startsWith(`${TOKEN_COOKIE}=`))
    ?.slice(TOKEN_COOKIE.length + 1);

/** Compares in constant time, so that the time of a refusal does not reveal how much of a guess was right. */
function isToken(given: string | undefined, { token }: AccessRules): boolean {
  if (given === undefined || token === null) return false;
  const [ours, theirs] = [Buffer.from(token), Buffer.from(given)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

/**
 * Refuses requests that are not allowed, before any route sees them, and adds the headers that keep other sites away.
 * A token in the address of a guarded page becomes a cookie and leaves the address.
 * @param rules read at each request: the port is known once the server listens
 */
export function guardRequests(app: FastifyInstance, rules: () => AccessRules): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('x-frame-options', 'DENY')
      .header('cache-control', 'no-store');
    const headers = headersOf(request);
    const given = (request.query as { token?: unknown }).token;
    if (
      rules().guarded &&
      typeof given === 'string' &&
      request.method === 'GET' &&
      mayRead({ ...headers, authorization: `Bearer ${given}` }, rules()) === null
    ) {
      void reply.header('set-cookie', `${TOKEN_COOKIE}=${given}; HttpOnly; SameSite=Strict; Path=/`);
      return await reply.redirect(new URL(request.url, 'http://here').pathname);
    }
    const refusal = request.method === 'GET' || request.method === 'HEAD' ? mayRead(headers, rules()) : mayAct(headers, rules());
    if (refusal !== null) return await refuse(reply, request, refusal);
  });
}

const headersOf = ({ headers }: FastifyRequest): RequestHeaders => ({
  host: headers.host,
  origin: headers.origin,
  authorization: headers.authorization,
  cookie: headers.cookie,
});
