import type { Instrument, Resolution } from '../../../contracts/market-data.ts';
import { readName, readNumber, readTime } from '../../catalogue/scalars.ts';
import { isObject } from '../../catalogue/schema-drift.ts';
import type { VenueClient } from '../../http/venue-client.ts';
import { VenueError } from '../../http/venue-error.ts';
import { type Call, VENUE } from '../api.ts';

/** The venue takes no more ids in one question. */
const BATCH = 20;
/** Payouts are millionths of a dollar per share. */
const WHOLE = 1_000_000;

export interface SettledInstruments {
  readonly instruments: readonly Instrument[];
  readonly requests: number;
}

/**
 * Looks up what closed markets pay whose final prices do not say it: scalar results, disputes that have been decided since.
 * Gamma's prices come first because they need no request of their own; this route only fills in, so a venue without it is
 * no trouble.
 */
export async function settleByPayouts(data: VenueClient, instruments: readonly Instrument[], call: Call): Promise<SettledInstruments> {
  const open = instruments.filter(({ resolution }) => resolution.kind === 'unresolved');
  const settled = new Map<string, Resolution>();
  let requests = 0;
  for (let from = 0; from < open.length; from += BATCH) {
    const ids = open.slice(from, from + BATCH).map(({ id }) => id.slice(`${VENUE}:`.length));
    const query = [['condition', ids.join(',')]] as const;
    try {
      const answer = await data.get({ path: '/v2/resolutions', query, family: 'polymarket/data-general', ...call });
      requests += answer.requests;
      for (const [id, resolution] of readResolutions(answer.json)) settled.set(id, resolution);
    } catch (error) {
      if (!(error instanceof VenueError) || error.type !== 'BadInput') throw error;
      requests += 1;
    }
  }
  const withPayout = (instrument: Instrument): Instrument => ({
    ...instrument,
    resolution: settled.get(instrument.id.toLowerCase()) ?? instrument.resolution,
  });
  return {
    instruments: instruments.map((instrument) => (instrument.resolution.kind === 'unresolved' ? withPayout(instrument) : instrument)),
    requests,
  };
}

/** Final resolutions of an answer, by instrument id; what is not final or no payoff is left out. */
export function readResolutions(json: unknown): ReadonlyMap<string, Resolution> {
  const list: readonly unknown[] = isObject(json) && Array.isArray(json.data) ? (json.data as unknown[]) : [];
  return new Map(
    list.flatMap((item): [string, Resolution][] => {
      if (!isObject(item) || item.status !== 'resolved' || !Array.isArray(item.payouts)) return [];
      const id = readName(item.condition_id);
      const [first, second] = (item.payouts as unknown[]).map((payout) => readNumber(payout).value);
      // zero-zero is the legacy market without a payoff
      if (id === null || first === null || second === null || first + second !== WHOLE) return [];
      return [[`${VENUE}:${id}`.toLowerCase(), { kind: 'settled', payout: first / WHOLE, at: readTime(item.resolved_at).value }]];
    }),
  );
}
