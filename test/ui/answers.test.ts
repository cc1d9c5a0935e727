import { gunzipSync } from 'node:zlib';
import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { badInput } from '../../src/contracts/errors.ts';
import { httpStatusOf, listenOn, NotFound, PagesClosing, refuse, sendPage } from '../../src/ui/answers.ts';

const serverOf = () => {
  const app = fastify();
  app.get<{ Querystring: { length: string } }>(
    '/page',
    async (request, reply) => await sendPage(reply, 'x'.repeat(Number(request.query.length))),
  );
  app.route<{ Querystring: { status: string } }>({
    method: ['GET', 'POST'],
    url: '/refused',
    handler: async (request, reply) => await refuse(reply, request, { status: Number(request.query.status), message: 'not today' }),
  });
  return app;
};

describe('an answer of the page server', () => {
  it('is compressed from 8,000 characters on when the client accepts that', async () => {
    const app = serverOf();
    const ask = async (length: number, accepted?: string) =>
      await app.inject({ url: `/page?length=${length}`, headers: accepted === undefined ? {} : { 'accept-encoding': accepted } });
    for (const [length, accepted] of [
      [7_999, 'gzip'],
      [8_000, 'br'],
      [8_000, undefined],
    ] as const) {
      const plain = await ask(length, accepted);
      expect(plain.headers['content-encoding']).toBeUndefined();
      expect(plain.body).toHaveLength(length);
    }
    const packed = await ask(8_000, 'br, gzip');
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(packed.rawPayload)).toHaveLength(8_000);
  });

  it('that refuses a request is a page for a browser, and JSON otherwise', async () => {
    const app = serverOf();
    const ask = async (status: number, method: 'GET' | 'POST' = 'GET', accept = 'text/html') =>
      await app.inject({ method, url: `/refused?status=${status}`, headers: { accept } });
    for (const [status, title] of [
      [404, 'Not here'],
      [403, 'Not allowed'],
      [500, 'That did not work'],
    ] as const) {
      const page = await ask(status);
      expect([page.statusCode, page.headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
      expect(page.body).toContain(title);
      expect(page.body).toContain('not today');
    }
    expect((await ask(403, 'POST')).json()).toEqual({ message: 'not today' });
    expect((await ask(403, 'GET', '*/*')).json()).toEqual({ message: 'not today' });
  });

  it('has the status of its error', () => {
    expect(httpStatusOf(badInput('x'))).toBe(400);
    expect([new NotFound(), new PagesClosing(), new Error('x')].map(httpStatusOf)).toEqual([404, 503, 500]);
    expect([399, 400, '404'].map((statusCode) => httpStatusOf({ statusCode }))).toEqual([500, 400, 500]);
  });

  it('needs a free port: a port in use is refused', async () => {
    const [first, second] = [serverOf(), serverOf()];
    await listenOn(first, '127.0.0.1', 0);
    const { port } = first.server.address() as { port: number };
    await expect(listenOn(second, '127.0.0.1', port)).rejects.toThrow(`127.0.0.1:${port} is in use; give another one with --port`);
    await expect(listenOn(serverOf(), '203.0.113.1', port)).rejects.toThrow(`203.0.113.1:${port} cannot be listened on: `);
    await Promise.all([first.close(), second.close()]);
  });
});
