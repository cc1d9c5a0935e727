import type { Instrument } from '../../contracts/market-data.ts';

type Stated = 'title' | 'opensAt' | 'closesAt' | 'closed' | 'resolution' | 'fees' | 'tickSize';

/** An instrument with the outcomes Yes and No, for a market that its venue calls `name`. Facts that are not given count as not stated. */
export const yesNoMarket = (source: string, name: string, facts: Pick<Instrument, Stated> & Partial<Instrument>): Instrument => ({
  id: `${source}:${name}`,
  source,
  market: 'probability',
  outcomes: ['Yes', 'No'],
  outcomeIds: ['yes', 'no'],
  twins: [],
  book: null,
  reference: name,
  ...facts,
});
