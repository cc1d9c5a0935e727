import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { badInput, ERROR_EFFECTS, messageOf, PredictLabError } from '../contracts/errors.ts';
import { renderNoticePage } from '../report/elements/page/page.ts';

/** The error for a page or an object that does not exist on this server. */
export class NotFound extends Error {
  readonly statusCode = 404;
}

/** The error for requests that arrive while the server is closing. */
export class PagesClosing extends Error {
  readonly statusCode = 503;

  constructor() {
    super('the server is closing');
  }
}

/** The HTTP status for an error. */
export function httpStatusOf(error: unknown): number {
  if (error instanceof PredictLabError) return ERROR_EFFECTS[error.type] === 'retryable' ? 503 : 400;
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 ? statusCode : 500;
}

/** Sends an HTML page, compressed when it is large and the client accepts that. */
export async function sendPage(reply: FastifyReply, text: string): Promise<unknown> {
  void reply.type('text/html; charset=utf-8');
  const accepted = /\bgzip\b/.test(reply.request.headers['accept-encoding'] ?? '');
  if (!accepted || text.length < COMPRESSED_FROM) return await reply.send(text);
  void reply.headers({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  return await reply.send(await compress(text, { level: 4 }));
}

/** Minimum number of characters of a compressed page; a shorter page fits into a few packets anyway. */
const COMPRESSED_FROM = 8_000;
const compress = promisify(gzip);

/** Sends a refusal: a page to a browser's address bar, JSON to everything else. */
export async function refuse(
  reply: FastifyReply,
  request: FastifyRequest,
  { status, message }: { readonly status: number; readonly message: string },
): Promise<unknown> {
  void reply.code(status);
  if (request.method !== 'GET' || !/text\/html/.test(request.headers.accept ?? '')) return await reply.send({ message });
  return await sendPage(reply, renderNoticePage(status === 404 ? 'Not here' : status < 500 ? 'Not allowed' : 'That did not work', message));
}

/** Starts to listen. @throws PredictLabError BadInput when the port is in use */
export async function listenOn(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is in use; give another one with --port' : `cannot be listened on: ${messageOf(error)}`;
    throw badInput(`${host}:${port} ${why}`, { cause: error });
  }
  // The error concerns a single connection; the server keeps listening.
  app.server.on('error', () => undefined);
}
