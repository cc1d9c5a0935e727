import type { Market } from './market.ts';
import { mix } from './random.ts';

const HOUR = 3_600_000;

/** Periods and amplitudes (in logits) of noise whose sum looks like a random walk, coarse to fine. */
const OCTAVES: readonly (readonly [period: number, amplitude: number])[] = [
  [192 * HOUR, 0.7],
  [48 * HOUR, 0.5],
  [12 * HOUR, 0.3],
  [3 * HOUR, 0.2],
  [HOUR * 0.75, 0.12],
  [HOUR / 6, 0.06],
];

/** Time before its end in which the price of a market with a known result moves to its payout. */
const lastStretch = (market: Market): number => Math.min(12 * HOUR, (market.closesAt - market.opensAt) / 3);

function noise(seed: number, position: number): number {
  const left = Math.floor(position);
  const t = position - left;
  const a = mix(seed ^ Math.imul(left, 0x9e3779b1)) / 0x8000_0000 - 1;
  const b = mix(seed ^ Math.imul(left + 1, 0x9e3779b1)) / 0x8000_0000 - 1;
  return a + (b - a) * t * t * (3 - 2 * t);
}

/**
 * The fair probability of a market's first outcome at a time: noise in logit space that depends only on the time, so that trades of any
 * hour can be generated without the earlier hours. Markets with the same `path` move together. The probabilities of mutually exclusive
 * markets add up to 1.
 */
export function probabilityAt(market: Market, time: number): number {
  const own = walk(market, time);
  if (!market.group.negativeRisk) return own;
  return own / market.group.markets.reduce((sum, each) => sum + walk(each, time), 0);
}

function walk(market: Market, time: number): number {
  let logit = market.baseLogit;
  for (let i = 0; i < OCTAVES.length; i++) {
    const [period, amplitude] = OCTAVES[i];
    logit += market.movement * amplitude * noise(market.pathSeed + i * 7919, time / period);
  }
  const { settlement } = market;
  if (settlement !== null && settlement.payout !== null && settlement.payout !== 0.5) {
    const stretch = lastStretch(market);
    const done = Math.min(1, Math.max(0, (time - (market.closesAt - stretch)) / stretch));
    logit += (settlement.payout > 0.5 ? 5 : -5) * done * done;
  }
  return 1 / (1 + Math.exp(-logit));
}

/** A probability as a number of ticks within the price grid, never at 0 or 1. */
export function toTicks(market: Market, probability: number): number {
  const whole = 10 ** market.decimals;
  return Math.min(whole - 1, Math.max(1, Math.round(probability * whole)));
}
