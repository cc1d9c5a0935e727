import path from 'node:path';
import type { Shape } from './world.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** A file of `src`, some of its code, and that code with the bug. */
interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A bug that was once in the code, and the worlds in which the model of venues must notice it. */
export interface Bug {
  readonly name: string;
  /** File of `src`, a part of its code, and that part with the bug. */
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  /** The kind of world in which the bug shows. @default the worlds of any seed */
  readonly worlds?: 'two venues' | 'points' | 'backfills' | 'witness' | 'mixed' | Shape;
  /** Number of worlds among which at least one must show the bug. @default 60 */
  readonly within?: number;
  /** The first seed. @default 1 */
  readonly first?: number;
}

/** The code of a file with changes. @throws when a change does not fit the code once: such a bug must be looked at again */
export function withBug(code: string, changes: readonly Change[]): string {
  let changed = code;
  for (const { file, from, to } of changes) {
    if (changed.split(from).length !== 2) throw new Error(`${file} does not contain this code exactly once: ${from}`);
    changed = changed.replace(from, () => to);
  }
  return changed;
}

const WALK = 'sources/walk/trade-walk.ts';
const LIFE = 'sources/catalogue/market-life.ts';
const ACTUAL_END = 'closed && closedAt !== undefined ? closedAt + SETTLE_MS : null';
const PLANNED_END = `planned !== null ? planned + SETTLE_MS : ${ACTUAL_END}`;
const END_OF = 'export const endOf = ({ closed, closedAt }: Life)';
const END_OF_ANY = 'export const endOf = ({ closed, closedAt, closesAt: planned }: any)';

