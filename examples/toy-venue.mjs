// A venue of one's own: docs/venues.md goes through it.
//   PREDICTLAB_PLUGINS=./examples/toy-venue.mjs predictlab symbols add RAIN --toy market=rain-tomorrow
//   PREDICTLAB_PLUGINS=./examples/toy-venue.mjs predictlab run --symbols RAIN --sources toy
import { z } from 'zod';

/** A number as rows of PredictLab need it: the value, or the reason why there is none. */
const number = (value) => (Number.isFinite(value) ? { value, defect: null } : { value: null, defect: 'malformed' });

const toy = {
  name: 'toy',
  title: 'Toy Exchange',
  selector: z.strictObject({ market: z.string().min(1) }),
  forms: '{"market": "…"}',
  example: 'market=rain-tomorrow',
  hosts: { api: { variable: 'TOY_API_URL', url: 'https://toy.example', check: '/health' } },
  limits: { all: { requests: 50, windowMs: 10_000 } },

  async discover({ http }, { symbol, selectors }) {
    const instruments = [];
    const problems = [];
    const markets = await http.api.get('/markets');
    for (const { market } of selectors) {
      const found = markets.find(({ id }) => id === market);
      if (found === undefined)
        problems.push(`${symbol}: toy has no market {"market":"${market}"}; it has ${markets.map(({ id }) => id).join(', ')}`);
      else instruments.push(instrumentOf(found));
    }
    return { instruments, problems };
  },

  selectorOf: ({ reference }) => ({ market: reference }),

  trades: ({ http }, instrument) => ({
    // newest first; the cursor leads to older trades, null ends the history
    async read(cursor) {
      const query = [['market', instrument.reference], ...(cursor === null ? [] : [['before', cursor]])];
      const { trades, before } = await http.api.get('/trades', query);
      return { rows: trades.map((trade) => toy.readTrade(trade, instrument)), next: before ?? null };
    },
  }),

  readTrade(trade, instrument) {
    const isSecond = trade.outcome === instrument.outcomes[1];
    const price = number(trade.price);
    return {
      kind: 'trade',
      time: number(trade.at).value,
      // prices are those of the first outcome
      price: isSecond && price.value !== null ? Number((1 - price.value).toFixed(6)) : price.value,
      size: number(trade.size).value,
      side: (trade.side === 'buy') === isSecond ? 'sell' : 'buy',
      outcome: trade.outcome ?? null,
      tradeId: trade.id ?? null,
      content: [],
      raw: JSON.stringify(trade),
      defect: price.defect ?? number(trade.size).defect ?? number(trade.at).defect ?? (trade.id ? null : 'malformed'),
    };
  },

  async book({ http }, { reference }) {
    return await http.api.get('/book', [['market', reference]]);
  },
};

function instrumentOf({ id, question, opensAt, endsAt, winner }) {
  const closed = winner !== undefined;
  return {
    id: `toy:${id}`,
    source: 'toy',
    market: 'probability',
    title: question,
    outcomes: ['Yes', 'No'],
    outcomeIds: ['yes', 'no'],
    opensAt,
    closesAt: endsAt,
    endsAt,
    closed,
    ...(closed && { closedAt: endsAt }),
    // a single sign leaves a result proposed, and this venue states only the winner
    resolution: closed ? { kind: 'unresolved', reason: `proposed: ${winner}` } : { kind: 'open' },
    fees: null,
    tickSize: 0.01,
    twins: [],
    book: null,
    reference: id,
  };
}

export default { venues: [toy] };
