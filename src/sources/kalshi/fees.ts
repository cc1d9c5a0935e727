import type { FeeSchedule } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { earlierFees, type StatedFees } from '../catalogue/fee-terms.ts';
import { readName, readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject, listInAnswer } from '../catalogue/schema-drift.ts';
import { remembered, undefinedIfRefused } from '../http/listing.ts';
import { noteChange } from '../http/request-tally.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { Http, QueryPairs } from '../http/venue-client.ts';
import { VENUE } from './markets.ts';

/** Time for which the fees of a series are remembered. It can be long, since the venue announces changes days ahead. */
const FEES_MS = DAY_MS / 4;
const NONE: StatedFees = { fees: null, earlier: [] };

/** The fees of a series, and the earlier ones that the venue lists; without any where the series is not known. */
export async function seriesFees(api: Http, series: string | null): Promise<StatedFees> {
  if (series === null) return NONE;
  return await remembered(api, `fees ${series}`, FEES_MS, async () => {
    const json = await undefinedIfRefused(api.get(`/series/${encodeURIComponent(series)}`));
    const fees = isObject(json) && isObject(json.series) ? feesOf(json.series.fee_type, json.series.fee_multiplier) : null;
    return fees === null ? NONE : { fees, earlier: (await changedFees(api, [['series_ticker', series]])).get(series) ?? [] };
  });
}

/** Lists the categories of all series, and remembers their fees. */
export const seriesCategories = (api: Http): Promise<ReadonlyMap<string, readonly unknown[]>> =>
  remembered(api, 'series', FEES_MS / 2, async () => {
    const listed = listInAnswer(await api.get('/series'), 'series', { venue: VENUE, where: '/series' }).filter(isObject);
    const changes = await changedFees(api);
    const categories = new Map<string, readonly unknown[]>();
    for (const { ticker, fee_type, fee_multiplier, category, categories: more } of listed) {
      const [series, fees] = [readName(ticker) ?? '', feesOf(fee_type, fee_multiplier)];
      const value = fees === null ? NONE : { fees, earlier: changes.get(series) ?? [] };
      api.memory.set(`fees ${series}`, { at: api.clock, value });
      categories.set(series, [category, ...(Array.isArray(more) ? (more as unknown[]) : [])]);
    }
    return categories;
  });

async function changedFees(api: Http, query: QueryPairs = []) {
  const json = await undefinedIfRefused(api.get('/series/fee_changes', [...query, ['show_historical', true]]));
  const listed = isObject(json) && Array.isArray(json.series_fee_change_arr) ? json.series_fee_change_arr.filter(isObject) : [];
  const changes = listed.map(({ series_ticker, scheduled_ts, fee_type, fee_multiplier }) => {
    return { series: readName(series_ticker), from: readTime(scheduled_ts).value, fees: feesOf(fee_type, fee_multiplier) };
  });
  return earlierFees(changes, api.clock);
}

/** Factor in a taker's fee per contract, which is 0.07·p·(1 − p) times a multiplier, rounded up to the cent per order. */
const RATE = 0.07;
const FEE_TYPES = new Set(['QUADRATIC', 'QUADRATIC_WITH_MAKER_FEES', 'QUADRATIC_WITH_COMBO_MAKER_FEES', 'FLAT']);

/** The fee schedule for the venue's fee type and multiplier; null without a type. An unknown one counts as the general fee, not as 0. */
export function feesOf(type: unknown, multiplier: unknown): FeeSchedule | null {
  const word = readName(type);
  if (word === null) return null;
  noteWord(VENUE, 'series', 'fee_type', word, FEE_TYPES);
  const given = multiplier === undefined || multiplier === null ? 1 : readNumber(multiplier).value;
  if (given === null || given < 0) noteChange(VENUE, 'series', `fee_multiplier ${JSON.stringify(multiplier)} cannot be read`);
  const times = given === null || given < 0 || !word.startsWith('quadratic') ? 1 : given;
  return { model: 'polymarket', rate: RATE * times, exponent: 1, roundUpTo: 0.01 };
}
