import type { Trade } from './trade.ts';

/** A closed position: when it was held, by the bars of its market, and what it brought. */
export interface ClosedPosition {
  readonly entryBar: number;
  readonly exitBar: number;
  readonly pnl: number;
  /** Held to the market's result. */
  readonly settled: boolean;
}

/** Round trips: what the trade statistics count. */
export interface Positions {
  /** All that were taken. */
  readonly count: number;
  /** Net profit of each that was closed or settled whole, oldest first. */
  readonly closed: readonly number[];
  readonly positions: readonly ClosedPosition[];
  /** Independent draws among the closed ones: in one market each round trip, since they come one after the other. */
  readonly events: number;
}

/**
 * Puts the parts in which positions left back together: trades of one entry bar, since no two positions begin at the same bar. A
 * position of which a part is only marked is not closed.
 */
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

/** A position in one of several markets; times are UTC epoch milliseconds. */
interface HeldPosition {
  /** What resolves together with others. */
  readonly event: string;
  readonly from: number;
  readonly to: number;
  readonly settled: boolean;
}

/**
 * Independent draws among positions in several markets: those of one event that overlap in time move together, and all that were held to
 * its result share that, so that they count as one (a ladder of strikes on one date is one draw).
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
