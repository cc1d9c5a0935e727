import { describe, expect, it } from 'vitest';
import { type ComparedMarket, suggestTwins } from '../../src/market/suggest-twins.ts';

const END = Date.UTC(2026, 11, 31);
const market = (id: string, title: string, more: Partial<ComparedMarket> = {}): ComparedMarket => ({
  id,
  source: id.split(':')[0],
  title,
  twins: [],
  closesAt: END,
  ...more,
});
const pairsOf = (markets: readonly ComparedMarket[]) => suggestTwins(markets).map(({ markets: [a, b] }) => `${a} ${b}`);

describe('suggested twins', () => {
  it('state which words and numbers both titles have, and the time between their ends', () => {
    const found = suggestTwins([
      market('two:b', 'BTC over 100k on Dec 31', { closesAt: END + 43_200_000 }),
      market('one:a', 'Will Bitcoin be above $100,000 on December 31?'),
    ]);
    const words = ['above', 'bitcoin', 'dec'];
    expect(found).toEqual([{ markets: ['one:a', 'two:b'], likeness: 1, words, numbers: [31, 100_000], endsApartDays: 0.5 }]);
  });

  it('exclude markets that are twins already, by whichever side declares them, and any second twin at a venue', () => {
    const [a, b] = [market('one:a', 'BTC over 100k on Dec 31'), market('two:b', 'Bitcoin over 100k on Dec 31')];
    const [other, third] = [market('two:c', 'Bitcoin above 100k on Dec 31'), market('three:d', 'Bitcoin above 100k on Dec 31')];
    expect(pairsOf([{ ...a, twins: ['two:b'] }, b])).toEqual([]);
    expect(pairsOf([a, { ...b, twins: ['one:a'] }])).toEqual([]);
    expect(pairsOf([a, b, { ...third, twins: ['one:a', 'two:b'] }]), 'twins by a third venue').toEqual([]);
    expect(pairsOf([{ ...a, twins: ['two:b'] }, b, other, third]).sort()).toEqual(['one:a three:d', 'three:d two:b'].sort());
  });

  it.each([
    ['another strike', 'Will Bitcoin be above $100,000 on December 31?', 'BTC over 110k on Dec 31', {}],
    ['another day', 'Will Bitcoin be above $100,000 on December 31?', 'BTC over 100k on Dec 30', {}],
    ['the opposite', 'Will Bitcoin be above $100,000 on December 31?', 'BTC under 100k on Dec 31', {}],
    ['an end four days later', 'Will Bitcoin be above $100,000?', 'BTC over 100k', { closesAt: END + 4 * 86_400_000 }],
    ['a negation', 'Will the Fed cut rates in December?', 'Fed will not cut rates in December', {}],
  ])('exclude markets with %s', (_, title, other, more) => {
    expect(pairsOf([market('one:a', title), market('two:b', other, more)])).toEqual([]);
  });

  it('include markets whose ends are up to three days apart or unknown, those with near ends first', () => {
    const [a, late, endless] = [
      market('one:a', 'BTC over 100k'),
      market('two:late', 'Bitcoin above 100k', { closesAt: END + 3 * 86_400_000 }),
      market('two:endless', 'Bitcoin above 100k', { closesAt: null }),
    ];
    const near = market('two:near', 'Bitcoin above 100k', { closesAt: END - 3_600_000 });
    expect(suggestTwins([a, late])).toMatchObject([{ endsApartDays: 3 }]);
    expect(suggestTwins([endless, a])).toMatchObject([{ markets: ['one:a', 'two:endless'], endsApartDays: null }]);
    expect(pairsOf([a, endless, late, near])).toEqual(['one:a two:near']);
    expect(pairsOf([endless, late, a])).toEqual(['one:a two:late']);
  });

  it('are found when the same question has other words, one per venue', () => {
    const markets = [
      market('one:a', 'Will Bitcoin be above $100,000 on December 31?'),
      market('two:b', 'BTC over 100k on Dec 31'),
      market('three:c', 'Bitcoin price greater than 100,000 on Dec 31'),
      market('two:d', 'Bitcoin above 100,000 on Dec 31 in Tokyo'),
    ];
    expect(pairsOf(markets).sort()).toEqual(['one:a three:c', 'one:a two:b', 'three:c two:b'].sort());
  });

  it('read an arrow as above or below', () => {
    const upper = market('one:a', 'Bitcoin above 100k');
    expect(suggestTwins([upper, market('two:b', '↑ 100k Bitcoin')])).toMatchObject([{ likeness: 1, words: ['above', 'bitcoin'] }]);
    expect(pairsOf([upper, market('two:b', '↓ 100k Bitcoin')])).toEqual([]);
  });

  it('ignore single letters, such as the s of a genitive', () => {
    const found = suggestTwins([market('one:a', "Bitcoin's plan B above 100k"), market('two:b', 'Bitcoin plan above 100k')]);
    expect(found).toMatchObject([{ likeness: 1, words: ['above', 'bitcoin', 'plan'] }]);
  });

  it('have a precision and a recall of at least 0.95 over 288 questions in the words of two venues', () => {
    const coins = [
      ['Bitcoin', 'BTC'],
      ['Ethereum', 'ETH'],
      ['Solana', 'SOL'],
    ] as const;
    const months = [
      ['November', 'Nov'],
      ['December', 'Dec'],
      ['January', 'Jan'],
    ] as const;
    const markets: ComparedMarket[] = [];
    const truth = new Set<string>();
    for (const [long, short] of coins)
      for (const [at, [month, brief]] of months.entries())
        for (const day of [1, 12, 23, 28])
          for (const [strike, said] of [
            [50_000, '50k'],
            [90_000, '90k'],
            [100_000, '100k'],
            [101_500, '101,500'],
          ] as const)
            for (const [up, over] of [
              ['above', 'over'],
              ['below', 'under'],
            ] as const) {
              const name = `${short}-${brief}-${day}-${strike}-${up}`;
              const closesAt = Date.UTC(2026, 10 + at, day);
              markets.push(
                market(`one:${name}`, `Will ${long} be ${up} $${strike.toLocaleString('en-US')} on ${month} ${day}?`, { closesAt }),
              );
              // every fifth question is at one venue alone
              if (markets.length % 5 === 0) continue;
              markets.push(market(`two:${name}`, `${short} ${over} ${said} on ${brief} ${day}`, { closesAt: closesAt + 3_600_000 }));
              truth.add(`one:${name} two:${name}`);
            }
    const found = pairsOf(markets);
    const right = found.filter((pair) => truth.has(pair)).length;
    const [precision, recall] = [right / found.length, right / truth.size];
    // biome-ignore lint/suspicious/noConsole: the figures
    console.log(`${markets.length} markets, ${truth.size} twins: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`);
    expect(precision).toBeGreaterThanOrEqual(0.95);
    expect(recall).toBeGreaterThanOrEqual(0.95);
  });
});
