import type { Instrument } from '../../contracts/market-data.ts';
import type { OwnFacts } from '../../contracts/own-facts.ts';

/** A file as a market without facts from its owner: it never closes, has no fees and no tick size. */
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
 * Adds the facts that a file's owner states. A settled market ends at its stated close, or else with its last tick. A run with an `asOf`
 * before the end does not know the result.
 * @param seen.lastTick time of the last tick where a payout is given without a close; UTC epoch milliseconds
 * @param seen.asOf the market counts as closed when it ended by then
 */
export function withOwnFacts(
  instrument: Instrument,
  { resolution, closesAt, endsAt, closedAt, event, fees, tick }: OwnFacts,
  { lastTick, asOf }: { readonly lastTick: number | null; readonly asOf: number },
): Instrument {
  const { closedAt: _, endsAt: __, event: ___, ...before } = instrument;
  const said = closedAt ?? closesAt;
  const close = said === undefined ? (resolution === undefined ? null : lastTick) : Date.parse(said);
  const announced = endsAt ?? closesAt;
  const closed = close !== null && close <= asOf;
  return {
    ...before,
    closesAt: close ?? (announced === undefined ? null : Date.parse(announced)),
    ...(announced !== undefined && { endsAt: Date.parse(announced) }),
    closed,
    ...(closed && { closedAt: close }),
    ...(event !== undefined && { event }),
    resolution: resolution === undefined ? { kind: 'open' } : { kind: 'settled', payout: resolution, at: close },
    fees: fees ?? null,
    tickSize: tick ?? null,
  };
}

/** The facts that an owner stated about a market, read back from its instrument. */
export const ownFactsOf = ({ resolution, closesAt, closedAt, endsAt, event, fees, tickSize }: Instrument): OwnFacts => ({
  ...(resolution.kind === 'settled' && { resolution: resolution.payout }),
  ...endsOf({ closesAt, closedAt, endsAt }),
  ...(event !== undefined && { event }),
  ...(fees !== null && {
    fees: { model: fees.model, rate: fees.rate, ...(fees.exponent !== undefined && { exponent: fees.exponent }) },
  }),
  ...(tickSize !== null && { tick: tickSize }),
});

/** The planned and the real end as the fields of `OwnFacts`; a single `closesAt` where both are equal. */
function endsOf({ closesAt, closedAt, endsAt }: Pick<Instrument, 'closesAt' | 'closedAt' | 'endsAt'>): OwnFacts {
  const iso = (time: number): string => new Date(time).toISOString();
  const close = closedAt ?? closesAt;
  if (close === null || close === endsAt) return close === null ? {} : { closesAt: iso(close) };
  return { ...(endsAt !== undefined && { endsAt: iso(endsAt) }), closedAt: iso(close) };
}
