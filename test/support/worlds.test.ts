import { expect, it } from 'vitest';
import { patience, tierOf, worldsOf } from './worlds.ts';

it('property tests run a tenth of their cases in the quick tier, all in the full tier, and twenty times as many at night', () => {
  expect(worldsOf({ tier: 'quick', full: 300 })).toBe(30);
  expect(worldsOf({ tier: 'full', full: 300 })).toBe(300);
  expect(worldsOf({ tier: 'night', full: 300 })).toBe(6_000);
});

it('the timeout of a test is twenty times as long in the night tier', () => {
  expect([patience(60_000, 'full'), patience(60_000, 'night')]).toEqual([60_000, 1_200_000]);
});

it('property tests run at least five cases in the quick tier, or all when they have fewer', () => {
  expect(worldsOf({ tier: 'quick', full: 20 })).toBe(5);
  expect(worldsOf({ tier: 'quick', full: 2 })).toBe(2);
});

it('a test may set its number of cases for a tier, and PREDICTLAB_WORLDS overrides every other number', () => {
  expect(worldsOf({ tier: 'quick', full: 300, only: { quick: 7 } })).toBe(7);
  expect(worldsOf({ tier: 'night', full: 300, only: { quick: 7 } })).toBe(6_000);
  expect(worldsOf({ tier: 'quick', wanted: '20000', full: 300, only: { quick: 7 } })).toBe(20_000);
});

it('an unknown tier and an invalid number of cases are refused', () => {
  expect(() => tierOf('nightly')).toThrow('PREDICTLAB_TIER=nightly is not a tier of tests; one of quick, full, night');
  expect(() => worldsOf({ tier: 'quick', wanted: '1.5', full: 3 })).toThrow('PREDICTLAB_WORLDS=1.5');
  expect([tierOf(undefined), tierOf('')]).toEqual(['quick', 'quick']);
});
