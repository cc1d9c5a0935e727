import type { EarlierTerms, FeeSchedule } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { readName, readNumber, readTime } from '../catalogue/scalars.ts';
import { isObject } from '../catalogue/schema-drift.ts';
import { remembered, undefinedIfRefused } from '../http/listing.ts';
import { noteChange } from '../http/request-tally.ts';
import { noteWord } from '../http/venue-changes.ts';
import type { Http } from '../http/venue-client.ts';
import { type KalshiFees, VENUE } from './markets.ts';

/** Time for which the fees of a series are remembered; the venue announces changes days ahead. */
const FEES_MS = DAY_MS / 4;
const NONE: KalshiFees = { fees: null, earlier: [] };

/** The fees of a series and the earlier ones that the venue lists; null where the series is not known. */
export async function seriesFees(api: Http, series: string | null): Promise<KalshiFees> {
  if (series === null) return NONE;
  return await remembered(api, `fees ${series}`, FEES_MS, async () => {
    const json = await undefinedIfRefused(api.get(`/series/${encodeURIComponent(series)}`));
    const facts = isObject(json) && isObject(json.series) ? json.series : undefined;
    const fees = facts === undefined ? null : feesOf(facts.fee_type, facts.fee_multiplier);
    return fees === null ? NONE : { fees, earlier: await earlierFees(api, series) };
  });
}

/** The fees before each change that has happened, oldest first; what applied before the first listed change is not known. */
async function earlierFees(api: Http, series: string): Promise<readonly EarlierTerms[]> {
  const query = [['series_ticker', series] as const, ['show_historical', true] as const];
  const json = await undefinedIfRefused(api.get('/series/fee_changes', query));
  const listed: readonly unknown[] = isObject(json) && Array.isArray(json.series_fee_change_arr) ? json.series_fee_change_arr : [];
  const changes = listed
    .filter(isObject)
    .filter((change) => change.series_ticker === series)
    .map((change) => ({ from: readTime(change.scheduled_ts).value, fees: feesOf(change.fee_type, change.fee_multiplier) }))
    .filter((change): change is { from: number; fees: FeeSchedule | null } => change.from !== null && change.from <= api.clock)
    .sort((a, b) => a.from - b.from);
  return changes.slice(1).map(({ from }, index) => ({ until: from, fees: changes[index].fees, tickSize: null }));
}

/** Taker's fee per contract: 0.07·p·(1 − p), times the multiplier, rounded up to the cent per order. */
const RATE = 0.07;
const FEE_TYPES = new Set(['QUADRATIC', 'QUADRATIC_WITH_MAKER_FEES', 'QUADRATIC_WITH_COMBO_MAKER_FEES', 'FLAT']);

/** Fees of a type and a multiplier; null without a type. What cannot be read counts as the general fee, never as none. */
export function feesOf(type: unknown, multiplier: unknown): FeeSchedule | null {
  const word = readName(type);
  if (word === null) return null;
  noteWord(VENUE, 'series', 'fee_type', word, FEE_TYPES);
  const given = multiplier === undefined || multiplier === null ? 1 : readNumber(multiplier).value;
  if (given === null || given < 0) noteChange(VENUE, 'series', `fee_multiplier ${JSON.stringify(multiplier)} cannot be read`);
  const times = given === null || given < 0 || !word.startsWith('quadratic') ? 1 : given;
  return { model: 'polymarket', rate: RATE * times, exponent: 1, roundUpTo: 0.01 };
}
