import { DAY_MS, SOURCE_TYPES } from '../../../contracts/words.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { mostActiveInstruments, recentCloses } from '../../../storage/runs/run-rows.ts';
import { type LastTick, lastTicks } from '../../../storage/ticks/symbol-rows.ts';

/** Prices of a symbol as lists show them. */
export interface SymbolPrices {
  /** Newest tick of its most active instrument; `null` when there is none. */
  readonly last: LastTick | null;
  /** Closes of the last seven days of that instrument, oldest first. */
  readonly spark: readonly LastTick[];
  /** Time between two of them, milliseconds. */
  readonly sparkStep: number;
}

/** The newest price and the last seven days of each symbol. @param now UTC epoch milliseconds */
export async function symbolPrices(
  queryable: Queryable,
  symbols: readonly string[],
  now: number,
): Promise<(symbol: string) => SymbolPrices> {
  const window = { from: now - 7 * DAY_MS, to: now };
  const active = await mostActiveInstruments(queryable, { symbols, sourceTypes: SOURCE_TYPES, ...window });
  const keys = active.map(({ instrumentKey }) => instrumentKey);
  const last = await lastTicks(queryable, { keys, kinds: active.map(({ kind }) => kind), until: now });
  const closes = await recentCloses(queryable, { instruments: active, ...window });
  const keyOf = new Map(active.map(({ symbol, instrumentKey }) => [symbol, instrumentKey]));
  return (symbol) => {
    const key = keyOf.get(symbol) ?? -1;
    const spark = closes.get(key);
    return { last: last.get(key) ?? null, spark: spark?.points ?? [], sparkStep: spark?.step ?? 3_600_000 };
  };
}
