import { expect, it } from 'vitest';
import { contentIdentity, tradeIdentity } from '../../src/market/identity.ts';

it('the same content is the same trade on every page, in every run and in every import', () => {
  expect(contentIdentity(['0xabc', 'BUY', 0.5, 10, 1_700_000_000])).toBe(contentIdentity(['0xabc', 'BUY', 0.5, 10, 1_700_000_000]));
});

it('exact copies inside one page have different identities by their number', () => {
  const first = contentIdentity(['0xabc', 0.5]);
  expect(contentIdentity(['0xabc', 0.5], 1)).toBe(`${first}#1`);
});

it('the identity distinguishes contents whose fields only look the same when joined', () => {
  expect(contentIdentity(['ab', 'c'])).not.toBe(contentIdentity(['a', 'bc']));
  expect(contentIdentity([1, 23])).not.toBe(contentIdentity([12, 3]));
});

it('the identity of a trade does not depend on letter case, trailing zeros and rounded decimals', () => {
  const trade = (hash: string, wallet: string, price: number, size: number) =>
    tradeIdentity([hash, '123', wallet, 'buy', price, size, 1_700_000_000_000]);
  expect(trade('0xABCDEF', '0xAa', 0.2972581967, 92.59)).toBe(trade('0xabcdef', '0xaa', 0.297258, 92.590_000_01));
  expect(trade('0xabcdef', '0xaa', 0.297258, 92.59)).not.toBe(trade('0xabcdef', '0xaa', 0.297259, 92.59));
  expect(trade('0xabcdef', '0xaa', 0.297258, 92.59)).toMatch(/^1:/);
});
