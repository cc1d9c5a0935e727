import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { venueProblem } from '../../src/activities/custom/check-plugin.ts';
import { createSources, type SourceSet } from '../../src/sources/create-sources.ts';
import type { Source } from '../../src/sources/source.ts';
import type { AnyVenue } from '../../src/sources/venue.ts';
import { describeSourceContract } from './source-contract.ts';

/** The example of docs/venues.md, which is plain JavaScript. */
const EXAMPLE = '../../examples/toy-venue.mjs';
const NOW = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const TRADES = Array.from({ length: 250 }, (_, i) => ({
  id: `toy-${i}`,
  at: NOW - i * 60_000,
  price: 0.4 + (i % 10) / 100,
  size: 1 + i,
  side: i % 3 === 0 ? 'sell' : 'buy',
  outcome: i % 4 === 0 ? 'No' : 'Yes',
}));
const MARKETS = ['rain-tomorrow', 'snow-tomorrow'].map((id) => ({ id, question: `${id}?`, opensAt: NOW - 30 * HOUR, endsAt: NOW + HOUR }));

let server: Server;
let sources: SourceSet;
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://toy');
    const before = Number(url.searchParams.get('before') ?? 0);
    const answers: Record<string, unknown> = {
      '/markets': MARKETS,
      '/trades': { trades: TRADES.slice(before, before + 100), ...(before + 100 < TRADES.length && { before: String(before + 100) }) },
      '/book': { bids: [[0.4, 10]], asks: [[0.42, 10]], at: NOW },
    };
    response.writeHead(200, { 'content-type': 'application/json', date: new Date(NOW).toUTCString() });
    response.end(JSON.stringify(answers[url.pathname]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { default: plugin } = (await import(EXAMPLE)) as { default: { venues: AnyVenue[] } };
  const [toy] = plugin.venues;
  const problem = venueProblem(toy);
  if (problem !== undefined) throw new Error(problem);
  const { port } = server.address() as AddressInfo;
  sources = createSources({ env: { TOY_API_URL: `http://127.0.0.1:${port}` }, venues: [toy] });
});
afterAll(async () => {
  await sources.close();
  await new Promise((resolve) => server.close(resolve));
});

describeSourceContract('toy', () => ({
  source: (sources.byType.toy as { source: Source }).source,
  selectors: [{ market: 'rain-tomorrow' }, { market: 'snow-tomorrow' }],
  unknown: { selector: { market: 'hail' }, named: '{"market":"hail"}' },
  window: { from: NOW - 4 * HOUR, to: NOW },
}));
