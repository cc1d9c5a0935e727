import { HOUR, MINUTE, type Shape } from './world.ts';

/** Worlds in which one safeguard of the walk is all that keeps a row, or a claim from being too large. */
export const SHAPES: readonly { readonly name: string; readonly shape: Shape }[] = [
  {
    name: 'loses no row that comes alone, ten to twenty minutes late, below pages that are all known',
    shape: { lateness: 'rarely', every: 15 * MINUTE, count: 40, pageSize: 5, plain: true, outages: [] },
  },
  {
    name: 'loses no row of half a day in which the index was broken, and repaired while runs come every half hour',
    shape: { lateness: 'blackout', every: 30 * MINUTE, count: 90, pageSize: 10, plain: true, outages: [] },
  },
  {
    name: 'loses no row that is shown only when the market is called closed, long after its end was covered',
    shape: {
      lateness: 'with-the-close',
      every: 15 * MINUTE,
      count: 60,
      statesClose: true,
      closedAfter: 2 * HOUR,
      plain: true,
      outages: [],
    },
  },
  {
    name: 'claims nothing of what a paging that ends early has not reached, although late rows reach further',
    shape: { lateness: 'stragglers', every: 4 * HOUR, count: 10, pageSize: 10, reaches: 40, plain: true, outages: [] },
  },
  {
    name: 'stores, claims and dates nothing by what a venue says for a while that is not so',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: true, count: 14 },
  },
  {
    name: 'loses no row where a page says beside a cursor that there is no more',
    shape: { lateness: 'prompt', plain: true, outages: [], count: 14, pageSize: 20, deniesMore: true },
  },
  {
    name: 'goes on with a market that was called closed and opens again, takes over a result that is turned round, and of rows that contradict each other the first',
    shape: { lateness: 'prompt', outages: [], lies: ['closed', 'flipped', 'doubled'], count: 14, longAfter: 26 * HOUR },
  },
  {
    name: 'loses no row where the order inside a second changes from answer to answer and cursors expire',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: ['shuffled', 'expired'], count: 14, pageSize: 10, cursors: 'offset' },
  },
  {
    name: 'loses no row where the order inside a second changes and cursors name the last row of a page',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: ['shuffled', 'expired'], count: 14, pageSize: 10, cursors: 'row' },
  },
];
