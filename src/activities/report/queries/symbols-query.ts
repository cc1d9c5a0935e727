import type { State } from '../../../report/elements/glyphs.ts';
import type { SymbolIndexRow } from '../../../report/site/symbols-page.ts';
import type { Queryable } from '../../../storage/database/database.ts';
import { listSymbols } from '../../../storage/markets/catalogue.ts';
import { runHistory } from '../../../storage/runs/run-history.ts';
import { MAX_RUNS } from './history-query.ts';
import { symbolPrices } from './symbol-prices.ts';

/** Reads the rows of the index of symbols. @param now UTC epoch milliseconds */
export async function loadSymbolIndex(queryable: Queryable, now: number): Promise<readonly SymbolIndexRow[]> {
  const entries = await listSymbols(queryable);
  const states = new Map<string, State>();
  for (const run of await runHistory(queryable, MAX_RUNS)) {
    for (const [symbol, state] of Object.entries(run.states)) if (!states.has(symbol)) states.set(symbol, state);
    for (const symbol of run.openSymbols) if (!states.has(symbol)) states.set(symbol, 'pending');
  }
  const names = entries.map(({ symbol }) => symbol);
  const prices = await symbolPrices(queryable, names, now);
  return entries.map(({ symbol, title, enabled, priority }) => {
    const state = states.get(symbol) ?? null;
    return {
      symbol,
      title,
      enabled,
      priority,
      state,
      // a symbol's page is of the newest run that had it
      href: state === null ? null : `/symbols/${encodeURIComponent(symbol)}`,
      ...prices(symbol),
    };
  });
}
