import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { withSameOutcomes } from '../../src/sources/catalogue/same-outcomes.ts';

const market = (outcomes: readonly string[], outcomeIds: readonly string[], payout: number): Instrument =>
  ({
    id: 'polymarket:0x1',
    source: 'polymarket',
    outcomes,
    outcomeIds,
    resolution: { kind: 'settled', payout, at: 1 },
  }) as unknown as Instrument;
const back = <T>([a, b]: readonly T[]): T[] => [b, a];

it('a market keeps the outcome that came first when it was first seen, whatever the venue says later', () => {
  const word = fc.string({ minLength: 1, maxLength: 80 });
  const pair = fc.tuple(word, word).filter(([a, b]) => a !== b);
  fc.assert(
    fc.property(pair, pair, fc.constantFrom(0, 0.5, 1), fc.boolean(), fc.boolean(), (names, ids, payout, idsTurned, namesTurned) => {
      const earlier = market(names, ids, payout);
      const found = market(namesTurned ? back(names) : names, idsTurned ? back(ids) : ids, idsTurned ? 1 - payout : payout);
      const matched = withSameOutcomes(found, earlier);
      expect(matched).toMatchObject({ instrument: { outcomes: names, outcomeIds: ids, resolution: { payout } } });
      expect('problem' in matched).toBe(idsTurned !== namesTurned);
    }),
  );
});

it('other outcome ids are refused, while a first look, a better name and a market without ids are accepted', () => {
  const earlier = market(['Yes', 'No'], ['1', '2'], 1);
  for (const ids of [
    ['2', '3'],
    ['3', '1'],
    ['3', '2'],
  ])
    expect(withSameOutcomes(market(['Yes', 'No'], ids, 1), earlier)).toHaveProperty('refused');
  expect(withSameOutcomes(market(['Yes', 'No'], ['1', '3'], 1), earlier)).toEqual({
    refused:
      'polymarket:0x1: polymarket names other outcomes than before (1, 3 for 1, 2); nothing of it is collected until it names the same again, or `predictlab symbols accept polymarket:0x1` takes the new ones over',
  });
  const renamed = market(['YES', 'NO'], ['1', '2'], 1);
  expect(withSameOutcomes(renamed, earlier)).toEqual({ instrument: renamed });
  expect(withSameOutcomes(renamed, undefined)).toEqual({ instrument: renamed });
  expect(withSameOutcomes(renamed, market(['Yes', 'No'], [], 1))).toEqual({ instrument: renamed });
});
