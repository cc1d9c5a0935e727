import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { compareTerms, settlementTerms } from '../../src/market/settlement-terms.ts';

describe('settlement terms', () => {
  it('keep the sentences of a text about ties and the source, and no others', () => {
    const rules =
      'This market resolves to Yes if the Reds win.\nIn case of a tie, it resolves 50-50. If the game is postponed, it stays open. The resolution source for this market is the league.';
    expect(settlementTerms([rules])).toEqual({
      settles: {
        source: 'The resolution source for this market is the league.',
        ties: 'In case of a tie, it resolves 50-50. If the game is postponed, it stays open.',
      },
    });
  });

  it('prefer the source in a field, and add the delay and the early close when the venue states them', () => {
    const stated = { source: 'https://league.example', delaySeconds: 1800, mayCloseEarly: true };
    expect(settlementTerms(['The resolution source is a poll.', null, undefined], stated)).toEqual({ settles: stated });
  });

  it('are absent when the venue states none, and short however long the rules are', () => {
    expect(settlementTerms(['', null])).toEqual({});
    expect(settlementTerms(['If it is cancelled, it is void. '.repeat(1000)]).settles?.ties).toHaveLength(300);
  });
});

describe('the comparison of settlement terms', () => {
  const market = (facts: Partial<Instrument>): Instrument =>
    ({ outcomes: ['Yes', 'No'], closesAt: null, resolution: { kind: 'open' }, ...facts }) as Instrument;

  it('shows the terms next to each other, marked where two venues differ', () => {
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

  it('names the signs that decided a venue’s result, and nothing when there were none', () => {
    const judged = (...said: readonly string[]) =>
      market({ settlement: { signs: said.map((text) => ({ sign: 'outcome', said: text })) } as unknown as Instrument['settlement'] });
    expect(compareTerms([judged('Yes', 'paid'), judged()])).toContainEqual({
      fact: 'result by',
      values: ['outcome Yes, outcome paid', null],
      differs: false,
    });
  });
});
