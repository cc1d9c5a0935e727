import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { instrumentOf as polymarketInstrument } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { readResolutions } from '../../src/sources/polymarket/catalogue/payouts.ts';
import { complementBook } from '../../src/sources/predict/book.ts';
import { instrumentOf as predictInstrument } from '../../src/sources/predict/instrument.ts';
import { predictMarketSchema } from '../../src/sources/predict/market-schema.ts';

/** Made-up, in the shape of a Gamma market. */
const gamma = (facts: Record<string, unknown> = {}): Instrument => {
  const market = gammaMarketSchema.parse({
    conditionId: '0x1',
    slug: 'rain',
    question: 'Will it rain?',
    outcomes: '["Yes", "No"]',
    outcomePrices: '["0.4", "0.6"]',
    clobTokenIds: '["111", "222"]',
    active: true,
    closed: false,
    startDate: '2026-07-20T10:00:00.123Z',
    createdAt: '2026-07-20T09:00:00Z',
    endDate: '2026-07-24T00:00:00Z',
    orderPriceMinTickSize: 0.001,
    ...facts,
  });
  const reading = polymarketInstrument(market);
  if ('notBinary' in reading) throw new Error(reading.notBinary);
  return reading.instrument;
};

const ended = (outcomePrices: string, facts: Record<string, unknown> = {}): Instrument =>
  gamma({ closed: true, closedTime: '2026-07-24 00:00:16+00', umaResolutionStatus: 'resolved', outcomePrices, ...facts });

const NOW = Date.UTC(2026, 6, 24, 12);

describe('the facts of a Polymarket market', () => {
  it('are read from JSON inside JSON, with the earliest opening', () => {
    expect(gamma()).toEqual({
      id: 'polymarket:0x1',
      source: 'polymarket',
      market: 'probability',
      title: 'Will it rain?',
      outcomes: ['Yes', 'No'],
      outcomeIds: ['111', '222'],
      opensAt: Date.UTC(2026, 6, 20, 9),
      closesAt: Date.UTC(2026, 6, 24),
      endsAt: Date.UTC(2026, 6, 24),
      closed: false,
      resolution: { kind: 'open' },
      fees: null,
      tickSize: 0.001,
      twins: [],
      book: null,
      reference: 'rain',
    });
  });

  it('say when a closed market really closed, although it stays active', () => {
    const at = Date.UTC(2026, 6, 24, 0, 0, 16);
    expect(ended('["1", "0"]')).toMatchObject({ closed: true, closesAt: at, closedAt: at });
    expect(ended('["1", "0"]', { closedTime: undefined })).not.toHaveProperty('closedAt');
  });

  it.each([
    ['["1", "0"]', { kind: 'settled', payout: 1, at: Date.UTC(2026, 6, 24, 0, 0, 16) }],
    ['["0", "1"]', { kind: 'settled', payout: 0 }],
    ['["0.5", "0.5"]', { kind: 'settled', payout: 0.5 }],
    ['["0", "0"]', { kind: 'unresolved', reason: 'closed at 0/0 (legacy market without a payoff)' }],
    ['["0.584", "0.416"]', { kind: 'unresolved', reason: 'closed at prices 0.584/0.416, which are no payoff' }],
    ['["0.9995", "0.0005"]', { kind: 'unresolved' }],
    ['[]', { kind: 'unresolved' }],
  ])('closed at %s', (prices, resolution) => {
    expect(ended(prices).resolution).toMatchObject(resolution);
  });

  it.each(['proposed', 'disputed'])('a result that is only %s settles nothing', (umaResolutionStatus) => {
    expect(ended('["1", "0"]', { umaResolutionStatus }).resolution).toMatchObject({ kind: 'unresolved' });
  });

  it('a market without an oracle status settles at its final prices', () => {
    expect(ended('["0", "1"]', { umaResolutionStatus: undefined }).resolution).toMatchObject({ kind: 'settled', payout: 0 });
  });

  it('fees are the schedule on the market, nothing where they are off, unknown where only a type is named', () => {
    expect(gamma({ feesEnabled: true, feeSchedule: { rate: 0.07, exponent: 1 } }).fees).toEqual({
      model: 'polymarket',
      rate: 0.07,
      exponent: 1,
    });
    expect(gamma({ feesEnabled: false }).fees).toMatchObject({ rate: 0 });
    expect(gamma({ feesEnabled: true, feeType: 'crypto_fees' }).fees).toBeNull();
  });

  it('name the group of markets that exclude each other; without its id, or read otherwise, there is none', () => {
    expect(gamma({ negRisk: true, negRiskMarketID: '0xabc' }).group).toEqual({ id: 'polymarket:0xabc', markets: null });
    for (const facts of [{ negRisk: false, negRiskMarketID: '0xabc' }, { negRisk: true, negRiskMarketID: '' }, { negRisk: true }]) {
      expect(gamma(facts)).not.toHaveProperty('group');
    }
    expect(gamma({ negRisk: 'yes', negRiskMarketID: 7 })).not.toHaveProperty('group');
  });

  it('a market that is not binary or has no tokens is none of ours', () => {
    expect(() => gamma({ outcomes: '["A", "B", "C"]' })).toThrow('market rain has 3 outcomes, not two');
    expect(() => gamma({ clobTokenIds: undefined })).toThrow('market rain has no tokens on the order book');
  });
});

