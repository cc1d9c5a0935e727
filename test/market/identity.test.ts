import { expect, it } from 'vitest';
import { contentIdentity } from '../../src/market/identity.ts';

it('the same content is the same trade on every page, run and import', () => {
  expect(contentIdentity(['0xabc', 'BUY', 0.5, 10, 1_700_000_000])).toBe(contentIdentity(['0xabc', 'BUY', 0.5, 10, 1_700_000_000]));
});

it('exact copies inside one page differ by their ordinal', () => {
  const first = contentIdentity(['0xabc', 0.5]);
  expect(contentIdentity(['0xabc', 0.5], 1)).toBe(`${first}#1`);
});

it('fields do not run into each other', () => {
  expect(contentIdentity(['ab', 'c'])).not.toBe(contentIdentity(['a', 'bc']));
  expect(contentIdentity([1, 23])).not.toBe(contentIdentity([12, 3]));
});
