import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AccessRules, mayAct, mayRead, type RequestHeaders, TOKEN_COOKIE } from './access.ts';
import { refuse } from './answers.ts';

/**
 * Refuses requests that are not allowed, before any route sees them, and adds the headers that keep other sites away. A token in the
 * address of a guarded page becomes a cookie and leaves the address.
 *
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
