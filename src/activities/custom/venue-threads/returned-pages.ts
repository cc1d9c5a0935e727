import { badInput } from '../../../contracts/errors.ts';
import type { ListedMarkets, SharedTrades } from '../../../sources/venue.ts';

/** A page of a listing as a plugin's thread returned it. @throws PredictLabError BadInput when it is something else */
export function listedPage(venue: string, page: ListedMarkets): ListedMarkets {
  const { instruments, problems, matching }: Partial<Record<keyof ListedMarkets, unknown>> = page ?? {};
  if (Array.isArray(instruments) && Array.isArray(problems) && matching instanceof Set) return page;
  throw badInput(`${venue}: universe.list must yield { instruments: […], problems: […], matching: <Set of instrument ids> }`);
}

/** Shared trades as a plugin's thread returned them. @throws PredictLabError BadInput when they are something else */
export function sharedPage(venue: string, page: unknown): SharedTrades | undefined {
  if (page === undefined) return undefined;
  const { rows, after } = (page ?? {}) as Partial<Record<keyof SharedTrades, unknown>>;
  if (rows instanceof Map && typeof after === 'number' && !Number.isNaN(after)) return page as SharedTrades;
  throw badInput(`${venue}: sharedTrades must return { rows: <Map of rows by instrument id>, after: <milliseconds> } or undefined`);
}
