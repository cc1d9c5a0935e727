import { PredictLabError } from '../../../contracts/errors.ts';
import type { Instrument, SettlementSign } from '../../../contracts/market-data.ts';
import { withSign } from '../../../market/settlement.ts';
import { conditionId } from '../../catalogue/condition-id.ts';
import { readName, readNumber, readTime } from '../../catalogue/scalars.ts';
import { isObject, type JsonObject } from '../../catalogue/schema-drift.ts';
import { noteChange } from '../../http/request-tally.ts';
import { noteWord, type RowRoute, rowsOfAnswer } from '../../http/venue-changes.ts';
import type { Http } from '../../http/venue-client.ts';
import { isRefusal } from '../../http/venue-error.ts';
import { VENUE } from '../trades.ts';

/** Maximum number of ids that the venue accepts in one request. */
const BATCH = 20;
/** A full payout, one dollar per share, in millionths of a dollar. */
const FULL_PAYOUT = 1_000_000;
/** Number that the venue writes for a price that is not set. */
const UNSET = 69;
const FINAL = 'resolved';
/** Known statuses of a resolution record, from the venue's clients and recordings. An unknown one is noted and leaves the result open. */
const STATUSES = new Set('INITIALIZED POSED PROPOSED REPROPOSED CHALLENGED DISPUTED ACTIVE ARBITRATION RESOLVED'.split(' '));

export interface ResolutionRecord {
  readonly sign: SettlementSign;
  readonly at: number | null;
}

/**
 * Reads the resolution records of closed markets whose result is not final by Gamma's answer: scalar results, decided disputes, markets
 * without a status. At a host without the route, only the second sign of the result is missing.
 */
export async function settleByPayouts(data: Http, instruments: readonly Instrument[]): Promise<readonly Instrument[]> {
  const open = instruments.filter(({ resolution }) => resolution.kind === 'unresolved');
  const records = new Map<string, ResolutionRecord>();
  for (let from = 0; from < open.length; from += BATCH) {
    const ids = open.slice(from, from + BATCH).map(({ id }) => id.slice(`${VENUE}:`.length));
    const query = [['condition', ids.join(',')]] as const;
    try {
      const json = await data.get('/v2/resolutions', query, 'data-general');
      for (const [id, record] of readResolutions(readResolutionPage(json))) records.set(id, record);
    } catch (error) {
      // Without resolution records the results stay proposed, and no row is lost.
      if (error instanceof PredictLabError && error.type === 'SourceSchemaChanged')
        noteChange(VENUE, '/v2/resolutions', 'cannot be read: it has no list of records, or none with an id and a status');
      else if (!isRefusal(error)) throw error;
    }
  }
  return instruments.map((instrument) => {
    const record = records.get(instrument.id);
    return record === undefined || instrument.resolution.kind !== 'unresolved' ? instrument : withSign(instrument, record.sign, record.at);
  });
}

const ALWAYS = ['condition_id', 'status'];
const ROUTE: RowRoute = {
  venue: VENUE,
  where: '/v2/resolutions',
  list: 'data',
  required: ALWAYS.map((name) => [name]),
  fields: {
    known: (
      'question_id condition_id status extended_review expected_settlement_time settlement_time_basis was_disputed new_version_q ' +
      'proposed_price reproposed_price price transaction_hash log_index last_update_timestamp market_type payouts resolution_source ' +
      'reporter was_arbitrated resolved_block resolved_at'
    ).split(' '),
    always: ALWAYS,
    neverNull: ALWAYS,
    least: 1,
  },
};

/** Returns the records of an answer. @throws PredictLabError SourceSchemaChanged without a list, or where all records lack id or status */
export const readResolutionPage = (json: unknown): readonly unknown[] => rowsOfAnswer(json, ROUTE);

/** Reads resolution records, by instrument id. A record that is not resolved is a sign that the result is open. */
export function readResolutions(list: readonly unknown[]): ReadonlyMap<string, ResolutionRecord> {
  return new Map(
    list.flatMap((item): [string, ResolutionRecord][] => {
      const id = isObject(item) ? readName(item.condition_id) : null;
      const sign = isObject(item) ? signOf(item) : undefined;
      if (!isObject(item) || id === null || sign === undefined) return [];
      const at = readTime(item.resolved_at).value ?? readTime(item.last_update_timestamp).value;
      return [[`${VENUE}:${conditionId(id)}`, { sign, at }]];
    }),
  );
}

function signOf({ status, payouts, price, was_disputed: disputed }: JsonObject): SettlementSign | undefined {
  const word = readName(status)?.toLowerCase();
  if (word === undefined) return undefined;
  noteWord(VENUE, '/v2/resolutions', 'status', word, STATUSES);
  // All other statuses, such as posed and initialized, mean that there is no result yet.
  if (word !== FINAL) return { sign: 'record', payout: null, said: word, pending: true };
  const suffix = disputed === true ? ' (was disputed)' : '';
  const named = [payouts, price].filter((each) => each !== null && each !== undefined);
  if (named.length === 0) noteChange(VENUE, '/v2/resolutions', 'a resolved record has neither payouts nor a price');
  else if (named[0] === payouts && !Array.isArray(payouts)) noteChange(VENUE, '/v2/resolutions', 'payouts are not a list');
  else if (named[0] === price && readNumber(price).value === null) noteChange(VENUE, '/v2/resolutions', 'price is not a number');
  if (Array.isArray(payouts)) {
    const [first, second] = (payouts as unknown[]).map((payout) => readNumber(payout).value);
    // Payouts of 0/0 mark a legacy market without a payoff.
    if (first === null || second === null || first === undefined || first + second !== FULL_PAYOUT) return undefined;
    return { sign: 'record', payout: first / FULL_PAYOUT, said: `${first}/${second}${suffix}` };
  }
  const number = readNumber(price).value;
  const payout = number === null ? null : payoutOfPrice(number);
  return payout === null ? undefined : { sign: 'record', payout, said: `price ${String(price)}${suffix}`, unsure: true };
}

/**
 * The payout for an oracle's price. Its scale is not documented: prices occur as fractions, in millionths, and in the oracle's own 10^18.
 * The smallest scale that fits is used, so this sign of a result is always unsure.
 */
function payoutOfPrice(price: number): number | null {
  if (price === UNSET || price < 0) return null;
  const scale = [1, FULL_PAYOUT, 1e18].find((each) => price <= each);
  return scale === undefined ? null : price / scale;
}
