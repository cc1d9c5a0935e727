import type { EventPageData, EventQuote } from '../../src/report/site/event-page.ts';
import { AS_OF, DAY, HOUR } from './sample-numbers.ts';

const quote = (title: string, bid: number, lookedAgoMs: number): EventQuote => ({
  instrument: {
    id: `polymarket:${title}`,
    source: 'polymarket',
    group: { id: 'polymarket:winner', markets: 2 },
    market: 'probability',
    title: `Will ${title} win the election?`,
    outcomes: ['Yes', 'No'],
    opensAt: null,
    closesAt: AS_OF + 12 * DAY,
    closed: false,
    resolution: { kind: 'open' },
    fees: null,
    tickSize: 0.001,
    twins: [],
    reference: 'https://venue.test/winner',
    book: { bid, ask: bid + 0.02, at: AS_OF - lookedAgoMs },
    cost: bid + 0.03,
    proceeds: bid - 0.01,
  },
  last: { time: AS_OF - 60_000, price: bid },
  spark: [0, 1, 2, 6, 7].map((hour) => ({ time: AS_OF - DAY + hour * HOUR, price: bid + hour / 100 })),
  sparkStep: HOUR,
  symbols: ['ELECTION'],
});

/** Two outcomes of one group; the books of the second one are `apartMs` older. */
export const sampleEvent = (apartMs = 400_000): EventPageData => ({
  event: 'polymarket:winner',
  now: AS_OF,
  outcomes: [[quote('Ada', 0.61, 0)], [quote('Bob', 0.32, apartMs)]],
  madeBy: 'PredictLab 0.1.0',
});
