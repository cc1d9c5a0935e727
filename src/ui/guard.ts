import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AskedAs, type Doors, mayAct, mayRead, TOKEN_COOKIE } from './access.ts';
import { refuse } from './answers.ts';

/**
 * Refuses what a request may not have, before any route sees it, and sends with each answer what keeps other sites away from it. A
 * token in the address of a guarded page becomes a cookie, so that the address does not carry it on.
 *
 * @param doors asked at each request: the port is known once the server listens
 */
export function guardRequests(app: FastifyInstance, doors: () => Doors): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('x-frame-options', 'DENY')
      .header('cache-control', 'no-store');
    const asked = askedAs(request);
    const given = (request.query as { token?: unknown }).token;
    if (
      doors().guarded &&
      typeof given === 'string' &&
      request.method === 'GET' &&
      mayRead({ ...asked, authorization: `Bearer ${given}` }, doors()) === null
    ) {
      void reply.header('set-cookie', `${TOKEN_COOKIE}=${given}; HttpOnly; SameSite=Strict; Path=/`);
      return await reply.redirect(new URL(request.url, 'http://here').pathname);
    }
    const refusal = request.method === 'GET' || request.method === 'HEAD' ? mayRead(asked, doors()) : mayAct(asked, doors());
    if (refusal !== null) return await refuse(reply, request, refusal);
  });
}

const askedAs = ({ headers }: FastifyRequest): AskedAs => ({
  host: headers.host,
  origin: headers.origin,
  authorization: headers.authorization,
  cookie: headers.cookie,
});
