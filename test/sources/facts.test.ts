import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { withSign } from '../../src/market/settlement.ts';
import { instrumentOf as polymarketInstrument } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { readResolutionPage, readResolutions } from '../../src/sources/polymarket/catalogue/payouts.ts';
import { instrumentOf as predictInstrument } from '../../src/sources/predict/instrument.ts';
import { predictMarketSchema } from '../../src/sources/predict/market-schema.ts';

/** A made-up market in the format of Gamma. */
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

  it('have the time at which a closed market really closed, although it stays active', () => {
    const at = Date.UTC(2026, 6, 24, 0, 0, 16);
    expect(ended('["1", "0"]')).toMatchObject({ closed: true, closesAt: at, closedAt: at });
    expect(ended('["1", "0"]', { closedTime: undefined })).not.toHaveProperty('closedAt');
  });

  it.each([
    ['["1", "0"]', { kind: 'settled', payout: 1, at: Date.UTC(2026, 6, 24, 0, 0, 16) }],
    ['["0", "1"]', { kind: 'settled', payout: 0 }],
    ['["0.5", "0.5"]', { kind: 'unresolved', reason: 'closed at prices 0.5/0.5, which its resolution record does not confirm' }],
    ['["0", "0"]', { kind: 'unresolved', reason: 'closed at 0/0 (legacy market without a payoff)' }],
    ['["0.584", "0.416"]', { kind: 'unresolved', reason: 'closed at prices 0.584/0.416, which are not a payoff' }],
    ['["0.9995", "0.0005"]', { kind: 'unresolved' }],
    ['[]', { kind: 'unresolved' }],
  ])('have the result of a market that closed at %s', (prices, resolution) => {
    expect(ended(prices).resolution).toMatchObject(resolution);
  });

  it.each(['proposed', 'disputed'])('settle nothing while the result is only %s', (umaResolutionStatus) => {
    expect(ended('["1", "0"]', { umaResolutionStatus }).resolution).toMatchObject({ kind: 'unresolved' });
  });

  it('propose the final prices as the result without an oracle status, and state which sign is missing', () => {
    const { resolution, settlement } = ended('["0", "1"]', { umaResolutionStatus: undefined });
    expect(settlement).toMatchObject({ payout: 0, state: 'proposed', signs: [{ sign: 'finalPrice', payout: 0, said: '0/1' }] });
    expect(resolution).toEqual({
      kind: 'unresolved',
      reason: 'proposed at 0: only finalPrice says so (0/1); a second, independent sign is missing',
    });
  });

  it('use the last status when only the list of statuses is given', () => {
    const of = (umaResolutionStatuses: string) => ended('["1", "0"]', { umaResolutionStatus: '', umaResolutionStatuses }).settlement?.state;
    expect(of('["proposed","disputed","resolved"]')).toBe('final');
    expect(of('["proposed","disputed"]')).toBe('proposed');
  });

  describe('of protocol v2', () => {
    const ID = `0x01${'ab'.repeat(30)}`;
    const v2 = (facts: Record<string, unknown> = {}) =>
      gamma({ version: 'v2', conditionId: ID, positionIds: ['901', '902'], clobTokenIds: '["111", "222"]', ...facts });

    it('use position ids even when token ids are present, and token ids for protocol v1', () => {
      expect(v2().outcomeIds).toEqual(['901', '902']);
      expect(v2({ positionIds: '["901", "902"]', clobTokenIds: undefined, enableOrderBook: true }).outcomeIds).toEqual(['901', '902']);
      for (const version of [undefined, null, '', 'v1', 'V1', 1]) expect(v2({ version }).outcomeIds).toEqual(['111', '222']);
    });

    it('are refused when the version is unknown or the position ids are missing, with that reason', () => {
      expect(() => v2({ version: 'v3' })).toThrow('market rain is of protocol version "v3", which this build of PredictLab does not know');
      expect(() => v2({ positionIds: undefined })).toThrow('market rain has no positionIds on the order book');
      expect(() => v2({ positionIds: undefined, enableOrderBook: true })).toThrow('positionIds');
    });

    it('write an id in the same way, whether it comes from the chain or elsewhere', () => {
      expect(v2().id).toBe(`polymarket:${ID}00`);
      expect(v2({ conditionId: `${ID.toUpperCase().replace('0X', '0x')}00` }).id).toBe(`polymarket:${ID}00`);
    });

    it('leave out combo and directional markets, with the reason', () => {
      expect(() => v2({ conditionId: `0x03${'ab'.repeat(30)}` })).toThrow('market rain is combo by its condition id');
      expect(() => v2({ conditionId: `0x04${'ab'.repeat(30)}00` })).toThrow('market rain is directional by its condition id');
    });

    it('group markets that exclude each other by their event on the chain', () => {
      const event = `0x02${'Cd'.repeat(28)}000000`;
      expect(v2({ conditionId: `0x02${'ab'.repeat(30)}`, onchainEventId: event }).group?.id).toBe(`polymarket:${event.toLowerCase()}`);
      expect(v2({ onchainEventId: event })).not.toHaveProperty('group');
    });

    it('settle by the market’s own resolution status', () => {
      const over = { closed: true, closedTime: '2026-07-24 00:00:16+00', outcomePrices: '["1", "0"]', umaResolutionStatus: undefined };
      expect(v2({ ...over, resolutionStatus: 'resolved' }).settlement?.state).toBe('final');
      expect(v2({ ...over, resolutionStatus: 'active' }).settlement).toMatchObject({
        state: 'proposed',
        missing: 'the result is active, not final',
      });
    });
  });

  it('have the fees of the market’s schedule, no fees when these are off, and unknown fees when only a type is given', () => {
    expect(gamma({ feesEnabled: true, feeSchedule: { rate: 0.07, exponent: 1 } }).fees).toEqual({
      model: 'polymarket',
      rate: 0.07,
      exponent: 1,
    });
    expect(gamma({ feesEnabled: false }).fees).toMatchObject({ rate: 0 });
    expect(gamma({ feesEnabled: true, feeType: 'crypto_fees' }).fees).toBeNull();
  });

  it('have the group of markets that exclude each other, and no group when its id is missing or has another type', () => {
    expect(gamma({ negRisk: true, negRiskMarketID: '0xabc' }).group).toEqual({ id: 'polymarket:0xabc', markets: null });
    for (const facts of [{ negRisk: false, negRiskMarketID: '0xabc' }, { negRisk: true, negRiskMarketID: '' }, { negRisk: true }]) {
      expect(gamma(facts)).not.toHaveProperty('group');
    }
    expect(gamma({ negRisk: 'yes', negRiskMarketID: 7 })).not.toHaveProperty('group');
  });

  it('leave out a market that is not binary or has no tokens', () => {
    expect(() => gamma({ outcomes: '["A", "B", "C"]' })).toThrow('market rain has 3 outcomes, not two');
    expect(() => gamma({ clobTokenIds: undefined })).toThrow('market rain has no clobTokenIds on the order book');
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

  const ID = 'polymarket:0xab';
  const read = (facts: Record<string, unknown>) => readResolutions([row(facts)]).get(ID);
  const recorded = (facts: Record<string, unknown>) =>
    row({ payouts: undefined, resolved_at: undefined, last_update_timestamp: '1785355919', ...facts });

  it('are read from the payouts, or from the price at any of its recorded scales', () => {
    expect(read({})).toMatchObject({ sign: { sign: 'record', payout: 1 }, at: 1_784_894_400_000 });
    expect(read({ payouts: ['250000', '750000'] })?.sign).toMatchObject({ payout: 0.25 });
    for (const [price, payout] of [
      ['0', 0],
      ['1', 1],
      ['1000000', 1],
      ['500000', 0.5],
      ['1000000000000000000', 1],
      ['500000000000000000', 0.5],
    ] as const) {
      expect(read(recorded({ price }))).toMatchObject({ sign: { payout, unsure: true }, at: 1_785_355_919_000 });
    }
  });

  it('are absent while the market is not resolved', () => {
    expect(read({ status: 'proposed' })?.sign).toMatchObject({ payout: null, pending: true });
  });

  it('are unknown when no payout can be read', () => {
    for (const facts of [{ payouts: [0, 0] }, { payouts: [] }, { payouts: null, price: '69' }, { condition_id: null }])
      expect(readResolutions([row(facts)]).size).toBe(0);
    expect(() => readResolutionPage({ unexpected: true })).toThrow('expected a list at data');
  });

  it('settle a market only together with a second sign for the same payout', () => {
    const market = (facts: Record<string, unknown>) =>
      gamma({ conditionId: '0xAB', closed: true, umaResolutionStatus: undefined, ...facts });
    const settled = (facts: Record<string, unknown>, record: Record<string, unknown>) => {
      const found = read(recorded(record));
      return found === undefined ? undefined : withSign(market(facts), found.sign, found.at).settlement;
    };
    expect(settled({ outcomePrices: '["1","0"]' }, { price: '1000000' })).toMatchObject({ payout: 1, state: 'final' });
    expect(settled({ outcomePrices: '[]', lastTradePrice: 0.02 }, { price: '0' })).toMatchObject({ payout: 0, state: 'final' });
    expect(settled({ outcomePrices: '["0.5","0.5"]' }, { price: '1' })).toMatchObject({ payout: 1, state: 'proposed' });
    expect(settled({ outcomePrices: '["0.5","0.5"]' }, { price: '500000' })).toMatchObject({ payout: 0.5, state: 'final' });
    expect(settled({ outcomePrices: '["0","1"]' }, { price: '1' })).toMatchObject({ payout: null, state: 'proposed' });
    expect(settled({ outcomePrices: '[]', umaResolutionStatus: 'resolved' }, { price: '1' })).toMatchObject({
      payout: 1,
      state: 'proposed',
    });
    expect(settled({ outcomePrices: '["1","0"]', umaResolutionStatus: 'disputed' }, { price: '1' })).toMatchObject({ state: 'proposed' });
    expect(settled({ outcomePrices: '["1","0"]' }, { status: 'disputed' })).toMatchObject({ payout: 1, state: 'proposed' });
  });
});

