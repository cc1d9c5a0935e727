import type { BacktestTrade } from './symbol-data.ts';

/** A position from its entry to its last exit; one that left in parts has several exits. */
export interface Position {
  readonly side: BacktestTrade['side'];
  readonly size: number;
  readonly entryTime: number;
  readonly entryPrice: number;
  /** Oldest first. */
  readonly exits: readonly { readonly time: number; readonly price: number; readonly size: number }[];
}

/** Joins trades of one entry, which each have a part of the position, into positions. @param trades in the order of their entries */
export const drawnPositions = (trades: readonly BacktestTrade[]): readonly Position[] => {
  const groups: BacktestTrade[][] = [];
  for (const trade of trades) {
    const last = groups.at(-1);
    const first = last?.[0];
    if (first?.entryTime === trade.entryTime && first.side === trade.side && first.entryPrice === trade.entryPrice) last?.push(trade);
    else groups.push([trade]);
  }
  return groups.map((parts) => ({
    side: parts[0].side,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    entryTime: parts[0].entryTime,
    entryPrice: parts[0].entryPrice,
    exits: parts.map(({ exitTime, exitPrice, size }) => ({ time: exitTime, price: exitPrice, size })).sort((a, b) => a.time - b.time),
  }));
};

/** The size-weighted mean price of a position's exits. */
export const exitPrice = ({ exits, size }: Position): number => exits.reduce((sum, exit) => sum + exit.price * exit.size, 0) / size;
