import type { Instrument } from '../../contracts/market-data.ts';

/** What a file is as a market: it names no venue's facts, so it never closes, charges nothing and has no grid. */
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
