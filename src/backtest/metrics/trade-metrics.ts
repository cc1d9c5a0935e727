import { type Measured, undefinedBecause } from './measured.ts';

/** Win rate, profit factor and expectancy of closed positions. */
export interface TradeMetrics {
  /** Share of positions with a net profit above 0, in [0, 1]. */
  readonly winRate: Measured;
  /** Profit factor: Σ gains / |Σ losses|. */
  readonly profitFactor: Measured;
  /** Mean net profit per position, in units of the cash. */
  readonly expectancy: Measured;
}

/** Computes trade metrics from the net profit of each closed position (see `positionsOf`). */
export function tradeMetrics(pnls: readonly number[]): TradeMetrics {
  if (pnls.length === 0) {
    const none = undefinedBecause('no trade was closed');
    return { winRate: none, profitFactor: none, expectancy: none };
  }
  let wins = 0;
  let gains = 0;
  let losses = 0;
  for (const pnl of pnls) {
    if (pnl > 0) {
      wins++;
      gains += pnl;
    } else {
      losses -= pnl;
    }
  }
  return {
    winRate: wins / pnls.length,
    profitFactor: losses === 0 ? undefinedBecause('no trade lost money') : gains / losses,
    expectancy: (gains - losses) / pnls.length,
  };
}
