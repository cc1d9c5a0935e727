import { HOUR, MINUTE, type Shape } from './world.ts';

/** Worlds in which one safeguard of the walk is all that keeps a row, or a claim from being too large. */
export const SHAPES: readonly { readonly name: string; readonly shape: Shape }[] = [
  {
    name: 'loses no row that comes alone, ten to twenty minutes late, on pages below those with known rows only',
    shape: { lateness: 'rarely', every: 15 * MINUTE, count: 40, pageSize: 5, plain: true, outages: [] },
  },
  {
    name: 'loses no row of the half day in which its index was broken, even if it is repaired between runs every half hour',
    shape: { lateness: 'blackout', every: 30 * MINUTE, count: 90, pageSize: 10, plain: true, outages: [] },
  },
  {
    name: 'loses no row that it shows only when it calls the market closed, long after the end was covered',
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
    name: 'gets nothing claimed that a paging which ends early has not reached, although late rows reach further back',
    shape: { lateness: 'stragglers', every: 4 * HOUR, count: 10, pageSize: 10, reaches: 40, plain: true, outages: [] },
  },
  {
    name: 'gets nothing stored, claimed or dated by a wrong statement that it makes for a while',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: true, count: 14 },
  },
  {
    name: 'loses no row when a page has a cursor and also announces that there is no more',
    shape: { lateness: 'prompt', plain: true, outages: [], count: 14, pageSize: 20, deniesMore: true },
  },
  {
    name: 'may reopen a market, reverse a result or list contradicting rows: collection continues, takes the result over and keeps the first row',
    shape: { lateness: 'prompt', outages: [], lies: ['closed', 'flipped', 'doubled'], count: 14, longAfter: 26 * HOUR },
  },
  {
    name: 'loses no row when the order inside a second changes from answer to answer and cursors expire',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: ['shuffled', 'expired'], count: 14, pageSize: 10, cursors: 'offset' },
  },
  {
    name: 'loses no row when the order inside a second changes and a cursor is the last row of a page',
    shape: { lateness: 'prompt', plain: true, outages: [], lies: ['shuffled', 'expired'], count: 14, pageSize: 10, cursors: 'row' },
  },
];
