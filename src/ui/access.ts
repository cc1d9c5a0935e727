import { timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/** What of a request decides whether it may be answered. */
export interface AskedAs {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Bearer <token>`, as the header says it. */
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

export interface Doors {
  /** The host listened on; names of this machine's loopback are one. */
  readonly host: string;
  readonly port: number;
  /** Whoever has it may act and, where the pages are guarded, read. `null`: there is none. */
  readonly token: string | null;
  /** Something may be changed through this server. */
  readonly control: boolean;
  /** Pages too are for those who have the token: the server is open to other machines. */
  readonly guarded: boolean;
}

/** Why a request is refused, with the HTTP status that says so; `null` when it is not. */
export type Refusal = { readonly status: 401 | 403; readonly message: string } | null;

/** The cookie in which a browser keeps the token once it was given. */
export const TOKEN_COOKIE = 'predictlab_token';

/** Whether a host name or address means this machine. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);

/**
 * Whether a page may be read. A name that is not ours in `Host` is another site's name that leads here (DNS rebinding): it would
 * hand our pages to that site's scripts.
 */
export function mayRead({ host, authorization, cookie }: AskedAs, doors: Doors): Refusal {
  if (!isOurHost(host, doors)) return foreignHost(host);
  if (!doors.guarded) return null;
  return isToken(bearerOf(authorization) ?? cookieOf(cookie), doors)
    ? null
    : { status: 401, message: 'open the address with its token, as `predictlab ui` printed it' };
}

/** Whether something may be changed: only with the token in the `Authorization` header, which no other site's page can send. */
export function mayAct({ host, origin, authorization }: AskedAs, doors: Doors): Refusal {
  if (!isOurHost(host, doors)) return foreignHost(host);
  if (!doors.control)
    return { status: 403, message: 'this server only shows; start it with `predictlab ui --control` to act from the page' };
  if (origin !== undefined && !isOurOrigin(origin, doors))
    return { status: 403, message: `requests from ${origin.slice(0, 200)} are not taken` };
  return isToken(bearerOf(authorization), doors)
    ? null
    : { status: 401, message: 'send `Authorization: Bearer <token>` with the token that `predictlab ui --control` printed' };
}

const foreignHost = (host: string | undefined): Refusal => ({
  status: 403,
  message: `this server is not ${(host ?? 'without a name').slice(0, 200)}`,
});

function isOurHost(host: string | undefined, { host: bound, port }: Doors): boolean {
  const named = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(host ?? '');
  if (named === null || Number(named[2] ?? 80) !== port) return false;
  const name = named[1] ?? '';
  // beyond loopback only addresses count: a name could be anybody's
  return isLoopback(name) || name === bound || (!isLoopback(bound) && isIP(name.replace(/^\[|\]$/g, '')) !== 0);
}

function isOurOrigin(origin: string, doors: Doors): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  return protocol === 'http:' && isOurHost(host, doors);
}

const bearerOf = (authorization: string | undefined): string | undefined => /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];

const cookieOf = (cookie: string | undefined): string | undefined =>
  cookie
    ?.split(/; */)
    .find((part) => part.startsWith(`${TOKEN_COOKIE}=`))
    ?.slice(TOKEN_COOKIE.length + 1);

/** In constant time: how long a refusal takes must not tell how much of a guess was right. */
function isToken(given: string | undefined, { token }: Doors): boolean {
  if (given === undefined || token === null) return false;
  const [ours, theirs] = [Buffer.from(token), Buffer.from(given)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}
