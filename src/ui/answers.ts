import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_EFFECTS, PredictLabError } from '../contracts/errors.ts';
import { renderNoticePage } from '../report/elements/page/notice-page.ts';

/** What was asked for is not here. */
export class NotFound extends Error {
  readonly statusCode = 404;
}

/** Asked of a server that is being closed. */
export class PagesClosing extends Error {
  readonly statusCode = 503;

  constructor() {
    super('the pages are being closed');
  }
}

/** The HTTP status that an error is answered with. */
export function httpStatusOf(error: unknown): number {
  if (error instanceof PredictLabError) return ERROR_EFFECTS[error.type] === 'retryable' ? 503 : 400;
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 ? statusCode : 500;
}

/** Answers with a page. */
export const sendPage = async (reply: FastifyReply, text: string): Promise<unknown> =>
  await reply.type('text/html; charset=utf-8').send(text);

/** A refusal in the form that was asked for: a page for a browser's address line, JSON for everything else. */
export async function refuse(
  reply: FastifyReply,
  request: FastifyRequest,
  { status, message }: { readonly status: number; readonly message: string },
): Promise<unknown> {
  void reply.code(status);
  if (request.method !== 'GET' || !/text\/html/.test(request.headers.accept ?? '')) return await reply.send({ message });
  return await sendPage(reply, renderNoticePage(status === 404 ? 'Not here' : status < 500 ? 'Not allowed' : 'That did not work', message));
}
