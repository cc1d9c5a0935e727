import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { InFlight } from '../../src/ui/in-flight.ts';
import { LivePage } from '../../src/ui/live/live-page.ts';
import { WatchedPages } from '../../src/ui/live/watched-pages.ts';
import { silent } from '../support/silent.ts';

it('a client that opens streams without end is refused, and another one is not', async () => {
  const pages = new WatchedPages({ log: silent, inFlight: new InFlight() });
  const page = new LivePage({ look: async () => await new Promise(() => undefined), log: silent });
  const codes: number[] = [];
  const open = async (ip: string): Promise<void> => {
    const raw = {
      writeHead: () => undefined,
      write: () => true,
      end: () => undefined,
      once: () => undefined,
      destroy: () => undefined,
      destroyed: false,
      closed: false,
      writableEnded: false,
      writableLength: 0,
    };
    const reply = {
      raw,
      hijack: () => undefined,
      code(status: number) {
        codes.push(status);
        return reply;
      },
      send: async () => undefined,
    };
    await pages.answer({ query: {}, url: '/events', ip } as FastifyRequest, reply as unknown as FastifyReply, page);
  };
  for (let i = 0; i < 40; i++) await open('10.0.0.1');
  expect(codes).toEqual(Array.from({ length: 8 }, () => 429));
  await open('10.0.0.2');
  expect(codes).toHaveLength(8);
  pages.close();
  page.close();
});
