import { describe, expect, it } from 'vitest';
import { twinBasis } from '../../src/market/twin-basis.ts';
import { type EventQuote, renderEventPage, renderEventsPage } from '../../src/report/site/event-page.ts';
import { eventTitle, groupPrices, type PricedMarket, priceDifference } from '../../src/report/site/event-prices.ts';

const NOW = Date.parse('2026-11-24T12:00Z');
const GROUP = { id: 'polymarket:winner', markets: 2 };

const market = (bid: number | null, ask: number | null, more: Partial<PricedMarket> = {}): PricedMarket => ({
  id: 'polymarket:0x1',
  source: 'polymarket',
  group: GROUP,
  book: { bid, ask, at: NOW },
  cost: ask,
  proceeds: bid,
  ...more,
});

const quote = (title: string, priced: PricedMarket, more: Partial<EventQuote['instrument']> = {}): EventQuote => ({
  instrument: {
    market: 'probability',
    title,
    outcomes: ['Yes', 'No'],
    opensAt: null,
    closesAt: NOW + 86_400_000,
    closed: false,
    resolution: { kind: 'open' },
    fees: null,
    tickSize: 0.001,
    twins: [],
    reference: 'https://venue.test/winner',
    ...priced,
    ...more,
  },
  last: { time: NOW - 60_000, price: 0.61 },
  spark: [],
  sparkStep: 3_600_000,
  symbols: ['ELECTION'],
});

