import { expect, it } from 'vitest';
import { drawn, normal } from '../../src/scheduling/rehearse/rehearsed-task.ts';

it('the random number for given integers is the same in every version', () => {
  expect([drawn(1), drawn(1, 2), drawn(7, 1, 3), drawn(0, 0)]).toEqual([
    0.21433574031107128, 0.47609659447334707, 0.7091536018997431, 0.7019169293344021,
  ]);
});

it('random numbers are spread evenly over [0, 1)', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 20_000; i++) tenths[Math.floor(drawn(3, i) * 10)]++;
  for (const count of tenths) expect(Math.abs(count - 2_000)).toBeLessThan(200);
});

it('a normal random value is √(−2 ln(1 − first)) · cos(2π · second)', () => {
  expect(normal(0, 0.3)).toBeCloseTo(0, 12);
  expect(normal(1 - Math.exp(-0.5), 0)).toBeCloseTo(1, 12);
  expect(normal(1 - Math.exp(-0.5), 0.5)).toBeCloseTo(-1, 12);
  expect(normal(1 - Math.exp(-2), 0)).toBeCloseTo(2, 12);
  expect(normal(1 - Math.exp(-2), 1 / 6)).toBeCloseTo(1, 12);
});
