import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Api, json, Refusal } from './answer.ts';
import type { Strike } from './faults.ts';
import type { VenueName } from './market.ts';
import { type Allowance, RateLimits } from './rate-limits.ts';
import { type ApiName, BLOCKED, refusalAnswer } from './refusals.ts';
import { type LoggedRequest, routeOf } from './request-log.ts';
import type { World } from './world.ts';

export interface ServerOptions {
  readonly port: number;
  readonly world: World;
  readonly apis: Readonly<Record<ApiName, Api>>;
  readonly now: () => number;
  readonly apiKey: string;
  /** Whether requests beyond the venues' published limits are answered with 429. */
  readonly enforceLimits: boolean;
  readonly requests: LoggedRequest[];
  /** Answers requests under `/control/`. */
  readonly control: (request: IncomingMessage, path: string, query: URLSearchParams) => Promise<Answer>;
}

const PREFIXES: readonly (readonly [prefix: string, api: ApiName, venue: VenueName])[] = [
  ['/polymarket/gamma', 'gamma', 'polymarket'],
  ['/polymarket/clob', 'clob', 'polymarket'],
  ['/polymarket/data', 'data', 'polymarket'],
  ['/predict', 'predict', 'predict'],
  ['/kalshi', 'kalshi', 'kalshi'],
];

/** Starts the server on the loopback address, which answers like the venues; resolves once it accepts connections. */
export async function listen(options: ServerOptions): Promise<{ server: Server; url: string }> {
  const limits = new RateLimits();
  const connections = new WeakMap<Socket, number>();
  let connectionCount = 0;
  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    let connectionId = connections.get(request.socket);
    if (connectionId === undefined) connections.set(request.socket, (connectionId = ++connectionCount));
    handle(options, limits, request, response, connectionId).catch((error: unknown) => {
      if (!response.headersSent) send(response, { ...json({ error: String(error) }, 500) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function handle(
  options: ServerOptions,
  limits: RateLimits,
  request: IncomingMessage,
  response: ServerResponse,
  connectionId: number,
): Promise<void> {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const full = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  // every venue sends its own clock
  response.setHeader('Date', new Date(options.now()).toUTCString());
  const { age, sunset } = options.world.deck.faults;
  if (age !== undefined) response.setHeader('Age', String(age));
  if (sunset === true && /\/gamma\/(markets|events)$/.test(full))
    for (const [name, value] of Object.entries(SUNSET)) response.setHeader(name, value);
  if (full.startsWith('/control/')) return send(response, await options.control(request, full, query));
  const found = PREFIXES.find(([prefix]) => full.startsWith(`${prefix}/`));
  if (found === undefined)
    return send(response, json({ error: `the sandbox serves ${PREFIXES.map(([prefix]) => prefix).join(', ')}` }, 404));
  const [prefix, api, venue] = found;
  const time = performance.timeOrigin + performance.now();
  const log = (status: number): void => {
    const route = routeOf(full.slice(venue === 'polymarket' ? '/polymarket'.length : prefix.length));
    options.requests.push({ time, venue, route, url: target, status, connectionId });
  };
  const strike = options.world.deck.draw(full, query.toString());
  if (strike.slow) await delay(options.world.deck.faults.slowMs ?? 2000);
  if (strike.cutBefore) {
    log(0);
    request.socket.destroy();
    return;
  }
  if (request.method !== 'GET') {
    log(405);
    return send(response, refusalAnswer(api, new Refusal(405, 'method not allowed'), options.now()));
  }
  const answer = answerOf(options, limits, {
    api,
    path: full.slice(prefix.length),
    key: request.headers['x-api-key'],
    query,
    strike,
    time,
  });
  log(answer.status);
  if (strike.cutInBody && answer.status === 200) return cut(response, answer);
  send(response, answer);
}

interface RequestedRoute {
  readonly api: ApiName;
  readonly path: string;
  readonly key: string | string[] | undefined;
  readonly query: URLSearchParams;
  readonly strike: Strike;
  /** Real time of the request, for the rate limits. */
  readonly time: number;
}

function answerOf(options: ServerOptions, limits: RateLimits, requested: RequestedRoute): Answer {
  const { api, path, query, strike, time } = requested;
  const now = options.now();
  const { faults } = options.world.deck;
  const wait = String(faults.retryAfterSeconds ?? 1);
  const allowance = api === 'predict' ? limits.predict(path, time) : limits.polymarket(`/${api}${path}`, time);
  const headers = api === 'predict' ? budgetHeaders(allowance, strike.rateLimited ? wait : undefined) : {};
  const refuse = (status: number, message: string, more: Readonly<Record<string, string>> = {}): Answer =>
    refusalAnswer(api, new Refusal(status, message), now, { ...headers, ...more });
  if (strike.blocked) return BLOCKED;
  if (strike.refused) return refuse(403, 'this key may not use the API');
  if (api === 'predict' && requested.key !== options.apiKey) return refuse(401, 'API key is missing or unknown');
  if (strike.rateLimited) return refuse(429, 'too many requests', api === 'predict' ? {} : { 'Retry-After': wait });
  if (options.enforceLimits && allowance.over) {
    return refuse(429, 'too many requests', api === 'predict' ? {} : { 'Retry-After': String(allowance.resetSeconds) });
  }
  if (strike.unavailable) return refuse(503, 'the service is not available', api === 'data' ? { 'Retry-After': wait } : {});
  try {
    const answer = options.apis[api]({ path, query, now, strike });
    if (answer === undefined) return refuse(404, `no route ${path}`);
    return { ...answer, body: strike.hit ? rename(answer.body, faults.renamed) : answer.body, headers };
  } catch (error) {
    if (error instanceof Refusal) return refusalAnswer(api, error, now, headers);
    throw error;
  }
}

const budgetHeaders = (allowance: Allowance, wait: string | undefined): Record<string, string> => ({
  'RateLimit-Limit': String(allowance.limit),
  'RateLimit-Remaining': String(wait === undefined ? allowance.remaining : 0),
  'RateLimit-Reset': wait ?? String(allowance.resetSeconds),
});

function rename(body: string, renamed: Readonly<Record<string, string>> | undefined): string {
  let text = body;
  for (const [from, to] of Object.entries(renamed ?? {})) text = text.replaceAll(`"${from}":`, `"${to}":`);
  return text;
}

/** Headers of a listing that is about to be removed, as recorded in 2026. */
const SUNSET = { Deprecation: 'true', Sunset: 'Fri, 01 May 2026 00:00:00 GMT', Warning: '299 - "use /markets/keyset"' };

const headersOf = (answer: Answer): Record<string, string | number> => ({
  'Content-Type': answer.contentType ?? 'application/json',
  'Content-Length': answer.body.length,
  ...answer.headers,
});

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, headersOf(answer));
  response.end(answer.body, 'latin1');
}

/** Sends the headers of the whole body and half of it, then closes the connection. */
function cut(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, headersOf(answer));
  response.write(answer.body.slice(0, answer.body.length >> 1), 'latin1', () => response.socket?.destroy());
}
