import type { CandidateRow } from '../../src/contracts/market-data.ts';

/** A good trade as a venue's adapter hands it over, distinguished by its time alone. */
export const trade = (time: number, facts: Partial<CandidateRow> = {}): CandidateRow => ({
  kind: 'trade',
  time,
  price: 0.5,
  size: 1,
  side: 'buy',
  outcome: 'Yes',
  tradeId: null,
  identity: `t${time}`,
  raw: '{}',
  defect: null,
  ...facts,
});