export const BUGS: readonly Bug[] = [
  {
    name: 'trades before the horizon of a venue are not looked for in what the venue shows',
    changes: [
      {
        file: 'sources/walk/newest-first-walk.ts',
        from: 'oldest ?? Number.POSITIVE_INFINITY, horizon ?? undefined)',
        to: 'oldest ?? Number.POSITIVE_INFINITY)',
      },
    ],
    worlds: 'mixed',
  },
  {
    name: 'a page that announces the last one is taken for the last one, although it has a cursor',
    changes: [
      {
        file: 'sources/polymarket/trades.ts',
        from: "if (more === false && (isEmpty || typeof next !== 'string')) return null;",
        to: 'if (more === false) return null;',
      },
    ],
    worlds: { deniesMore: true },
  },
  {
    name: 'price points are claimed up to asOf while the venue may lie in other ways',
    changes: [
      {
        file: 'sources/polymarket/prices.ts',
        from: 'Math.min(seen - lateness, Math.max(newest - lateness, now - MAX_LATENESS_MS))',
        to: 'asOf - lateness',
      },
    ],
    worlds: 'mixed',
    within: 200,
  },
  {
    name: 'an id in other letter case is taken for another trade',
    changes: [{ file: 'sources/candidate.ts', from: 'return spelledId(tradeId);', to: 'return tradeId;' }],
    worlds: 'mixed',
  },
  {
    name: 'the trades that a venue states are not compared with the stored ones',
    changes: [{ file: 'market/second-witness.ts', from: "if (trades > mostTrades) return { verdict: 'lacks', said };", to: '' }],
    worlds: 'witness',
  },
  {
    name: 'rows that change places between two pages are not read again',
    changes: [
      {
        file: 'sources/walk/page-seam.ts',
        from: 'if (before === undefined || second === null ||',
        to: 'if (true || before === undefined || second === null ||',
      },
    ],
    worlds: { pageSize: 10, lateness: 'prompt' },
    within: 300,
  },
  {
    name: 'an order of rows that was stable once is trusted for ever',
    changes: [{ file: 'sources/walk/page-seam.ts', from: 'const TRUSTED_MS = 60_000;', to: 'const TRUSTED_MS = 1e15;' }],
    worlds: { cursors: 'row' },
  },
  {
    name: 'pages before the one with an unstable order are not read again',
    changes: [{ file: 'sources/walk/newest-first-walk.ts', from: 'if (reread.restart) {', to: 'if (false) {' }],
    worlds: { cursors: 'row' },
    within: 200,
  },
  {
    name: 'an expired cursor makes the walk fail',
    changes: [
      {
        file: 'sources/walk/newest-first-walk.ts',
        from: 'if (cursor === null || !(error instanceof',
        to: 'if (true || !(error instanceof',
      },
    ],
    worlds: { pageSize: 10, lateness: 'prompt' },
  },
  {
    name: 'price points are claimed up to asOf, whatever the venue has shown',
    changes: [
      {
        file: 'sources/polymarket/prices.ts',
        from: 'Math.min(seen - lateness, Math.max(newest - lateness, now - MAX_LATENESS_MS))',
        to: 'asOf - lateness',
      },
    ],
    worlds: 'points',
  },
  {
    name: 'a market that has ended is claimed to its end, however late its price points are',
    changes: [
      {
        file: 'sources/polymarket/prices.ts',
        from: '(newest + 2 * grain + SETTLE_MS >= end || now - MAX_LATENESS_MS >= end)',
        to: 'true',
      },
    ],
    worlds: 'points',
    within: 300,
  },
  {
    name: 'the bucket between two grains belongs to neither grain',
    changes: [
      {
        file: 'sources/polymarket/prices.ts',
        from: 'Math.min(until, Math.ceil(range.to / width) * width)',
        to: 'range.to - SECOND',
      },
    ],
    worlds: 'points',
    within: 20,
    first: 930,
  },
  {
    name: 'a backfill of a short market stops at a grain that the venue no longer has',
    changes: [{ file: 'sources/polymarket/price-ladder.ts', from: 'return isDropped || ', to: 'return ' }],
    worlds: 'backfills',
    within: 100,
  },
  {
    name: 'a window with nothing but the bucket across its end does not count as empty',
    changes: [
      {
        file: 'sources/polymarket/prices.ts',
        from: 'found.some(({ time }) => time === null || time < step.range.to || step.range.to === tradable.to)',
        to: 'found.length > 0',
      },
    ],
    worlds: 'points',
    within: 5,
    first: 1960,
  },
  {
    name: 'windows of price points are cut to 15 days before a second and a bucket are added',
    changes: [{ file: 'sources/polymarket/price-ladder.ts', from: '15 * DAY_MS - (2 * 10_800 + 2) * SECOND', to: '15 * DAY_MS' }],
    worlds: 'points',
  },
  {
    name: 'a backfill of a market that a later run has read reads only two pages',
    changes: [
      { file: WALK, from: 'Math.abs(seenUntil(question) - looked) < RIGHT_AFTER_MS', to: 'seenUntil(question) - looked < RIGHT_AFTER_MS' },
      { file: WALK, from: 'to - from < glanced', to: '(justLooked || to - from < glanced)' },
    ],
    within: 100,
  },
  {
    name: 'a planned end is taken for the end',
    changes: [
      { file: LIFE, from: ACTUAL_END, to: PLANNED_END },
      { file: LIFE, from: END_OF, to: END_OF_ANY },
    ],
  },
  {
    // alone, this one is hidden: the last look after a close reads what was traded after the planned end
    name: 'the planned end of a closed market is taken for its end, and the market is not read a last time',
    changes: [
      { file: LIFE, from: ACTUAL_END, to: `!closed ? null : ${PLANNED_END}` },
      { file: LIFE, from: END_OF, to: END_OF_ANY },
      { file: WALK, from: 'const lastLook = isOver && ', to: 'const lastLook = false && isOver && ' },
    ],
  },
  {
    name: 'a close is dated by a run with a past asOf',
    changes: [
      {
        file: LIFE,
        from: 'stated === undefined ? (noted?.closedAt ?? seen.clock)',
        to: 'stated === undefined ? (noted?.closedAt ?? seen.asOf)',
      },
    ],
    within: 300,
  },
  {
    name: 'coverage is claimed up to asOf',
    changes: [
      {
        file: WALK,
        from: '  const late = latenessOf(plan, state);\n  const settled = state.looked - late;',
        to: '  const late = 0;\n  const settled = plan.asOf;',
      },
    ],
  },
  {
    name: 'late rows withdraw no coverage',
    changes: [{ file: WALK, from: 'isLatest && plan.covered.some(', to: 'false && plan.covered.some(' }],
    within: 300,
  },
  {
    name: 'a first walk claims coverage as if it knew how late rows come',
    changes: [{ file: WALK, from: 'if (!isFirst) return settled;', to: 'if (isFirst || true) return settled;' }],
    first: 40,
  },
  {
    name: 'rows that should have been stored before do not make the walk go further back',
    changes: [{ file: WALK, from: 'isWhole || (isBelow && page.unknown.length === 0)', to: 'isBelow' }],
    worlds: { lateness: 'blackout' },
    within: 100,
  },
  {
    name: 'a walk ends where coverage starts, without an overlap',
    changes: [{ file: WALK, from: 'plan.floor - latenessOf(plan, seen))', to: 'plan.floor)' }],
    worlds: { lateness: 'rarely' },
    within: 100,
  },
  {
    name: 'a market is not read a last time after it was first seen closed',
    changes: [{ file: WALK, from: 'const lastLook = isOver && ', to: 'const lastLook = false && isOver && ' }],
    worlds: { lateness: 'with-the-close' },
    within: 60,
  },
  {
    name: 'a paging that ends early claims coverage down to its oldest row',
    changes: [
      { file: 'sources/walk/newest-first-walk.ts', from: 'return { seen: { newest,', to: 'return { seen: { newest, lowest: oldest,' },
      {
        file: WALK,
        from: '(page.newest ?? before.lastPage),',
        to: 'Math.min((before as any).lastPage ?? Infinity, (page as any).lowest ?? Infinity),',
      },
    ],
    worlds: { reaches: 40 },
  },
  {
    name: "one venue's failed discovery fails the symbol",
    changes: [
      {
        file: 'activities/stages/collect/collect-all.ts',
        from: "  if ('error' in found) return { error: found.error, worked: false };",
        to: "  if ('error' in found) throw found.error;",
      },
    ],
    worlds: 'two venues',
    within: 5,
  },
  {
    name: 'a source that failed for good makes the symbol fail',
    changes: [
      {
        file: 'activities/stages/collect/collect-failures.ts',
        from: 'if (errors[0] !== undefined && ![...ends.values()].some(({ worked }) => worked)) {',
        to: 'if (errors[0] !== undefined) {',
      },
    ],
    worlds: 'two venues',
    within: 5,
  },
  {
    name: 'a venue’s clock that is years off is believed',
    changes: [
      {
        file: 'sources/venue-clock.ts',
        from: 'return answered < asOf - MAX_LATENESS_MS || answered > ours + MAX_LATENESS_MS ? ours : answered;',
        to: 'return answered;',
      },
    ],
    worlds: { lies: true },
    within: 200,
  },
  {
    name: 'an empty or truncated list of trades is taken for the whole history',
    changes: [
      {
        file: 'sources/walk/newest-first-walk.ts',
        from: 'const isCut = page.next === null && (await isCutOff(',
        to: 'const isCut = false && (await isCutOff(',
      },
    ],
    worlds: { lies: true },
  },
  {
    name: 'outcomes are priced in the order in which they are listed',
    changes: [
      { file: 'sources/catalogue/same-outcomes.ts', from: 'const now = isSame ? found : reversed(found);', to: 'const now = found;' },
    ],
    worlds: { lies: true },
  },
  {
    name: 'a market with outcomes in the opposite order pays as if they were in the usual order',
    changes: [{ file: 'sources/catalogue/same-outcomes.ts', from: '{ ...resolution, payout: 1 - resolution.payout }', to: 'resolution' }],
    worlds: { lies: true },
    within: 300,
  },
  {
    name: 'outcome names that change places are taken over',
    changes: [
      {
        file: 'sources/catalogue/same-outcomes.ts',
        from: 'withEnding({ ...now, outcomes: earlier.outcomes }, earlier)',
        to: 'now',
      },
    ],
    worlds: { lies: true },
    within: 300,
  },
  {
    name: 'what was covered by a wrong end stays covered',
    changes: [
      {
        file: 'activities/stages/collect/collect-plan.ts',
        from: 'if (doubtfulFrom !== undefined) doubtful.set',
        to: 'if (false) doubtful.set',
      },
    ],
    worlds: { longAfter: 26 * 3_600_000 },
    within: 100,
  },
  {
    name: 'a settled market is never read again',
    changes: [
      {
        file: 'activities/stages/collect/collect-plan.ts',
        from: 'known.filter((each) => isToBeConfirmed(each, asOf))',
        to: 'known.filter(() => false)',
      },
    ],
    worlds: { longAfter: 26 * 3_600_000 },
  },
  {
    name: 'any one of contradicting rows on a page is stored',
    changes: [{ file: 'sources/candidate.ts', from: 'first === undefined || isSameContent(first, row) ? row', to: 'first !== null ? row' }],
    worlds: { longAfter: 26 * 3_600_000 },
  },
  {
    name: 'the walk after a confirmed result ends above what a wrong end had covered',
    changes: [{ file: WALK, from: 'const floor = lastLook ? ', to: 'const floor = false ? ' }],
    worlds: { longAfter: 26 * 3_600_000 },
    within: 100,
  },
  {
    name: 'a market is not read a last time after its result was confirmed',
    changes: [{ file: WALK, from: 'Math.max(seenClosedAt, confirmedAt)', to: 'seenClosedAt' }],
    worlds: { longAfter: 26 * 3_600_000 },
    within: 100,
  },
];
