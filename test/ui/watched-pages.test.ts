import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { html } from '../../src/report/elements/html.ts';
import { InFlight } from '../../src/ui/in-flight.ts';
import { WatchedPages } from '../../src/ui/live/watched-pages.ts';
import { silent } from '../support/silent.ts';

const request = (since?: string) => ({ query: { since } }) as FastifyRequest;
const look = async () => ({ parts: { head: html`here` }, ended: false });

it('a live page is read once for all its readers, and no longer read when nothing changes any more', async () => {
  const pages = new WatchedPages({ log: silent, inFlight: new InFlight() });
  let started = 0;
  const start = async () => {
    started++;
    return { look };
  };
  await Promise.all([pages.changes(request(), 'a', start), pages.changes(request('no number'), 'a', start)]);
  await expect.poll(async () => (await pages.changes(request('0'), 'a', start)).patches).toEqual([{ part: 'head', html: 'here' }]);
  expect({ started, pages: pages.size }).toEqual({ started: 1, pages: 1 });
  const ended = await pages.changes(request('7'), 'b', async () => undefined);
  expect(ended).toEqual({ patches: [], revision: 7, ended: true, still: false });
  expect(pages.size).toBe(1);
  pages.close();
  await expect(pages.changes(request(), 'a', start)).rejects.toThrow('closing');
});

it('a live page that cannot be started is answered with the reason, and started again at the next request', async () => {
  const pages = new WatchedPages({ log: silent, inFlight: new InFlight() });
  await expect(pages.changes(request(), 'a', () => Promise.reject(new Error('there is no run')))).rejects.toThrow('there is no run');
  expect(await pages.changes(request(), 'a', async () => ({ look }))).toMatchObject({ ended: false });
  pages.close();
});
