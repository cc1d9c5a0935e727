import { expect, it } from 'vitest';
import { upDownPayout } from '../../src/market/up-down-payout.ts';

it.each([
  ['polymarket', 100, 101, 1],
  ['polymarket', 100, 99, 0],
  ['polymarket', 100, 100, 1],
  ['predict', 100, 101, 1],
  ['predict', 100, 99, 0],
  ['predict', 100, 100, 0.5],
] as const)('an up/down market of %s from %d to %d pays Up %d', (source, start, end, payout) => {
  expect(upDownPayout(source, start, end)).toBe(payout);
});
