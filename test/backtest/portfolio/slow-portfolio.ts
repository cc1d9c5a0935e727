import type { CandleSeries } from '../../../src/backtest/engine/candle-series.ts';
import type { Market } from '../../../src/backtest/engine/market.ts';
import type { PortfolioLimits } from '../../../src/backtest/portfolio/trade-portfolio.ts';

/** A market of the model's world: whole-number codes, flat fees, no spread; what is not modelled is not drawn. */
export interface ModelMarket {
  readonly candles: CandleSeries;
  readonly market: Market;
  readonly words: readonly ('hold' | 'long' | 'short' | 'flat')[];
  /** Maximum share of a bar's volume that the orders of the bar take. */
  readonly share: number;
}

interface Lot {
  side: 'long' | 'short';
  size: number;
}

/**
 * The account as a ledger would have it: a list of every moment, and at each one every market is asked again, from the first bar on, what
 * it is worth and what it wants. Slow and plain; shares no code with the engine.
 */
export function slowPortfolio(markets: readonly ModelMarket[], cash: number, limits: PortfolioLimits, { shorts }: { shorts: boolean }) {
  const lots: (Lot | undefined)[] = markets.map(() => undefined);
  const pending: (string | undefined)[] = markets.map(() => undefined);
  const ends = markets.map(({ candles, market }) => {
    const last = candles.openTime[candles.length - 1];
    if (market.kind === 'asset') return last;
    if (market.resolution.kind !== 'settled') return Number.POSITIVE_INFINITY;
    return Math.max(last, market.closesAt ?? market.resolution.at ?? last);
  });
  const times = [...new Set([...markets.flatMap(({ candles }) => [...candles.openTime]), ...ends.filter(Number.isFinite)])].sort(
    (a, b) => a - b,
  );
  let money = cash;
  /** Number of decisions that were never carried out, by market. */
  const expired = markets.map(() => 0);
  const die = (m: number): void => {
    if (pending[m] !== undefined && pending[m] !== (lots[m]?.side ?? 'flat')) expired[m]++;
    pending[m] = undefined;
  };
  /** Time at which the cash of the last position became free. */
  let waitedFor = Number.NEGATIVE_INFINITY;
  const rows: { time: number; cash: number; equity: number }[] = [];
  const barAt = (m: number, time: number): number => markets[m].candles.openTime.indexOf(time);
  /** Price of one unit of what is held, given the price of the first outcome. */
  const unit = (m: number, side: string, price: number): number =>
    side === 'long' || markets[m].market.kind === 'asset' ? price : 1 - price;
  const known = (m: number, time: number, phase: 'open' | 'close'): number => {
    const { candles } = markets[m];
    let price = Number.NaN;
    for (let i = 0; i < candles.length; i++) {
      if (candles.openTime[i] < time || (candles.openTime[i] === time && phase === 'close')) price = candles.close[i];
      else if (candles.openTime[i] === time) price = candles.open[i];
    }
    return price;
  };
  const inMarkets = (time: number, phase: 'open' | 'close'): number =>
    lots.reduce((sum, lot, m) => (lot === undefined ? sum : sum + lot.size * unit(m, lot.side, known(m, time, phase))), 0);
  const payOut = (m: number): void => {
    const lot = lots[m];
    const { candles, market } = markets[m];
    if (lot === undefined) return;
    if (lot.size > 1e-9) waitedFor = ends[m];
    const last = candles.close[candles.length - 1];
    if (market.kind === 'asset') money += lot.size * last * (1 - market.fees.rate);
    else if (market.resolution.kind === 'settled') money += lot.size * unit(m, lot.side, market.resolution.payout);
    lots[m] = undefined;
  };
  for (const time of times) {
    for (const m of markets.keys()) {
      const { candles } = markets[m];
      if (ends[m] === time && candles.openTime[candles.length - 1] < time) payOut(m);
    }
    const room = markets.map(({ candles, share }, m) => (barAt(m, time) < 0 ? 0 : candles.volume[barAt(m, time)] * share));
    const inReach = (m: number, price: number): boolean => markets[m].market.kind === 'asset' || (price >= 0.0001 && price <= 0.9999);
    for (const m of markets.keys()) {
      const bar = barAt(m, time);
      const { words, candles, market } = markets[m];
      if (bar < 0) continue;
      const word = bar > 0 ? words[bar - 1] : 'hold';
      if (word !== 'hold') pending[m] = word === 'short' && !shorts ? 'flat' : word;
      const lot = lots[m];
      if (market.closesAt !== null && time >= market.closesAt) die(m);
      if (pending[m] === undefined) continue;
      if (lot?.side === pending[m] || (lot === undefined && pending[m] === 'flat')) {
        pending[m] = undefined;
        continue;
      }
      if (lot === undefined) continue;
      if (!inReach(m, candles.open[bar])) {
        pending[m] = undefined;
        continue;
      }
      const size = Math.min(lot.size, room[m]);
      room[m] -= size;
      lot.size -= size;
      money += size * unit(m, lot.side, candles.open[bar]) * (1 - market.fees.rate);
      if (lot.size <= 0) lots[m] = undefined;
    }
    for (const m of markets.keys()) {
      const bar = barAt(m, time);
      const { candles, market } = markets[m];
      const wanted = pending[m];
      if (bar < 0 || lots[m] !== undefined || wanted === undefined || wanted === 'flat') continue;
      if (market.closesAt !== null && time >= market.closesAt) continue;
      pending[m] = undefined;
      const locked = inMarkets(time, 'open');
      const allowed = Math.min(limits.perMarket * (money + locked), limits.total * (money + locked) - locked, money);
      if (allowed <= 1e-9 * cash || !inReach(m, candles.open[bar])) continue;
      const price = unit(m, wanted, candles.open[bar]);
      const size = Math.min(allowed / (price * (1 + market.fees.rate)), room[m]);
      if (size <= 0) continue;
      money -= size * price * (1 + market.fees.rate);
      lots[m] = { side: wanted as 'long' | 'short', size };
    }
    for (const m of markets.keys()) {
      const { candles, market, words } = markets[m];
      if (candles.openTime[candles.length - 1] !== time) continue;
      if (market.closesAt !== null) {
        const word = words[candles.length - 1];
        if (word !== 'hold') pending[m] = word === 'short' && !shorts ? 'flat' : word;
        die(m);
      }
      if (ends[m] <= time) payOut(m);
    }
    rows.push({ time, cash: money, equity: money + inMarkets(time, 'close') });
  }
  const lastBar = Math.max(...markets.map(({ candles }) => candles.openTime[candles.length - 1]));
  return { rows: rows.filter(({ time }) => time <= Math.max(lastBar, waitedFor)), expired };
}
