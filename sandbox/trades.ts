import type { Market } from './market.ts';
import { probabilityAt, toTicks } from './price-path.ts';
import { chance, hash, mix, Random } from './random.ts';

/** One fill at a venue. Prices are ticks of the first outcome, sizes are millionths of a share. */
export interface Trade {
  /** Unix seconds. */
  readonly time: number;
  /** Position within its second, oldest first. Together with `time` it is the trade's place in its market. */
  readonly place: number;
  readonly ticks: number;
  readonly sizeMicros: number;
  /** The traded outcome: 0 for the first, 1 for the second. */
  readonly outcome: 0 | 1;
  /** Whether the traded outcome was bought. */
  readonly buy: boolean;
  readonly transaction: number;
  readonly wallet: number;
  /** Whether the fill is an exact copy of the one before it: the same transaction, wallet, price and size. */
  readonly copy: boolean;
}

/** Relative activity at a time of the day (UTC): quiet nights and a busy afternoon. */
function activity(time: number): number {
  const hour = (time / 3_600_000) % 24;
  if (hour >= 2 && hour < 7) return 0.08;
  return 0.55 + 1.1 * Math.exp(-(((hour - 16) / 5) ** 2));
}

function fillsOf(market: Market, block: number, random: Random): number {
  const start = block * market.blockMs;
  if (market.exactFills !== null) {
    const blocks = Math.round((market.closesAt - market.opensAt) / market.blockMs);
    const index = block - Math.round(market.opensAt / market.blockMs);
    return Math.round(((index + 1) * market.exactFills) / blocks) - Math.round((index * market.exactFills) / blocks);
  }
  const burst = Math.exp(0.7 * random.normal() - 0.245);
  return random.poisson(market.fillsPerBlock * burst * (market.steady || market.blockMs < 3_600_000 ? 1 : activity(start)));
}

function transactionTimes(market: Market, block: number, count: number, random: Random): number[] {
  const seconds = market.blockMs / 1000;
  const centres = Array.from({ length: 1 + random.poisson(count / 15) }, () => random.integer(seconds));
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const at = random.next() < 0.6 ? centres[random.integer(centres.length)] + random.exponential(40) : random.next() * seconds;
    times.push((block * market.blockMs) / 1000 + (Math.floor(at) % seconds));
  }
  return times.sort((a, b) => a - b);
}

/** A random size in millionths of a share: log-normal around 20 shares, with 2 to 6 decimals. */
function sizeOf(random: Random): number {
  const unit = 10 ** random.integer(5);
  const micros = Math.exp(3 + 1.4 * random.normal()) * 1e6;
  return Math.max(10_000, Math.min(5e11, Math.round(micros / unit) * unit));
}

/**
 * Generates the fills of one block of a market, oldest first: bursts around a few moments, several fills per transaction and per second,
 * and about one exact copy in a hundred. The result depends only on the market and the block.
 */
export function tradesOfBlock(market: Market, block: number): Trade[] {
  const random = new Random(hash(market.seed, 'block', block));
  const count = fillsOf(market, block, random);
  const trades: Trade[] = [];
  // there may be more transactions than needed, since each has at least one fill
  const times = transactionTimes(market, block, Math.ceil(count * 0.75) || 0, random);
  let place = 0;
  let last = -1;
  for (let i = 0; i < times.length && trades.length < count; i++) {
    const time = times[i];
    if (time !== last) place = 0;
    last = time;
    const fills = i === times.length - 1 ? count - trades.length : random.next() < 0.7 ? 1 : 2 + random.integer(3);
    const transaction = hash(market.seed, block, i);
    const fair = probabilityAt(market, time * 1000);
    const up = random.next() < 0.5;
    const outcome = random.next() < 0.35 ? 1 : 0;
    const noisy = 1 / (1 + ((1 - fair) / fair) * Math.exp(-0.04 * random.normal()));
    let ticks = toTicks(market, noisy) + (up ? 1 : 0);
    for (let fill = 0; fill < fills && trades.length < count; fill++) {
      const previous = trades.at(-1);
      if (fill > 0 && previous !== undefined && random.next() < 0.06) {
        const { ticks, sizeMicros, outcome, buy, wallet } = previous;
        trades.push({ time, place: place++, ticks, sizeMicros, outcome, buy, transaction, wallet, copy: true });
        continue;
      }
      if (fill > 0 && random.next() < 0.5) ticks += up ? 1 : -1;
      ticks = Math.min(10 ** market.decimals - 1, Math.max(1, ticks));
      const wallet = mix(transaction + fill * 31 + 1) % 5000;
      const buy = (outcome === 0) === up;
      trades.push({ time, place: place++, ticks, sizeMicros: sizeOf(random), outcome, buy, transaction, wallet, copy: false });
    }
  }
  return trades;
}

/** Compares two places in a market for an order with the oldest first. */
export const comparePlaces = (a: { time: number; place: number }, b: { time: number; place: number }): number =>
  a.time - b.time || a.place - b.place;

/** Creates a trade for a time in the past, which appears late. */
export function lateTrade(market: Market, time: number, place: number, ordinal: number): Trade {
  const random = new Random(hash(market.seed, 'late', time, ordinal));
  const up = chance(market.seed, 'late side', ordinal) < 0.5;
  return {
    time,
    place,
    ticks: toTicks(market, probabilityAt(market, time * 1000)),
    sizeMicros: sizeOf(random),
    outcome: 0,
    buy: up,
    transaction: hash(market.seed, 'late', ordinal),
    wallet: random.integer(5000),
    copy: false,
  };
}

/** The price of the traded outcome, as the venue writes it. */
export function tradedPrice(market: Market, trade: Trade): number {
  const whole = 10 ** market.decimals;
  return (trade.outcome === 0 ? trade.ticks : whole - trade.ticks) / whole;
}
