// Venues that misbehave in one route each, and one that works; test/integration/venue-threads.test.ts collects from them.
import fs from 'node:fs';
import { z } from 'zod';

const venue = (name, more = {}) => ({
  name,
  title: name,
  selector: z.strictObject({ market: z.string() }),
  forms: '{"market": "…"}',
  example: 'market=rain',
  hosts: { api: { variable: 'HOSTILE_API_URL', url: 'https://hostile.example', check: '/' } },
  limits: { all: { requests: 1_000, windowMs: 1_000 } },
  async discover({ http }, { selectors }) {
    const markets = await http.api.get('/markets');
    return { instruments: markets.filter((id) => selectors.some(({ market }) => market === id)).map(instrument(name)), problems: [] };
  },
  selectorOf: ({ reference }) => ({ market: reference }),
  trades: ({ http }, { reference }) => ({
    async read(cursor) {
      const { trades, next } = await http.api.get('/trades', [
        ['market', reference],
        ['page', cursor ?? '0'],
      ]);
      return { rows: trades.map(row), next };
    },
  }),
  readTrade: row,
  ...more,
});

const instrument = (source) => (id) => ({
  id: `${source}:${id}`,
  source,
  market: 'probability',
  title: id,
  outcomes: ['Yes', 'No'],
  outcomeIds: ['yes', 'no'],
  opensAt: null,
  closesAt: null,
  closed: false,
  resolution: { kind: 'open' },
  fees: null,
  tickSize: null,
  twins: [],
  book: null,
  reference: id,
});

function row({ id, time, price }) {
  const tick = { kind: 'trade', time, price, size: 1, side: 'buy', outcome: 'Yes', tradeId: id, content: [], defect: null };
  return { ...tick, raw: JSON.stringify({ id, time, price }) };
}

const universe = (list) => ({ rule: z.strictObject({}), forms: '{}', list });
const noMarkets = () => ({ instruments: [], problems: [], matching: new Set() });

/** A venue that does `what` when its trades are read, alone or together, and when its markets are listed. */
const reading = (name, what) =>
  venue(name, {
    trades: () => ({ read: async () => (await what(), { rows: [], next: null }) }),
    universe: universe(async function* () {
      await what();
      yield noMarkets();
    }),
    sharedTrades: async () => (await what(), { rows: new Map(), after: 0 }),
  });

const spin = () => {
  for (;;);
};
const attempt = async (what) => {
  try {
    await what();
    return 'done';
  } catch (error) {
    return error.message;
  }
};

export default {
  venues: [
    venue('fair', {
      universe: universe(async function* ({ http }, _rule, known) {
        for (const page of ['a', 'b']) {
          const query = [
            ['page', page],
            ['known', known.size],
          ];
          const instruments = (await http.api.get('/listing', query)).map(instrument('fair'));
          yield { instruments, problems: [], matching: new Set(instruments.map(({ id }) => id)) };
        }
      }),
      async sharedTrades({ http }, instruments, { since }) {
        const query = [
          ['markets', instruments.map(({ reference }) => reference).join(',')],
          ['since', since],
        ];
        const trades = await http.api.get('/together', query);
        const rows = instruments.map(({ id, reference }) => [id, trades.filter(({ market }) => market === reference).map(row)]);
        return { rows: new Map(rows), after: Number.NEGATIVE_INFINITY };
      },
    }),
    reading('loops', spin),
    venue('loops-late', { readTrade: spin }),
    reading('waits', () => new Promise(() => {})),
    reading('exits', () => process.exit(3)),
    reading('strays', async () => {
      setTimeout(() => {
        throw new Error('out of a timer');
      }, 0);
      void Promise.reject(new Error('out of a promise'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }),
    reading('floods', () => {
      for (let line = 0; line < 20_000; line++) console.log(`line ${line}`);
    }),
    reading('posts', async () => {
      const { parentPort } = await import('node:worker_threads');
      for (;;) parentPort.postMessage({ log: 'info', line: 'flood' });
    }),
    reading('fills', () => {
      const kept = [];
      for (;;) kept.push(Array.from({ length: 1_000_000 }, () => 1.5));
    }),
    venue('abandons', {
      trades: ({ http }) => ({
        async read() {
          for (let page = 0; page < 400; page++) void http.api.get('/markets').catch(() => undefined);
          throw new Error('the venue gave up');
        },
      }),
    }),
    venue('asks', {
      trades: ({ http }) => ({
        async read() {
          const asked = [];
          for (let page = 0; page < 5_000; page++) asked.push(http.api.get('/markets'));
          await Promise.all(asked);
          return { rows: [], next: null };
        },
      }),
    }),
    venue('spies', {
      async discover({ http }) {
        const [fetched, read, killed, elsewhere] = [
          await attempt(() => fetch('http://127.0.0.1:1')),
          await attempt(() => fs.readFileSync('package.json')),
          await attempt(() => process.kill(process.pid)),
          await attempt(() => http.api.get('@127.0.0.1:1/')),
        ];
        return { instruments: [], problems: [JSON.stringify({ env: Object.keys(process.env), fetched, read, killed, elsewhere })] };
      },
    }),
    venue('functions', {
      trades: () => ({ read: async () => ({ rows: [() => 1], next: null }) }),
      universe: universe(async function* () {
        yield { ...noMarkets(), instruments: [() => 1] };
      }),
      sharedTrades: async () => ({ rows: new Map([['functions:rain', [() => 1]]]), after: 0 }),
    }),
    venue('shapes', {
      universe: universe(async function* () {
        yield { instruments: [], problems: [], matching: [] };
      }),
      sharedTrades: async () => ({ rows: {}, after: 0 }),
    }),
    venue('endless', {
      universe: universe(async function* () {
        for (;;) yield noMarkets();
      }),
    }),
  ],
};