describe('the prices of an event', () => {
  it('add up the quotes of an exclusive group, and state the profit of buying or selling all outcomes after fees', () => {
    const [cheap] = groupPrices([market(0.5, 0.52), market(0.44, 0.45)]);
    expect(cheap).toMatchObject({ source: 'polymarket', known: 2, isWhole: true, apartMs: 0 });
    expect(cheap.asks).toBeCloseTo(0.97);
    expect(cheap.bids).toBeCloseTo(0.94);
    expect(cheap.buyAll).toBeCloseTo(0.03);
    expect(cheap.sellAll).toBeCloseTo(-0.06);
    const [taxed] = groupPrices([market(0.5, 0.52, { cost: 0.54 }), market(0.44, 0.45, { cost: 0.47, proceeds: 0.43 })]);
    expect(taxed.buyAll).toBeCloseTo(-0.01);
    expect(taxed.sellAll).toBeCloseTo(-0.07);
  });

  it('state no profit for buying only a part of a group, which may all pay nothing, and state the profit of selling it', () => {
    const [part] = groupPrices([
      market(0.7, 0.72, { group: { ...GROUP, markets: 3 } }),
      market(0.4, 0.41, { group: { ...GROUP, markets: 3 } }),
    ]);
    expect(part).toMatchObject({ isWhole: false, buyAll: null });
    expect(part.sellAll).toBeCloseTo(0.1);
  });

  it('state no profit for order books more than five minutes apart, or books that lack a side', () => {
    const late = { book: { bid: 0.4, ask: 0.41, at: NOW - 300_001 } };
    expect(groupPrices([market(0.7, 0.72), market(0.4, 0.41, late)])[0]).toMatchObject({ apartMs: 300_001, buyAll: null, sellAll: null });
    const justInTime = { book: { bid: 0.4, ask: 0.41, at: NOW - 300_000 } };
    expect(groupPrices([market(0.7, 0.72), market(0.4, 0.41, justInTime)])[0].buyAll).not.toBeNull();
    expect(groupPrices([market(0.7, null), market(null, 0.41)])[0]).toMatchObject({ asks: null, bids: null, buyAll: null, sellAll: null });
    expect(groupPrices([market(0.7, 0.72), market(0.4, 0.41, { book: null })])[0].apartMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('are listed for each group separately, without markets that have no group', () => {
    const other = { group: { id: 'polymarket:loser', markets: 1 } };
    expect(
      groupPrices([market(0.5, 0.6), market(0.1, 0.2, other), market(0.3, 0.4, { group: undefined })]).map(({ known }) => known),
    ).toEqual([1, 1]);
  });

  it('compare twins in the direction that earns more', () => {
    const here = market(0.6, 0.62, { cost: 0.63, proceeds: 0.59 });
    const there = market(0.66, 0.68, { source: 'predict', cost: 0.69, proceeds: 0.65, book: { bid: 0.66, ask: 0.68, at: NOW - 1_000 } });
    const found = twinBasis([here, there]);
    expect(found).toMatchObject({ buyAt: 'polymarket', sellAt: 'predict', apartMs: 1_000 });
    expect(found?.profit).toBeCloseTo(0.02);
    expect(twinBasis([here])).toBeNull();
    expect(twinBasis([here, { ...there, proceeds: null, cost: null }])).toBeNull();
  });
});

describe('the price difference of twins', () => {
  it('is that between the middle prices of simultaneous order books, or otherwise between the last prices', () => {
    const late = market(0.6, 0.62, { book: { bid: 0.6, ask: 0.62, at: NOW - 300_001 } });
    expect(priceDifference([market(0.5, 0.52), market(0.6, 0.62)], [0.1, 0.9])?.value).toBeCloseTo(-0.1);
    expect(priceDifference([market(0.5, 0.52), late], [0.4, 0.7])).toEqual({ value: 0.4 - 0.7, of: 'last prices' });
    expect(priceDifference([market(0.5, null), market(0.6, 0.62)], [null, 0.7])).toBeNull();
  });
});

describe('the title of an event', () => {
  it('is the common part of the titles of its markets', () => {
    expect(eventTitle('e', ['Will Ada Alder win the election?', 'Will Bob win the election?'])).toBe('Will … win the election?');
    expect(eventTitle('e', ['BTC above $100k in May?', 'BTC above $110k in May?'])).toBe('BTC above … in May?');
    expect(eventTitle('e', ['Snow?'])).toBe('Snow?');
    expect(eventTitle('e', ['Snow today?', 'Snow today?'])).toBe('Snow today?');
    expect(eventTitle('e', ['very good', 'very very good'])).toBe('very … good');
    expect(eventTitle('venue:slug', ['Ada', 'Bob', null])).toBe('venue:slug');
    expect(eventTitle('venue:slug', [null, ''])).toBe('venue:slug');
    expect(eventTitle('e', ['Will it rain?', 'Will it rain on Monday?'])).toBe('Will it …');
  });
});

describe('the list of events', () => {
  it('names events by title, with twins first and with ended events folded', () => {
    const row = { markets: 2, closed: 0, nextEnd: NOW, lastEnd: NOW, symbols: ['RAIN'] };
    const twin = quote('Rain?', market(0.5, 0.52, { id: 'predict:1', source: 'predict' }));
    const text = renderEventsPage(
      [
        { ...row, event: 'polymarket:rain', titles: ['Rain on Monday?', 'Rain on Tuesday?'] },
        { ...row, event: 'polymarket:old', closed: 2, titles: ['Old news?'] },
      ],
      { now: NOW, twins: [{ quotes: [quote('Rain?', market(0.4, 0.42)), twin], difference: { value: -0.1, of: 'quotes' } }], madeBy: 'x' },
    );
    expect(text).toContain('1 open event');
    expect(text).toContain('>Rain on …</a>');
    expect(text).toMatch(/<summary>Ended events as a table \(1 row\)/);
    expect(text).toContain('<b>-0.1000</b>'.replace('-', '−'));
    expect(text.indexOf('Twins that differ most')).toBeLessThan(text.indexOf('Open events'));
  });
});

describe('the page of an event', () => {
  const page = (outcomes: readonly (readonly EventQuote[])[]): string =>
    renderEventPage({ event: 'polymarket:winner', now: NOW, outcomes, madeBy: 'PredictLab test' });

  it('shows each outcome with its quotes per venue, the price difference of twins, the time to the end and the sum of prices', () => {
    const text = page([
      [quote('<Ada>', market(0.5, 0.52)), quote('<Ada>', market(0.58, 0.6, { id: 'predict:1', source: 'predict', group: undefined }))],
      [quote('Bob', market(0.44, 0.45))],
    ]);
    expect(text).toContain('&lt;Ada&gt;');
    expect(text).toContain('polymarket bid / ask');
    expect(text).toContain('0.500 / 0.520');
    const sized = market(0.5, 0.52, { book: { bid: 0.5, ask: 0.52, bidSize: 1200, askSize: 80, at: NOW } });
    expect(page([[quote('Ada', sized)]])).toMatch(/0\.500 × 1\s200 \/ 0\.520 × 80/u);
    expect(text).toContain('+0.0600');
    expect(text).toContain('buy at polymarket, sell at predict');
    expect(text).toContain('ends in <b>1 d</b>');
    expect(text).toMatch(/sum of asks <b>0\.970<\/b>.*buying all outcomes earns \+0\.0300 per unit/);
    expect(text).toContain('no market at predict is known as the twin of this one');
    expect(text).toContain('/symbols/ELECTION');
  });

  it('marks a profit as real when the order books were recorded at most five minutes apart', () => {
    const basisOf = (apartMs: number): string => {
      const twin = market(0.58, 0.6, {
        id: 'predict:1',
        source: 'predict',
        group: undefined,
        book: { bid: 0.58, ask: 0.6, at: NOW - apartMs },
      });
      return /<span class="(up|quiet)">\+0\.0600/.exec(page([[quote('Ada', market(0.5, 0.52)), quote('Ada', twin)]]))?.[1] ?? '';
    };
    expect([basisOf(300_000), basisOf(300_001)]).toEqual(['up', 'quiet']);
  });

  it('states which signs agree on a result, and what is missing', () => {
    const settlement = {
      payout: 1,
      signs: [{ sign: 'result', payout: 1, said: 'WON' }] as const,
      state: 'proposed' as const,
      missing: 'a second sign',
    };
    const text = page([
      [quote('Ada', market(null, null), { closed: true, settlement, resolution: { kind: 'unresolved', reason: 'one sign' } })],
    ]);
    expect(text).toContain('result WON');
    expect(text).toContain('a second sign');
    expect(text).toContain('proposed');
    expect(text).toContain('no open market');
  });

  it('shows no sum of prices for markets that do not exclude each other', () => {
    expect(page([[quote('100k', market(0.5, 0.6, { group: undefined }))]])).toContain('not exclusive');
  });
});
