import { describe, expect, it } from 'vitest';
import { calibrationOfMarkets, type MarketForecasts, marketForecasts } from '../../src/backtest/metrics/calibration.ts';
import { seededRandom, studentQuantile } from '../../src/backtest/metrics/distributions.ts';
import { monteCarlo } from '../../src/backtest/metrics/monte-carlo.ts';
import { worlds } from '../support/worlds.ts';

/** Φ, to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
function normal(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const tail = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const below = 0.5 * tail * Math.exp((-x * x) / 2);
  return x < 0 ? below : 1 - below;
}

const STEPS = 24;

/** Markets that are calibrated by construction: each price is the probability that a random walk ends above a strike. */
function ladder(dates: number, strikes: number, random: () => number): MarketForecasts[] {
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: dates }, (_, date) => {
    const path = [0];
    for (let t = 1; t <= STEPS; t++) path.push(path[t - 1] + gauss());
    return Array.from({ length: strikes }, (__, k) => {
      const strike = strikes === 1 ? gauss() * Math.sqrt(STEPS) : ((k - (strikes - 1) / 2) / (strikes / 2)) * Math.sqrt(STEPS);
      const prices = Float64Array.from({ length: STEPS }, (___, t) => normal((path[t] - strike) / Math.sqrt(STEPS - t)));
      return marketForecasts(prices, path[STEPS] > strike ? 1 : 0, `date ${date}`);
    });
  }).flat();
}

/** Share of 95% intervals, over ranges with more than one event, that hold the mean forecast, which is the true rate. */
function coverage(dates: number, strikes: number): number {
  const random = seededRandom(5);
  let held = 0;
  let all = 0;
  for (let world = 0; world < worlds(800, { quick: 80 }); world++) {
    for (const { markets = 0, events = markets, meanForecast, wilsonLow, wilsonHigh } of calibrationOfMarkets(
      ladder(dates, strikes, random),
    )) {
      if (events < 2) continue;
      all++;
      if (meanForecast >= wilsonLow - 1e-12 && meanForecast <= wilsonHigh + 1e-12) held++;
    }
  }
  return held / all;
}

/** Prints a share where many worlds are drawn, so that docs/measured.md can be checked by one command. */
function report(what: string, share: number): void {
  if (worlds(2, { quick: 1 }) > 1) process.stdout.write(`${what}: ${(100 * share).toFixed(1)} of 100\n`);
}

describe('a 95% interval of calibration', () => {
  it.each([
    ['independent markets', 60, 1],
    ['ladders of 10 strikes on 10 dates', 10, 10],
    ['ladders of 20 strikes on 5 dates', 5, 20],
  ])('contains the true rate in 93 to 97 of 100 cases: %s', (what, dates, strikes) => {
    const share = coverage(dates, strikes);
    report(`95% intervals of ${what}`, share);
    expect(share).toBeGreaterThanOrEqual(0.93);
    expect(share).toBeLessThanOrEqual(0.97);
  });

  it('uses Student’s t distribution when events are few', () => {
    expect(studentQuantile(1)).toBeCloseTo(12.706, 2);
    expect(Math.abs(studentQuantile(4) - 2.7764)).toBeLessThan(0.03);
    expect(studentQuantile(9, 0.95)).toBeCloseTo(1.8331, 2);
    expect(studentQuantile(100)).toBeCloseTo(1.984, 3);
  });
});

describe('a 90% range of Monte Carlo', () => {
  it.each([
    ['even bets on coins, 12 positions', 12, (random: () => number) => (random() < 0.5 ? -0.05 : 0.05)],
    ['long shots at 0.3, 40 positions', 40, (random: () => number) => (random() < 0.3 ? 0.07 : -0.03)],
    ['moves of any size, 20 positions', 20, (random: () => number) => (random() + random() + random() - 1.5) * 0.1],
  ])('contains the expected return in 87 to 93 of 100 cases: %s', (what, count, draw) => {
    const random = seededRandom(11);
    // the mean logarithm of growth, over many positions
    let mean = 0;
    for (let i = 0; i < 200_000; i++) mean += Math.log(1 + draw(random)) / 200_000;
    const expected = Math.expm1(mean * count);
    const all = worlds(1500, { quick: 300 });
    let held = 0;
    for (let world = 0; world < all; world++) {
      let equity = 1000;
      const pnls = Array.from({ length: count }, () => {
        const pnl = equity * draw(random);
        equity += pnl;
        return pnl;
      });
      const drawn = monteCarlo(pnls, 1000, { draws: 200, seed: world });
      if ('because' in drawn) throw new Error(drawn.because);
      const { p5, p95 } = drawn.resampled.totalReturn;
      if (p5 <= expected && expected <= p95) held++;
    }
    const share = held / all;
    report(`90% ranges of ${what}`, share);
    expect(share).toBeGreaterThanOrEqual(0.87);
    expect(share).toBeLessThanOrEqual(0.93);
  });

  it('is weak when positions or events are few', () => {
    const pnls = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 10 : -5));
    const options = { draws: 50, seed: 1 };
    expect(monteCarlo(pnls.slice(0, 9), 1000, options)).toMatchObject({ weak: '9 trades, fewer than 10' });
    expect(monteCarlo(pnls, 1000, { ...options, events: 1 })).toMatchObject({ weak: '12 trades of 1 event, fewer than 10' });
    expect(monteCarlo(pnls, 1000, options)).not.toHaveProperty('weak');
  });
});
