import type { Trade } from './trade.ts';

/** Round trips: what the trade statistics count. */
export interface Positions {
  /** All that were taken. */
  readonly count: number;
  /** Net profit of each that was closed or settled whole, oldest first. */
  readonly closed: readonly number[];
}

/**
 * Puts the parts in which positions left back together: trades of one entry bar, since no two positions begin at the same bar. A
 * position of which a part is only marked is not closed.
 */
export function positionsOf(trades: readonly Pick<Trade, 'entryBar' | 'pnl' | 'end'>[]): Positions {
  const closed: number[] = [];
  let count = 0;
  for (let from = 0; from < trades.length; count++) {
    let pnl = 0;
    let whole = true;
    const { entryBar } = trades[from];
    for (; from < trades.length && trades[from].entryBar === entryBar; from++) {
      pnl += trades[from].pnl;
      whole &&= trades[from].end !== 'mark';
    }
    if (whole) closed.push(pnl);
  }
  return { count, closed };
}
