import type { CandleSeries } from '../../src/backtest/engine/candle-series.ts';
import type { Market } from '../../src/backtest/engine/market.ts';
import type { BacktestOptions } from '../../src/backtest/engine/options.ts';
import type { Decision, Order } from '../../src/backtest/strategy.ts';

/** What the model says of one bar's close. */
export interface ModelState {
  readonly position: number;
  readonly entryPrice: number | null;
  readonly cash: number;
  readonly equity: number;
}

interface Held {
  readonly side: 'long' | 'short';
  size: number;
  readonly bar: number;
  readonly price: number;
  fees: number;
  stop?: number | undefined;
  target?: number | undefined;
  /** Whether it was counted as held back by the volume cap, and as stopped where nobody trades. */
  heldBack: boolean;
  stuck: boolean;
  /** What makes the position leave at the next opens, whatever the price. */
  leaving?: 'signal' | 'stop' | undefined;
}

/**
 * Trades decisions the slow and obvious way, to compare the engine with: every bar is a list of moments (its open, then the
 * extreme that hurts, then the one that helps), and at each moment every order is asked whether it fills. Fees are a fraction of
 * the notional.
 */
export function tradeByModel(
  candles: CandleSeries,
  decisions: readonly Decision[],
  { market, options, barMs }: { market: Market; options: BacktestOptions; barMs: number },
) {
  const { tickSize: tick, kind } = market;
  const rate = market.fees.rate;
  const sum = { trades: [] as Record<string, unknown>[], unfilled: {} as Record<string, number>, cut: 0, states: [] as ModelState[] };
  let cash = options.cash;
  let held: Held | undefined;
  let waiting: Order | undefined;
  let wanted: 'long' | 'short' | 'flat' | undefined;
  let room = 0;
  let bar = 0;
  const count = (reason: string): void => {
    sum.unfilled[reason] = (sum.unfilled[reason] ?? 0) + 1;
  };
  const exact = (value: number): number => Math.round(value * 1e12) / 1e12;
  /** Price of what is bought: the other outcome costs one minus the price of the first. */
  const ofHeld = (price: number, side: string): number => (kind === 'probability' && side === 'short' ? exact(1 - price) : price);
  const buys = (side: string, entering: boolean): boolean => (side === 'long') === entering;
  const withSpread = (price: number, up: boolean, entering: boolean): number =>
    (entering ? price * (up ? 1 + options.spread : 1 - options.spread) : price) + (up ? 1 : -1) * (options.halfSpread as number);
  const onTick = (price: number, up: boolean): number =>
    tick === null ? price : exact((up ? Math.ceil(price / tick - 1e-9) : Math.floor(price / tick + 1e-9)) * tick);
  const tradable = (price: number): boolean => {
    const least = (tick ?? 0.0001) - 1e-12;
    return kind === 'asset' || (price >= least && price <= 1 - least);
  };
  const atMarket = (price: number, up: boolean, entering: boolean): number => {
    const slip = tick === null ? 0 : options.slippageTicks * tick;
    return onTick(withSpread(price, up, entering) + (up ? slip : -slip), up);
  };
  /** A limit price on the grid, never worse than the stated one. */
  const limitOf = (price: number, up: boolean): number => onTick(price, !up);
  const through = (price: number, than: number, up: boolean): boolean => (up ? price < than - 1e-12 : price > than + 1e-12);
  const better = (price: number, than: number, up: boolean): boolean => (up ? price <= than : price >= than);

  const leave = (price: number, end: string, all = false): void => {
    const it = held as Held;
    const size = all ? it.size : Math.min(it.size, room);
    room -= size;
    if (size > 0) {
      const paid = ofHeld(price, it.side);
      const fees = it.fees * (size / it.size) + size * paid * rate;
      const owed = kind === 'asset' && it.side === 'short';
      cash += (owed ? -size * paid : size * paid) - size * paid * rate;
      const gain = (it.side === 'long' ? 1 : -1) * size * (price - it.price);
      sum.trades.push({
        entryBar: it.bar,
        exitBar: bar,
        side: it.side,
        size,
        entryPrice: it.price,
        exitPrice: price,
        pnl: gain - fees,
        fees,
        end,
      });
      it.fees -= it.fees * (size / it.size);
      it.size -= size;
    }
    if (it.size <= 0) held = undefined;
    else if (!it.heldBack) {
      it.heldBack = true;
      count('heldBack');
    }
  };
  const enter = (side: 'long' | 'short', price: number, order?: Order): void => {
    const paid = ofHeld(price, side);
    const { sizing } = options;
    const share = order?.size ?? (sizing.kind === 'fraction' ? sizing.fraction : 1);
    let wants = (cash * (1 - 2 ** -52) * share) / (paid * (1 + rate));
    if (order?.size === undefined && sizing.kind === 'fixed') wants = Math.min(wants, sizing.units);
    if (options.wholeUnits) wants = Math.floor(wants);
    let size = Math.min(wants, room);
    if (options.wholeUnits) size = Math.floor(size);
    if (!(wants > 0)) return;
    if (!(size > 0)) return count('noVolume');
    if (size < wants) sum.cut++;
    room -= size;
    const fees = size * paid * rate;
    cash += (kind === 'asset' && side === 'short' ? size * paid : -size * paid) - fees;
    held = { side, size, bar, price, fees, heldBack: false, stuck: false };
    if (order !== undefined) protect(order);
  };
  const protect = (order: Order): void => {
    const it = held as Held;
    it.stop = order.stop;
    it.stuck = false;
    it.target = order.target === undefined ? undefined : limitOf(order.target, order.side !== 'long');
    if (it.target !== undefined && !tradable(it.target)) {
      it.target = undefined;
      count('beyondTick');
    }
  };
  const stopOut = (at: number): void => {
    const it = held as Held;
    const price = atMarket(at, buys(it.side, false), false);
    if (!tradable(price)) {
      if (!it.stuck) count('beyondTick');
      it.stuck = true;
      return;
    }
    leave(price, 'stop');
    if (held !== undefined) held.leaving = 'stop';
  };
  /** Leaves at the open: 'gone', 'partly', or 'stuck' where nobody trades. */
  const leaveAtOpen = (open: number, end: string): string => {
    const price = atMarket(open, buys((held as Held).side, false), false);
    if (!tradable(price)) {
      count('beyondTick');
      return 'stuck';
    }
    leave(price, end);
    return held === undefined ? 'gone' : 'partly';
  };
  const worth = (price: number): number => {
    if (held === undefined) return cash;
    const unit = kind === 'probability' && held.side === 'short' ? 1 - price : price;
    return cash + (kind === 'asset' && held.side === 'short' ? -held.size * price : held.size * unit);
  };

  const takeDecision = (decision: Decision): void => {
    if (decision === 'hold') return;
    const shorts = options.side === 'both';
    waiting = undefined;
    if (held !== undefined) held.leaving = undefined;
    wanted = undefined;
    if (typeof decision === 'string') {
      wanted = decision === 'short' && !shorts ? 'flat' : decision;
    } else if (decision.side === 'short' && !shorts) {
      wanted = 'flat';
    } else if (held?.side === decision.side) {
      protect(decision);
    } else if (decision.limit !== undefined && !tradable(limitOf(decision.limit, decision.side === 'long'))) {
      count('beyondTick');
    } else {
      waiting = decision;
    }
  };

  const atTheOpen = (open: number): void => {
    if (held?.leaving !== undefined) wanted ??= 'flat';
    if (wanted !== undefined) {
      const want = wanted;
      if (want === held?.side || (want === 'flat' && held === undefined)) wanted = undefined;
      else {
        const state = held === undefined ? 'gone' : leaveAtOpen(open, held.leaving ?? 'signal');
        if (state === 'partly') return;
        wanted = undefined;
        if (state === 'stuck' && held !== undefined) {
          held.stuck ||= held.leaving === 'stop';
          held.leaving = undefined;
        }
        if (state === 'gone' && want !== 'flat') {
          const price = atMarket(open, want === 'long', true);
          if (tradable(price)) enter(want, price);
          else count('beyondTick');
        }
      }
    }
    if (waiting !== undefined) {
      const order = waiting;
      const up = order.side === 'long';
      if (order.expires !== undefined && order.expires <= candles.openTime[bar]) {
        waiting = undefined;
        count('expired');
      } else {
        const state = held === undefined ? 'gone' : leaveAtOpen(open, 'signal');
        if (state === 'stuck') waiting = undefined;
        if (state === 'gone') {
          const price = atMarket(open, up, true);
          if (order.limit === undefined) {
            waiting = undefined;
            if (tradable(price)) enter(order.side, price, order);
            else count('beyondTick');
          } else if (tradable(price) && better(price, limitOf(order.limit, up), up)) {
            waiting = undefined;
            enter(order.side, price, order);
          }
        }
      }
    }
    if (held === undefined || waiting !== undefined) return;
    const sells = held.side === 'long';
    if (held.stop !== undefined && better(open, held.stop, sells)) stopOut(open);
    else if (held.target !== undefined) {
      const price = atMarket(open, !sells, false);
      if (tradable(price) && better(price, held.target, !sells)) leave(price, 'target');
    }
  };

  const insideTheBar = (low: number, high: number): void => {
    if (waiting !== undefined) {
      const order = waiting;
      const up = order.side === 'long';
      const inTime = order.expires === undefined || order.expires >= candles.openTime[bar] + barMs;
      const limit = limitOf(order.limit ?? Number.NaN, up);
      const hurts = up ? low : high;
      if (held === undefined && inTime && through(withSpread(hurts, up, true), limit, up)) {
        waiting = undefined;
        enter(order.side, limit, order);
        const now = held as Held | undefined;
        if (now?.stop !== undefined && better(hurts, now.stop, up)) stopOut(now.stop);
      }
      return;
    }
    if (held === undefined || held.leaving !== undefined) return;
    const long = held.side === 'long';
    const [hurts, helps] = long ? [low, high] : [high, low];
    if (held.stop !== undefined && better(hurts, held.stop, long)) {
      // a stop that the open has already passed filled at the open, or does not fill in this bar
      if (!better(candles.open[bar], held.stop, long)) stopOut(held.stop);
    } else if (held.target !== undefined && through(withSpread(helps, !long, false), held.target, !long)) leave(held.target, 'target');
  };

  /** The market has closed: what is not filled now never is. */
  const die = (): void => {
    if (held?.leaving !== undefined) wanted ??= 'flat';
    if (waiting !== undefined) count('expired');
    if (wanted !== undefined && wanted !== (held?.side ?? 'flat')) count('expired');
    wanted = undefined;
    waiting = undefined;
    if (held !== undefined) held.leaving = undefined;
  };
  const closesAt = market.closesAt ?? Number.POSITIVE_INFINITY;

  for (bar = 0; bar < candles.length; bar++) {
    if (bar > 0) takeDecision(decisions[bar - 1]);
    const volume = candles.volume[bar];
    room = options.maxVolumeShare === null || Number.isNaN(volume) ? Number.POSITIVE_INFINITY : volume * options.maxVolumeShare;
    if (candles.openTime[bar] < closesAt) {
      atTheOpen(candles.open[bar]);
      // no order fills at prices of trades after the close
      if (wanted === undefined && candles.openTime[bar] + barMs <= closesAt) insideTheBar(candles.low[bar], candles.high[bar]);
    } else die();
    const equity = worth(candles.close[bar]);
    if (held !== undefined && equity <= 0 && market.kind === 'asset') {
      leave(candles.close[bar], 'ruin', true);
      for (; bar < candles.length; bar++) sum.states.push({ position: 0, entryPrice: null, cash: 0, equity: 0 });
      return sum;
    }
    const units = held === undefined ? 0 : held.side === 'long' ? held.size : -held.size;
    sum.states.push({ position: units, entryPrice: held?.price ?? null, cash, equity });
  }
  // a market that has closed has no next bar
  if (market.closesAt !== null) {
    takeDecision(decisions[candles.length - 1]);
    die();
  }
  return sum;
}
