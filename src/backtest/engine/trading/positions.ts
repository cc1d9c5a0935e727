import type { Trade } from './trade.ts';

/** A closed position: the bars between which it was held, and its net profit. */
export interface ClosedPosition {
  readonly entryBar: number;
  readonly exitBar: number;
  readonly pnl: number;
  readonly settled: boolean;
}

export interface Positions {
  readonly count: number;
  /** Net profit of each position that was fully closed or settled, oldest first. */
  readonly closed: readonly number[];
  readonly positions: readonly ClosedPosition[];
  /** Number of independent draws among the closed positions. In one market each position is one, since positions follow each other. */
  readonly events: number;
}

/** Groups trades into positions: all trades of an entry bar are parts of one. A position with a part that ends as `mark` is still open. */
export function positionsOf(trades: readonly Pick<Trade, 'entryBar' | 'exitBar' | 'pnl' | 'end'>[]): Positions {
  const positions: ClosedPosition[] = [];
  let count = 0;
  for (let from = 0; from < trades.length; count++) {
    let pnl = 0;
    let whole = true;
    const { entryBar } = trades[from];
    for (; from < trades.length && trades[from].entryBar === entryBar; from++) {
      pnl += trades[from].pnl;
      whole &&= trades[from].end !== 'mark';
    }
    const { exitBar, end } = trades[from - 1];
    if (whole) positions.push({ entryBar, exitBar, pnl, settled: end === 'settlement' });
  }
  return { count, closed: positions.map(({ pnl }) => pnl), positions, events: positions.length };
}

interface HeldPosition {
  /** Id of the event to which the position's market belongs; its markets resolve together. */
  readonly event: string;
  readonly from: number;
  readonly to: number;
  readonly settled: boolean;
}

/**
 * Number of independent draws among positions in several markets. Positions of one event that overlap in time, or are held until its result
 * (a ladder of strikes on one date), count as one draw, since their prices move together.
 */
export function independentEvents(positions: readonly HeldPosition[]): number {
  const byEvent = new Map<string, HeldPosition[]>();
  for (const position of positions) {
    const others = byEvent.get(position.event);
    if (others === undefined) byEvent.set(position.event, [position]);
    else others.push(position);
  }
  let count = 0;
  for (const held of byEvent.values()) {
    let until = Number.NEGATIVE_INFINITY;
    for (const { from, to, settled } of [...held].sort((a, b) => a.from - b.from)) {
      if (from >= until) count++;
      until = Math.max(until, settled ? Number.POSITIVE_INFINITY : to);
    }
  }
  return count;
}
