import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { compareTerms, settlementTerms } from '../../src/market/settlement-terms.ts';

describe('settlement terms', () => {
  it('keep the sentences about ties and the source of a text, not the rest', () => {
    const rules =
      'This market resolves to Yes if the Reds win.\nIn case of a tie, it resolves 50-50. If the game is postponed, it stays open. The resolution source for this market is the league.';
    expect(settlementTerms([rules])).toEqual({
      settles: {
        source: 'The resolution source for this market is the league.',
        ties: 'In case of a tie, it resolves 50-50. If the game is postponed, it stays open.',
      },
    });
  });

  it('prefer the source that a field names, and add the delay and early close where the venue states them', () => {
    const stated = { source: 'https://league.example', delaySeconds: 1800, mayCloseEarly: true };
    expect(settlementTerms(['The resolution source is a poll.', null, undefined], stated)).toEqual({ settles: stated });
  });

  it('are absent where the venue says nothing, and short however long the rules are', () => {
    expect(settlementTerms(['', null])).toEqual({});
    expect(settlementTerms(['If it is cancelled, it is void. '.repeat(1000)]).settles?.ties).toHaveLength(300);
  });
});

describe('compared settlement terms', () => {
  const market = (facts: Partial<Instrument>): Instrument =>
    ({ outcomes: ['Yes', 'No'], closesAt: null, resolution: { kind: 'open' }, ...facts }) as Instrument;

  it('stand side by side, marked where two venues state different things', () => {
    const end = Date.UTC(2026, 11, 31);
    const compared = compareTerms([
      market({ endsAt: end, settles: { ties: 'void', delaySeconds: 60 } }),
      market({ endsAt: end, settles: { ties: 'resolves to No' } }),
    ]);
    expect(compared).toEqual([
      { fact: 'outcomes', values: ['Yes / No', 'Yes / No'], differs: false },
      { fact: 'ends', values: ['2026-12-31T00:00:00.000Z', '2026-12-31T00:00:00.000Z'], differs: false },
      { fact: 'ties', values: ['void', 'resolves to No'], differs: true },
      { fact: 'pays after', values: ['60 s', null], differs: false },
      { fact: 'result', values: ['open', 'open'], differs: false },
    ]);
  });

  it('name the signs by which a venue’s result was judged, and nothing where there were none', () => {
    const judged = (...said: readonly string[]) =>
      market({ settlement: { signs: said.map((text) => ({ sign: 'outcome', said: text })) } as unknown as Instrument['settlement'] });
    expect(compareTerms([judged('Yes', 'paid'), judged()])).toContainEqual({
      fact: 'result by',
      values: ['outcome Yes, outcome paid', null],
      differs: false,
    });
  });
});
