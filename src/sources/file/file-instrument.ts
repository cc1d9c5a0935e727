import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';

/** A file as a market, before its owner has said anything of it: it never closes, charges nothing and has no grid. */
export function fileInstrument(known: Pick<Instrument, 'id' | 'market' | 'title' | 'outcomes' | 'reference'>): Instrument {
  return {
    ...known,
    source: 'file',
    outcomeIds: [],
    opensAt: null,
    closesAt: null,
    closed: false,
    resolution: { kind: 'open' },
    fees: null,
    tickSize: null,
    twins: [],
    book: null,
  };
}

/**
 * The instrument with what its owner says of it. A market that has paid ends when it closed, or else with its last tick: then its
 * result became known, and a run as of an earlier instant does not know it.
 *
 * @param seen.lastTick where a payout is given without a close; UTC epoch milliseconds
 * @param seen.asOf the market counts as closed when it ended by then
 */
export function withOwnFacts(
  instrument: Instrument,
  { resolution, closesAt, fees, tick }: OwnFacts,
  { lastTick, asOf }: { readonly lastTick: number | null; readonly asOf: number },
): Instrument {
  const { closedAt: _, endsAt: __, ...before } = instrument;
  const endsAt = closesAt === undefined ? (resolution === undefined ? null : lastTick) : Date.parse(closesAt);
  const closed = endsAt !== null && endsAt <= asOf;
  return {
    ...before,
    closesAt: endsAt,
    ...(closesAt !== undefined && endsAt !== null && { endsAt }),
    closed,
    ...(closed && { closedAt: endsAt }),
    resolution: resolution === undefined ? { kind: 'open' } : { kind: 'settled', payout: resolution, at: endsAt },
    fees: fees ?? null,
    tickSize: tick ?? null,
  };
}

/** What was said of a market before, read back from it. */
export const ownFactsOf = ({ resolution, closesAt, fees, tickSize }: Instrument): OwnFacts => ({
  ...(resolution.kind === 'settled' && { resolution: resolution.payout }),
  ...(closesAt !== null && { closesAt: new Date(closesAt).toISOString() }),
  ...(fees !== null && {
    fees: { model: fees.model, rate: fees.rate, ...(fees.exponent !== undefined && { exponent: fees.exponent }) },
  }),
  ...(tickSize !== null && { tick: tickSize }),
});