describe('the payouts of a closed market', () => {
  const row = (facts: Record<string, unknown>) => ({
    condition_id: '0xAB',
    status: 'resolved',
    resolved_at: 1_784_894_400,
    payouts: [1_000_000, 0],
    was_disputed: true,
    ...facts,
  });

  it('settle what final prices did not say: scalar results and decided disputes', () => {
    const read = (facts: Record<string, unknown>) => readResolutions({ data: [row(facts)] }).get('polymarket:0xab');
    expect(read({})).toEqual({ kind: 'settled', payout: 1, at: 1_784_894_400_000 });
    expect(read({ payouts: ['250000', '750000'] })).toMatchObject({ payout: 0.25 });
  });

  it('settle nothing that is not final, pays nothing, or cannot be read', () => {
    for (const facts of [{ status: 'proposed' }, { payouts: [0, 0] }, { payouts: [] }, { payouts: null }, { condition_id: null }]) {
      expect(readResolutions({ data: [row(facts)] }).size).toBe(0);
    }
    expect(readResolutions({ unexpected: true }).size).toBe(0);
  });
});

/** Made-up, in the shape of a Predict.fun market. */
const predict = (facts: Record<string, unknown> = {}, statuses: readonly (string | null)[] = [null, null]): Instrument => {
  const market = predictMarketSchema.parse({
    id: 7,
    categorySlug: 'eth-updown-15m-1784894400',
    createdAt: '2026-07-24T11:00:00.000Z',
    decimalPrecision: 2,
    feeRateBps: 200,
    outcomes: [
      { indexSet: 2, name: 'Down', onChainId: '4462', status: statuses[1] },
      { indexSet: 1, name: 'Up', onChainId: '4461', status: statuses[0] },
    ],
    polymarketConditionIds: ['0xtwin'],
    question: 'ETH up or down?',
    status: 'REGISTERED',
    tradingStatus: 'OPEN',
    resolution: null,
    variantData: { type: 'CRYPTO_UP_DOWN', startPrice: 3000, endPrice: null },
    ...facts,
  });
  const instrument = predictInstrument(market);
  if (instrument === undefined) throw new Error('not binary');
  return instrument;
};

describe('the facts of a Predict.fun market', () => {
  it('need no more than what makes it one: optional fields may be left out', () => {
    const outcomes = [
      { indexSet: 1, onChainId: '1' },
      { indexSet: 2, onChainId: '2' },
    ];
    const bare = { id: 7, outcomes, status: 'REGISTERED' };
    expect(predictInstrument(predictMarketSchema.parse(bare))).toMatchObject({
      outcomes: ['0', '1'],
      closed: false,
      resolution: { kind: 'open' },
    });
    const over = predictInstrument(predictMarketSchema.parse({ ...bare, status: 'RESOLVED', variantData: {} }));
    expect(over).toMatchObject({ closed: true, resolution: { kind: 'unresolved' } });
  });

  it('are read with the first outcome first and its twins named', () => {
    expect(predict()).toMatchObject({
      id: 'predict:7',
      outcomes: ['Up', 'Down'],
      outcomeIds: ['4461', '4462'],
      fees: { model: 'predict', rate: 0.02 },
      tickSize: 0.01,
      twins: ['polymarket:0xtwin'],
      closed: false,
      resolution: { kind: 'open' },
      closesAt: Date.UTC(2026, 6, 24, 12, 15),
    });
  });

  it.each([
    ['the outcome that won', {}, ['WON', 'LOST'], 1],
    ['the outcome that lost', {}, ['LOST', null], 0],
    ['a resolution that is the winning outcome', { resolution: { indexSet: 2, name: 'Down', onChainId: '4462' } }, [null, null], 0],
    ['a resolution that is its name', { resolution: 'Up' }, [null, null], 1],
    ['an end above the start', { variantData: { startPrice: 3000, endPrice: 3000.01 } }, [null, null], 1],
    ['an end below the start', { variantData: { startPrice: '3000', endPrice: '2999.99' } }, [null, null], 0],
    ['a tie, which is a push here', { variantData: { startPrice: 3000, endPrice: 3000 } }, [null, null], 0.5],
  ])('settles by %s', (_, facts, statuses, payout) => {
    expect(predict(facts, statuses)).toMatchObject({ closed: true, resolution: { kind: 'settled', payout } });
  });

  it('name the category as the group of markets that exclude each other', () => {
    expect(predict({ isNegRisk: true }).group).toEqual({ id: 'predict:eth-updown-15m-1784894400', markets: null });
    expect(predict({ isNegRisk: true, categorySlug: undefined })).not.toHaveProperty('group');
    expect(predict({ isNegRisk: false })).not.toHaveProperty('group');
  });

  it('a market that only says it is over is closed but not settled', () => {
    expect(predict({ status: 'RESOLVED' })).toMatchObject({ closed: true, resolution: { kind: 'unresolved' } });
  });

  it('say no closing time: what is planned is no end, and nothing is made up', () => {
    const over = predict({ status: 'RESOLVED' }, ['WON', 'LOST']);
    expect(over).toMatchObject({ closed: true, closesAt: Date.UTC(2026, 6, 24, 12, 15), resolution: { kind: 'settled', at: null } });
    expect(over).not.toHaveProperty('closedAt');
    expect(predict({ categorySlug: 'rain', status: 'RESOLVED' }, ['WON', 'LOST']).closesAt).toBeNull();
  });

  it('the book of the other outcome is the mirror image', () => {
    expect(complementBook({ bid: 0.37, ask: 0.4, at: NOW })).toEqual({ bid: 0.6, ask: 0.63, at: NOW });
    expect(complementBook({ bid: null, ask: 0.4, at: NOW })).toEqual({ bid: 0.6, ask: null, at: NOW });
  });
});
