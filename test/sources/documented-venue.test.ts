import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { venueProblem } from '../../src/activities/custom/check-plugin.ts';
import { endingOf } from '../../src/market/settlement.ts';
import { settlementTerms } from '../../src/market/settlement-terms.ts';
import { definePlugin } from '../../src/plugins/plugins.ts';
import { tradeRow } from '../../src/sources/candidate.ts';
import { readNumber, readTime } from '../../src/sources/catalogue/scalars.ts';
import { checkVenue, recordingSchema } from '../../src/sources/check/check-venue.ts';
import { createSources } from '../../src/sources/create-sources.ts';
import { defineVenue, type Venue } from '../../src/sources/venue.ts';

/** What the module of docs/venues.md imports. */
const IMPORTS = { definePlugin, defineVenue, endingOf, readNumber, readTime, settlementTerms, tradeRow, z };

const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync('docs/venues.md', 'utf8')) ?? [];
// oxlint-disable-next-line typescript/no-implied-eval -- the documentation's own code
const plugin = new Function(...Object.keys(IMPORTS), code.replaceAll(/^import.*$/gm, '').replace('export default', 'return'))(
  ...Object.values(IMPORTS),
) as { readonly venues: readonly Venue[] };
const [gale] = plugin.venues;

const HOUR = 3_600_000;
const NOW = Date.now();
const iso = (time: number): string => new Date(time).toISOString();
const contract = { begins: iso(NOW - 30 * HOUR), rules: 'It is according to the weather office. If cancelled, it pays half.' };
const contracts = [
  { ...contract, code: 'STORM-OSLO', text: 'A storm in Oslo?', ends: iso(NOW + HOUR), state: 'trading' },
  { ...contract, code: 'STORM-BERGEN', text: 'A storm in Bergen?', ends: iso(NOW - HOUR), state: 'settled', winner: 'Yes', payout: 1 },
];
const fills = Array.from({ length: 120 }, (_, i) => ({
  ref: `fill-${i}`,
  when: iso(NOW - 2 * HOUR - i * 600_000),
  price: i % 3 === 0 ? '0.55' : '0.45',
  quantity: 1 + i,
  outcome: i % 3 === 0 ? 'No' : 'Yes',
  taker: i % 2 === 0 ? 'buys' : 'sells',
}));

let server: Server;
let env: { readonly GALE_API_URL: string };
beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://gale');
    const skip = Number(searchParams.get('skip') ?? 0);
    const answers: Record<string, unknown> = {
      '/v1/contracts': { contracts },
      '/v1/fills': { fills: fills.slice(skip, skip + 50), skip: skip + 50 < fills.length ? skip + 50 : null },
      '/v1/depth': { bid: 0.4, ask: 0.46, size: 10 },
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[pathname]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = { GALE_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const selectors = [{ code: 'STORM-OSLO' }, { code: 'STORM-BERGEN' }];
const recording = recordingSchema.parse({ selectors, unknown: { code: 'HAIL' }, days: 1 });

describe('the example venue in docs/venues.md', () => {
  it('keeps every rule of the contract, although one of its markets has ended before the other', async () => {
    expect(venueProblem(gale)).toBeUndefined();
    const { report } = await checkVenue({ venue: gale, recording, env, records: true });
    expect(report.rules.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('settles a market by the two signs that it states, and keeps the sentences of its rules about ties', async () => {
    const sources = createSources({ env, venues: [gale] });
    try {
      const found = sources.byType['gale'];
      if (found === undefined || 'skipped' in found) throw new Error('gale is not loaded');
      const window = { from: NOW - 24 * HOUR, to: NOW };
      const request = { symbol: 'STORM', selectors, window, asOf: NOW, known: [], signal: AbortSignal.timeout(10_000) };
      const [ended, open] = (await found.source.discover(request)).instruments;
      expect(ended).toMatchObject({ id: 'gale:STORM-BERGEN', resolution: { kind: 'settled', payout: 1 }, settlement: { state: 'final' } });
      expect(ended.settles).toEqual({ source: 'It is according to the weather office.', ties: 'If cancelled, it pays half.' });
      expect(open).toMatchObject({ id: 'gale:STORM-OSLO', closed: false, resolution: { kind: 'open' } });
    } finally {
      await sources.close();
    }
  });

  it('is reported with the line of the mistake when its module has one', async () => {
    const broken: Venue = {
      ...gale,
      readTrade() {
        throw new TypeError('when is not defined');
      },
      trades: (context, instrument) => ({
        read: async (cursor) => ({ ...(await gale.trades(context, instrument).read(cursor)), rows: [broken.readTrade({}, instrument)] }),
      }),
    };
    // this file, or the bundle that holds it
    const [, name = ''] = /([^/\\]+):\d+:\d+\)?$/m.exec(new Error().stack ?? '') ?? [];
    const { report } = await checkVenue({ venue: broken, recording, env, records: true, module: `./${name}` });
    const problems = report.rules.flatMap(({ problem }) => problem ?? []);
    expect(problems).toContainEqual(expect.stringMatching(/^when is not defined \([^/\s]+:\d+:\d+\)$/));
    expect(problems.join()).toContain(`(${name}:`);
  });
});
