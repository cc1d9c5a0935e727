import type { BacktestTrade } from '../symbol/symbol-data.ts';

/** A position of one backtest: the trades of one entry, joined. */
export interface ComparedPosition {
  readonly size: number;
  readonly entryPrice: number;
  readonly exitTime: number;
  readonly pnl: number;
}

/** The positions that two backtests opened at the same time on the same side; null if only the other backtest opened one. */
export interface TradePair {
  readonly entryTime: number;
  readonly side: BacktestTrade['side'];
  readonly first: ComparedPosition | null;
  readonly second: ComparedPosition | null;
  readonly differs: boolean;
}

/** Relative difference above which two sizes, prices or profits count as different. */
const TOLERANCE = 1e-6;

/** Pairs the positions of two backtests by the time and side of their entries, in order of time. */
export const compareTrades = (first: readonly BacktestTrade[], second: readonly BacktestTrade[]): readonly TradePair[] => {
  const [ours, theirs] = [positionsByEntry(first), positionsByEntry(second)];
  return [...new Set([...ours.keys(), ...theirs.keys()])]
    .map((key): TradePair => {
      const [a, b] = [ours.get(key) ?? null, theirs.get(key) ?? null];
      const { entryTime, side } = (a ?? b) as Entry;
      return { entryTime, side, first: a, second: b, differs: a === null || b === null || !isSame(a, b) };
    })
    .sort((a, b) => a.entryTime - b.entryTime);
};

interface Entry extends ComparedPosition, Pick<TradePair, 'entryTime' | 'side'> {}

const positionsByEntry = (trades: readonly BacktestTrade[]): ReadonlyMap<string, Entry> => {
  const positions = new Map<string, Entry>();
  for (const { entryTime, side, size, entryPrice, exitTime, pnl } of trades) {
    const key = `${entryTime} ${side}`;
    const before = positions.get(key) ?? { entryTime, side, size: 0, entryPrice, exitTime, pnl: 0 };
    positions.set(key, { ...before, size: before.size + size, exitTime: Math.max(before.exitTime, exitTime), pnl: before.pnl + pnl });
  }
  return positions;
};

const isSame = (a: ComparedPosition, b: ComparedPosition): boolean =>
  a.exitTime === b.exitTime &&
  (['size', 'entryPrice', 'pnl'] as const).every(
    (key) => Math.abs(a[key] - b[key]) <= TOLERANCE * Math.max(1, Math.abs(a[key]), Math.abs(b[key])),
  );
