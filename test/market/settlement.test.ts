import { describe, expect, it } from 'vitest';
import type { Instrument, SettlementSign } from '../../src/contracts/market-data.ts';
import { confirmByTwins, endingOf, reversedSettlement, settleBySigns, withSign } from '../../src/market/settlement.ts';

const status: SettlementSign = { sign: 'status', payout: null, said: 'resolved' };
const pending: SettlementSign = { sign: 'status', payout: null, said: 'disputed', pending: true };
const price = (payout: number): SettlementSign => ({ sign: 'finalPrice', payout, said: String(payout) });
const last = (payout: number): SettlementSign => ({ sign: 'lastTrade', payout, said: String(payout), unsure: true });
const record = (payout: number, unsure = true): SettlementSign => ({
  sign: 'record',
  payout,
  said: String(payout),
  ...(unsure && { unsure }),
});

describe('the payout of a market', () => {
  it.each<[string, SettlementSign[]]>([
    ['a status and a final price', [status, price(1)]],
    ['a final price and a record', [price(1), record(1)]],
    ['a record and the last trade', [record(1), last(1)]],
    ['a record that lists payouts and a status', [record(1, false), status]],
    ['a status and a final price, whatever the last trade was', [status, price(1), last(0)]],
    ['the owner of a file', [{ sign: 'owner', payout: 1, said: 'resolution' }]],
  ])('is final by %s', (_, signs) => {
    expect(settleBySigns(signs)).toMatchObject({ payout: 1, state: 'final' });
  });

  it.each<[string, SettlementSign[], number | null, string]>([
    ['one sign', [price(1)], 1, 'only finalPrice says so (1)'],
    ['two signs of one origin', [price(1), last(1)], 1, 'only finalPrice says so'],
    ['a status and a number of unknown scale', [status, record(1)], 1, 'only record says so'],
    ['signs that contradict each other', [status, price(1), record(0)], null, 'contradict each other (finalPrice 1, record 0)'],
    ['a disputed result', [pending, price(1)], 1, 'the result is disputed, not final'],
    ['a record that may be older than the dispute', [pending, price(1), record(1)], 1, 'the result is disputed, not final'],
    ['a status without a number', [status], null, 'no sign names a payout'],
    ['a last trade and a status', [status, last(1)], null, 'no sign names a payout'],
  ])('is only proposed by %s', (_, signs, payout, missing) => {
    const settlement = settleBySigns(signs);
    expect(settlement).toMatchObject({ payout, state: 'proposed' });
    expect(settlement.missing).toContain(missing);
  });
});

describe('the result of a closed market', () => {
  it('is settled at the payout and time that the venue states, once it is final', () => {
    expect(endingOf([status, price(1)], 5).resolution).toEqual({ kind: 'settled', payout: 1, at: 5 });
  });

  it('is unresolved before, with the proposed payout if there is one and with what is missing', () => {
    const reasonOf = (signs: SettlementSign[], none?: string) => endingOf(signs, 5, none).resolution;
    const missing = 'only finalPrice says so (1); a second, independent sign is missing';
    expect(reasonOf([price(1)])).toEqual({ kind: 'unresolved', reason: `proposed at 1: ${missing}` });
    expect(reasonOf([status])).toEqual({ kind: 'unresolved', reason: 'no sign names a payout' });
    expect(reasonOf([status], 'the venue no longer lists it')).toEqual({ kind: 'unresolved', reason: 'the venue no longer lists it' });
  });

  it('becomes final with one more sign, and keeps its reason while no sign gives a payout', () => {
    const proposed = endingOf([price(1)], null);
    expect(withSign(proposed, status, 7).resolution).toEqual({ kind: 'settled', payout: 1, at: 7 });
    const unnamed = endingOf([status], null, 'the venue no longer lists it');
    expect(withSign(unnamed, status, 7).resolution).toEqual(unnamed.resolution);
  });

  it('is not changed by a sign when it is final, when the market is open, or when it has no signs yet', () => {
    const final = endingOf([status, price(1)], 5);
    const open = { ...endingOf([price(1)], null), resolution: { kind: 'open' } } as const;
    const unsigned = { resolution: { kind: 'settled', payout: 1, at: 5 } } as const;
    for (const market of [final, open, unsigned]) expect(withSign(market, price(0), 7)).toBe(market);
  });

  it('has the opposite payout when the two outcomes are exchanged', () => {
    const { settlement } = endingOf([price(1), last(0.25), status], 5);
    const reversed = settlement && reversedSettlement(settlement);
    expect(reversed).toMatchObject({ payout: 0, state: 'final', signs: [{ payout: 0 }, { payout: null }] });
    expect(reversedSettlement(settleBySigns([status]))).toMatchObject({ payout: null, signs: [{ payout: null }] });
  });
});

describe('the result of a twin', () => {
  const market = (id: string, signs: SettlementSign[], facts: Partial<Instrument> = {}): Instrument => ({
    id,
    source: id.startsWith('predict') ? 'predict' : 'polymarket',
    market: 'probability',
    title: id,
    outcomes: ['Yes', 'No'],
    outcomeIds: ['1', '2'],
    opensAt: null,
    closesAt: null,
    closed: true,
    fees: null,
    tickSize: null,
    twins: [],
    book: null,
    reference: id,
    ...endingOf(signs, 5),
    ...facts,
  });
  const proposed = market('polymarket:0x1', [price(1)]);
  const twin = (signs: SettlementSign[], facts: Partial<Instrument> = {}) =>
    market('predict:7', signs, { twins: ['polymarket:0x1'], ...facts });
  const result = (payout: number): SettlementSign => ({ sign: 'result', payout, said: 'WON/LOST' });

  it('confirms a result that has only one sign, whichever of the twins declares the other', () => {
    expect(confirmByTwins(proposed, [twin([result(1)])])).toMatchObject({ resolution: { kind: 'settled', payout: 1 } });
    expect(confirmByTwins({ ...proposed, twins: ['predict:7'] }, [twin([result(1)], { twins: [] })]).settlement?.state).toBe('final');
  });

  it('is reversed when the twin lists its outcomes in the opposite order', () => {
    expect(confirmByTwins(proposed, [twin([result(0)], { outcomes: ['no', 'yes'] })]).settlement).toMatchObject({
      payout: 1,
      state: 'final',
    });
    const lost = market('polymarket:0x1', [price(0)]);
    expect(confirmByTwins(lost, [twin([result(1)], { outcomes: ['No', 'Yes'] })]).settlement).toMatchObject({ payout: 0, state: 'final' });
  });

  it('confirms nothing when it is not final, has other outcomes, or came from this market', () => {
    for (const other of [
      twin([result(1), pending]),
      twin([result(1)], { outcomes: ['Up', 'Down'] }),
      twin([{ sign: 'twin', payout: 1, said: 'polymarket:0x1 1' }]),
      market('predict:8', [result(1)]),
    ])
      expect(confirmByTwins(proposed, [other]).settlement?.state).toBe('proposed');
  });

  it('that differs leaves the result of the market open', () => {
    expect(confirmByTwins(proposed, [twin([result(0)])]).settlement).toMatchObject({ payout: null, state: 'proposed' });
  });
});