/** A made-up market in the format of Predict.fun. */
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
  const reading = predictInstrument(market);
  if ('leftOut' in reading) throw new Error(reading.leftOut);
  return reading.instrument;
};

describe('the facts of a Predict.fun market', () => {
  it('need only the required fields, and optional fields may be absent', () => {
    const outcomes = [
      { indexSet: 1, onChainId: '1' },
      { indexSet: 2, onChainId: '2' },
    ];
    const bare = { id: 7, outcomes, status: 'REGISTERED' };
    expect(predictInstrument(predictMarketSchema.parse(bare))).toMatchObject({
      instrument: { outcomes: ['0', '1'], closed: false, resolution: { kind: 'open' } },
    });
    const over = predictInstrument(predictMarketSchema.parse({ ...bare, status: 'RESOLVED', variantData: {} }));
    expect(over).toMatchObject({ instrument: { closed: true, resolution: { kind: 'unresolved' } } });
  });

  it('are read with the first outcome first, and with the market’s twins', () => {
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

  const RESOLVED = { status: 'RESOLVED' };
  it.each([
    ['the outcome that won and the status', RESOLVED, ['WON', 'LOST'], 1],
    ['the outcome that lost and the status', RESOLVED, ['LOST', null], 0],
    ['a resolution that is the winning outcome', { ...RESOLVED, resolution: { indexSet: 2, onChainId: '4462' } }, [null, null], 0],
    ['a resolution that is its name', { ...RESOLVED, resolution: 'Up' }, [null, null], 1],
    ['an end above the start and the outcome', { variantData: { startPrice: 3000, endPrice: 3000.01 } }, ['WON', 'LOST'], 1],
    ['an end below the start and the status', { ...RESOLVED, variantData: { startPrice: '3000', endPrice: '2999.99' } }, [null, null], 0],
    ['both outcomes WON, which is a push', RESOLVED, ['WON', 'WON'], 0.5],
    ['both outcomes WON and a tie', { variantData: { startPrice: 3000, endPrice: 3000 } }, ['WON', 'WON'], 0.5],
    ['both outcomes VOIDED', RESOLVED, ['VOIDED', 'VOIDED'], 0.5],
  ])('settle the market by %s', (_, facts, statuses, payout) => {
    expect(predict(facts, statuses)).toMatchObject({
      closed: true,
      resolution: { kind: 'settled', payout },
      settlement: { state: 'final' },
    });
  });

  it.each([
    ['an outcome alone', {}, ['WON', 'LOST'], 1, 'only result says so (WON/LOST)'],
    ['prices alone', { variantData: { startPrice: 3000, endPrice: 3001 } }, [null, null], 1, 'only priceRule says so (3000 → 3001)'],
    [
      'equal prices, which may be rounded',
      { ...RESOLVED, variantData: { startPrice: 3000, endPrice: 3000 } },
      [null, null],
      null,
      'without a result',
    ],
    [
      'a proposed price',
      { status: 'PRICE_PROPOSED', resolution: { indexSet: 1 } },
      ['WON', 'LOST'],
      1,
      'the result is price_proposed, not final',
    ],
    [
      'a disputed price',
      { status: 'PRICE_DISPUTED', resolution: { indexSet: 1 } },
      [null, null],
      1,
      'the result is price_disputed, not final',
    ],
    [
      'signs that contradict',
      { ...RESOLVED, variantData: { startPrice: 3000, endPrice: 3001 } },
      ['LOST', 'WON'],
      null,
      'contradict each other',
    ],
    ['no winner', RESOLVED, ['LOST', 'LOST'], null, 'outcomes LOST/LOST, which is not a result'],
  ])('do not settle the market by %s, and state what is missing', (_, facts, statuses, payout, missing) => {
    const { closed, settlement, resolution } = predict(facts, statuses);
    expect({ closed, payout: settlement?.payout, state: settlement?.state }).toEqual({ closed: true, payout, state: 'proposed' });
    expect(settlement?.missing).toContain(missing);
    expect(resolution).toMatchObject({ kind: 'unresolved' });
  });

  it.each(['WON', 'LOST', 'VOIDED'])('are closed by the status %s of one outcome', (word) => {
    expect(predict({}, [null, word]).closed).toBe(true);
  });

  it('have the twins at both other venues, with uniform ids', () => {
    const id = `0x01${'AB'.repeat(30)}`;
    expect(predict({ polymarketConditionIds: [id], kalshiMarketTicker: 'KXETH-26' }).twins).toEqual([
      `polymarket:${id.toLowerCase()}00`,
      'kalshi:KXETH-26',
    ]);
  });

  it('are not read until the market is registered on the chain', () => {
    expect(() =>
      predict({
        outcomes: [
          { indexSet: 1, name: 'Up', onChainId: null },
          { indexSet: 2, name: 'Down' },
        ],
      }),
    ).toThrow('market 7 is not registered on the chain yet');
  });

  it('have the category as the group of markets that exclude each other', () => {
    expect(predict({ isNegRisk: true }).group).toEqual({ id: 'predict:eth-updown-15m-1784894400', markets: null });
    expect(predict({ isNegRisk: true, categorySlug: undefined })).not.toHaveProperty('group');
    expect(predict({ isNegRisk: false })).not.toHaveProperty('group');
  });

  it('show a market that is only reported as over as closed, not as settled', () => {
    expect(predict({ status: 'RESOLVED' })).toMatchObject({ closed: true, resolution: { kind: 'unresolved' } });
  });

  it('have no closing time, since a planned one is no end and none is invented', () => {
    const over = predict(RESOLVED, ['WON', 'LOST']);
    expect(over).toMatchObject({ closed: true, closesAt: Date.UTC(2026, 6, 24, 12, 15), resolution: { kind: 'settled', at: null } });
    expect(over).not.toHaveProperty('closedAt');
    expect(predict({ categorySlug: 'rain', status: 'RESOLVED' }, ['WON', 'LOST']).closesAt).toBeNull();
  });
});
