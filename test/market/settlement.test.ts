import { describe, expect, it } from 'vitest';
import type { Instrument, SettlementSign } from '../../src/contracts/market-data.ts';
import { confirmByTwins, endingOf, settleBySigns } from '../../src/market/settlement.ts';

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

describe('a payout', () => {
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

describe('a twin', () => {
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

  it('confirms a result that has one sign only, whichever of the two names the other', () => {
    expect(confirmByTwins(proposed, [twin([result(1)])])).toMatchObject({ resolution: { kind: 'settled', payout: 1 } });
    expect(confirmByTwins({ ...proposed, twins: ['predict:7'] }, [twin([result(1)], { twins: [] })]).settlement?.state).toBe('final');
  });

  it('is read the other way round where its outcomes are', () => {
    expect(confirmByTwins(proposed, [twin([result(0)], { outcomes: ['no', 'yes'] })]).settlement).toMatchObject({
      payout: 1,
      state: 'final',
    });
  });

  it('confirms nothing by a result that is not final, by other outcomes, or by a sign that came from this market', () => {
    for (const other of [
      twin([result(1), pending]),
      twin([result(1)], { outcomes: ['Up', 'Down'] }),
      twin([{ sign: 'twin', payout: 1, said: 'polymarket:0x1 1' }]),
      market('predict:8', [result(1)]),
    ])
      expect(confirmByTwins(proposed, [other]).settlement?.state).toBe('proposed');
  });

  it('that says otherwise leaves the result open', () => {
    expect(confirmByTwins(proposed, [twin([result(0)])]).settlement).toMatchObject({ payout: null, state: 'proposed' });
  });
});
