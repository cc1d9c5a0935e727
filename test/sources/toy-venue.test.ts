import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { venueProblem } from '../../src/activities/custom/check-plugin.ts';
import type { ReadRow } from '../../src/sources/candidate.ts';
import { checkVenue, recordingSchema } from '../../src/sources/check/check-venue.ts';
import type { Venue } from '../../src/sources/venue.ts';

/** The example of docs/venues.md, which is plain JavaScript. */
const EXAMPLE = new URL('../../examples/toy-venue.mjs', import.meta.url).href;
const recorded = recordingSchema.parse(JSON.parse(readFileSync('examples/toy-answers.json', 'utf8')));
const { answers: _, at: __, ...unrecorded } = recorded;

let toy: Venue;
beforeAll(async () => {
  const { default: plugin } = (await import(EXAMPLE)) as { default: { venues: Venue[] } };
  [toy] = plugin.venues;
});

const checked = (venue: Venue) => checkVenue({ venue, recording: recorded, env: {}, records: false });

describe('the toy venue among the examples', () => {
  it('keeps every rule of the contract over its recorded answers', async () => {
    expect(venueProblem(toy)).toBeUndefined();
    const { report } = await checked(toy);
    expect(report.rules.filter(({ ok }) => !ok)).toEqual([]);
    expect(report).toMatchObject({ venue: 'toy', ok: true, notRecorded: [] });
  });

  it.each([
    [
      'a universe without a rule',
      { universe: { list: () => [] } },
      'has a venue "toy" with an incomplete universe; write { rule: <zod schema>',
    ],
    [
      'sharedTrades that are data',
      { sharedTrades: [] },
      'has a venue "toy" whose sharedTrades is a list; write a function or leave it out',
    ],
    [
      'no market of a shared request',
      { sharedMarkets: 0 },
      'has a venue "toy" with sharedMarkets: 0; write a number of markets, at least 1',
    ],
  ])('is refused with %s', (_what, facts, problem) => {
    expect(venueProblem({ ...toy, ...facts })).toContain(problem);
  });

  const changed = (facts: Partial<Venue>): Venue => ({ ...toy, ...facts });
  const rowsChanged = (change: (row: ReadRow) => object): Venue =>
    changed({
      trades: (context, instrument) => ({
        async read(cursor) {
          const page = await toy.trades(context, instrument).read(cursor);
          return { ...page, rows: page.rows.map((row) => ({ ...row, ...change(row) })) };
        },
      }),
    });

  it.each<[string, () => Venue, string, RegExp]>([
    ['forgets the ids of trades', () => rowsChanged(() => ({ tradeId: null })), 'delivers rows of the window', /identity of others/],
    ['reports prices in cents', () => rowsChanged(({ price }) => ({ price: (price ?? 0) * 100 })), 'delivers rows of the window', /price/],
    [
      'counts an unreadable page as an empty one',
      () =>
        changed({
          trades: (context, instrument) => ({
            read: (cursor) =>
              toy
                .trades(context, instrument)
                .read(cursor)
                .catch(() => ({ rows: [], next: null })),
          }),
        }),
      'claims nothing of answers that it cannot read',
      /counts as an empty one/,
    ],
    [
      'is silent about an unknown market',
      () => changed({ discover: async (...args) => ({ ...(await toy.discover(...args)), problems: [] }) }),
      'names the symbol and the selector that match nothing',
      /ended with no error/,
    ],
    [
      'names its instruments after another venue',
      () => changed({ name: 'other' }),
      'finds the same instruments in the same order',
      /must start with "other:"/,
    ],
    [
      'selects its markets by the wrong name',
      () => changed({ selectorOf: () => ({ market: 'snow-tomorrow' }) }),
      'finds a market alone',
      /finds/,
    ],
  ])('is reported as wrong when it %s', async (_what, venue, rule, problem) => {
    const { report } = await checked(venue());
    expect(report.ok).toBe(false);
    const broken = report.rules.find((each) => each.rule.startsWith(rule));
    expect(broken?.problem).toMatch(problem);
  });

  it('is reported with its selector forms when a selector has another form', async () => {
    const wrong = checkVenue({ venue: toy, recording: { ...recorded, unknown: { ticker: 'X' } }, env: {}, records: false });
    await expect(wrong).rejects.toThrow('{"ticker":"X"} is not a selector of toy; write {"market": "…"}');
  });
});

describe('a recording of a venue’s answers', () => {
  let server: Server;
  let requests = 0;
  beforeAll(async () => {
    const now = Date.now();
    const trades = Array.from({ length: 250 }, (_, i) => ({
      id: `toy-${i}`,
      at: now - i * 60_000,
      price: 0.4 + (i % 10) / 100,
      size: 1 + i,
      side: i % 3 === 0 ? 'sell' : 'buy',
      outcome: i % 4 === 0 ? 'No' : 'Yes',
    }));
    const markets = ['rain-tomorrow', 'snow-tomorrow'].map((id) => ({ id, question: `${id}?`, opensAt: now - 108e6, endsAt: now + 3.6e6 }));
    server = createServer((request, response) => {
      requests++;
      const url = new URL(request.url ?? '', 'http://toy');
      const before = Number(url.searchParams.get('before') ?? 0);
      const answers: Record<string, unknown> = {
        '/markets': markets,
        '/trades': { trades: trades.slice(before, before + 100), ...(before + 100 < trades.length && { before: String(before + 100) }) },
        '/book': { bids: [[0.4, 10]], asks: [[0.42, 10]], at: now },
      };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[url.pathname]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('has each answer once, and is enough for a check without the venue', async () => {
    const { port } = server.address() as AddressInfo;
    const env = { TOY_API_URL: `http://127.0.0.1:${port}` };
    const first = await checkVenue({ venue: toy, recording: { ...unrecorded, answers: [] }, env, records: true });
    expect(first.report.rules.filter(({ ok }) => !ok)).toEqual([]);
    expect(first.report.notRecorded).toEqual([]);
    expect(first.recording.answers).toHaveLength(requests);
    const before = requests;
    const again = await checkVenue({ venue: toy, recording: first.recording, env: {}, records: false });
    expect(again.report).toEqual(first.report);
    expect(requests).toBe(before);
  });
});
