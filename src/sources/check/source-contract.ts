import { isDeepStrictEqual } from 'node:util';
import { messageOf, PredictLabError } from '../../contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../contracts/market-data.ts';
import { DAY_MS } from '../../contracts/words.ts';
import { rereadRow } from '../create-sources.ts';
import type { CollectRequest, Discovery, Source, SourcePage } from '../source.ts';

/** A source, and the inputs for checking it against the contract of all sources. */
export interface SourceUnderCheck {
  readonly name: string;
  readonly source: Source;
  /** Selectors that match at least two instruments. The first open instrument has at least two pages and 50 rows in the window. */
  readonly selectors: readonly unknown[];
  /** A selector that matches nothing. */
  readonly unknown: unknown;
  readonly window: TimeRange;
  /** Whether the source may claim the whole window as covered, because its rows are never late. @default false */
  readonly isComplete?: boolean;
  /** Runs work while the venue answers every request with an empty object. @default the source sends no requests */
  readonly withEmptyAnswers?: (work: () => Promise<void>) => Promise<void>;
}

export interface ContractRule {
  /** A duty of every source, as a clause that follows the source's name. */
  readonly title: string;
  /** @throws BrokenRule that says what the source did instead */
  check(subject: SourceUnderCheck): Promise<void>;
}

/** A violation of the contract: what the source did, and what it has to do. */
export class BrokenRule extends Error {
  override readonly name = 'BrokenRule';
}

function must(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new BrokenRule(problem);
}

/** Lateness of rows that the check tells the source to expect, in milliseconds: more recent time must not be claimed as covered. */
const LATENESS = 600_000;
const MIN_ROWS = 50;
const never = new AbortController().signal;
const iso = (time: number): string => new Date(time).toISOString();

async function discover({ source, selectors, window }: SourceUnderCheck, own = selectors): Promise<Discovery> {
  return await source.discover({ symbol: 'SYMBOL', selectors: own, window, asOf: window.to, known: [], signal: never });
}

async function first(subject: SourceUnderCheck): Promise<Instrument> {
  const { instruments } = await discover(subject);
  // an open market is preferred: an ended one has no late rows, so all of its time is claimed
  const instrument = instruments.find(({ closed }) => !closed) ?? instruments.at(0);
  must(instrument !== undefined, 'discover found no instrument for the selectors; choose two markets that the recorded answers hold');
  return instrument;
}

async function collect(
  subject: SourceUnderCheck,
  instrument: Instrument,
  facts: Partial<CollectRequest> = {},
  pages: SourcePage[] = [],
): Promise<SourcePage[]> {
  const { source, selectors, window } = subject;
  const nothing: CollectRequest['before'] = {
    covered: { trade: [], price: [] },
    looked: { trade: null, price: null },
    isStored: () => Promise.resolve([]),
    hasTradesBefore: () => Promise.resolve(false),
  };
  const asked = { asOf: window.to, clock: window.to, lateness: LATENESS, refetch: false, cursor: undefined, signal: never };
  for await (const page of source.collect({ instrument, selectors, window, before: nothing, ...asked, ...facts })) pages.push(page);
  return pages;
}

const rowsOf = (pages: readonly SourcePage[]): CandidateRow[] => pages.flatMap(({ rows }) => rows);
const identitiesOf = (pages: readonly SourcePage[]): string[] => rowsOf(pages).map(({ identity }) => identity);

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The problem of an instrument; undefined if it is valid. */
function factProblem({ id, source, title, reference, outcomes, outcomeIds, fees, tickSize, twins }: Instrument, name: string) {
  if (!id.startsWith(`${name}:`)) return `its id must start with "${name}:"`;
  if (source !== name) return `its source is ${JSON.stringify(source)}; it must be "${name}"`;
  if (!title || !reference) return 'it needs a title and a reference';
  if (outcomeIds.length > 0 && (outcomes.length !== 2 || outcomeIds.length !== 2))
    return 'it needs two outcomes with two outcomeIds; the first is the one that is priced';
  if (fees !== null && !(Number.isFinite(fees.rate) && fees.rate >= 0))
    return `its fee rate is ${fees.rate}; it must be 0 or more, or fees null`;
  if (tickSize !== null && !(tickSize > 0 && tickSize < 1)) return `its tickSize is ${tickSize}; it must lie between 0 and 1, or be null`;
  const twin = twins.find((other) => !/^[a-z][a-z\d-]*:./.test(other));
  return twin === undefined ? undefined : `its twin ${JSON.stringify(twin)} is not an id such as "polymarket:0x…"`;
}

/** The problem of a row, in a recording whose rows should all be valid; undefined if it is valid. */
function rowProblem({ identity, raw, defect, time, price }: CandidateRow, { from, to }: TimeRange): string | undefined {
  if (identity === '' || raw === '') return 'it needs an identity and its original text';
  if (defect !== null) return `it has the defect ${defect}`;
  if (time === null || time < from || time > to) return `its time ${time === null ? 'is null' : iso(time)} lies outside of the window`;
  return price !== null && price > 0 && price < 1 ? undefined : `its price ${price} does not lie between 0 and 1`;
}

/** The contract of every source. The test suite and `predictlab venue check` apply the same rules. */
export const SOURCE_CONTRACT: readonly ContractRule[] = [
  {
    title: 'finds the same instruments in the same order every time, named after the source',
    async check(subject) {
      const [once, again] = [await discover(subject), await discover(subject)];
      must(once.problems.length === 0, `discover reported problems for selectors that match: ${once.problems.join('; ')}`);
      must(once.instruments.length >= 2, `discover found ${once.instruments.length} instruments; choose selectors that match two`);
      must(isDeepStrictEqual(once.instruments, again.instruments), 'discover found other instruments, or another order, the second time');
      for (const instrument of once.instruments) {
        const problem = factProblem(instrument, subject.name);
        must(problem === undefined, `instrument ${instrument.id}: ${problem}`);
      }
    },
  },
  {
    title: 'finds a market alone by the selector that names it',
    async check(subject) {
      const instrument = await first(subject);
      const selector = await subject.source.selectorOf(instrument);
      if (selector === undefined) return;
      const { instruments } = await discover(subject, [selector]);
      const found = instruments.map(({ id }) => id).join(', ') || 'nothing';
      must(found === instrument.id, `selectorOf(${instrument.id}) is ${JSON.stringify(selector)}, which finds ${found}`);
    },
  },
  {
    title: 'delivers rows of the window with an identity and their original text',
    async check(subject) {
      const instrument = await first(subject);
      const { id } = instrument;
      const rows = rowsOf(await collect(subject, instrument));
      const copies = rows.filter(({ identity }) => /#\d+$/.test(identity)).length;
      must(
        copies <= rows.length / 2,
        `${copies} of ${rows.length} rows have the identity of others; give each trade its tradeId or its content`,
      );
      must(rows.length > MIN_ROWS, `${id} has ${rows.length} rows in the window; record one with more than ${MIN_ROWS}`);
      for (const row of rows) {
        const problem = rowProblem(row, subject.window);
        must(problem === undefined, `row ${row.raw.slice(0, 200)}: ${problem}`);
      }
    },
  },
  {
    title: 'gives each row the same identity whenever it is met',
    async check(subject) {
      const instrument = await first(subject);
      const [once, again] = [await collect(subject, instrument), await collect(subject, instrument)];
      must(isDeepStrictEqual(identitiesOf(once), identitiesOf(again)), 'the same rows had other identities the second time');
      const trades = rowsOf(once).filter(({ kind }) => kind === 'trade');
      const seen = new Set<string>();
      for (const { identity, raw } of trades) {
        must(!seen.has(identity), `two trades have the identity ${identity}, such as ${raw.slice(0, 200)}`);
        seen.add(identity);
      }
    },
  },
  {
    title: 'reads a row of the quarantine again from its original text',
    async check(subject) {
      const instrument = await first(subject);
      for (const row of rowsOf(await collect(subject, instrument)).slice(0, MIN_ROWS)) {
        const again = await rereadRow(row.raw, row.kind, instrument);
        if (again === undefined) continue;
        const isSame = again.time === row.time && again.price === row.price && again.size === row.size && again.tradeId === row.tradeId;
        must(isSame, `readTrade reads another trade from the text of a row that it wrote: ${row.raw.slice(0, 200)}`);
      }
    },
  },
  {
    title: 'goes on right after any page, given its cursor',
    async check(subject) {
      const instrument = await first(subject);
      const whole = await collect(subject, instrument);
      must(whole.length >= 2, 'the first instrument has a single page; record one with at least two');
      for (const [index, { cursor }] of whole.entries()) {
        const rest = await collect(subject, instrument, { cursor: JSON.parse(JSON.stringify(cursor)) as typeof cursor });
        const isContinued = isDeepStrictEqual(identitiesOf(rest), identitiesOf(whole.slice(index + 1)));
        must(isContinued, `with the cursor of page ${index + 1} it delivered other rows than those after that page`);
      }
    },
  },
  {
    title: 'covers the window less the lateness that is expected with its last page, and nothing outside',
    async check(subject) {
      const { window } = subject;
      const instrument = await first(subject);
      const pages = await collect(subject, instrument);
      const coverage = pages.flatMap(({ coverage: ranges }) => ranges);
      must(coverage.length > 0, 'the collection claims no time: the walk did not reach the start of the window');
      const [from, to] = [Math.min(...coverage.map((range) => range.from)), Math.max(...coverage.map((range) => range.to))];
      must(from === window.from, `it claims time from ${iso(from)}; the window starts at ${iso(window.from)}`);
      // a first collection does not know yet how late rows appear, so it claims the last hour only up to the newest trade
      const newest = Math.max(...rowsOf(pages).map(({ time }) => time ?? 0));
      const seen = Math.max(newest - LATENESS, window.to - DAY_MS / 24);
      const latest = subject.isComplete === true || instrument.closed ? window.to : window.to - LATENESS;
      const earliest = subject.isComplete === true ? window.to : Math.min(latest, seen);
      must(to >= earliest && to <= latest, `it claims time up to ${iso(to)}, which is not from ${iso(earliest)} to ${iso(latest)}`);
    },
  },
  {
    title: 'names the symbol and the selector that match nothing, and keeps the others',
    async check(subject) {
      const { unknown, selectors } = subject;
      const alone = await failureOf(discover(subject, [unknown]));
      must(
        alone instanceof PredictLabError && alone.type === 'BadInput',
        `discover of an unknown market ended with ${describe(alone)}, not with a problem`,
      );
      const named = Object.values(unknown as object).map(String);
      must(alone.message.includes('SYMBOL'), `the problem does not name the symbol: ${alone.message}`);
      must(
        named.some((part) => alone.message.includes(part)),
        `the problem does not name the selector: ${alone.message}`,
      );
      const among = await discover(subject, [unknown, ...selectors]);
      must(isDeepStrictEqual(among.instruments, (await discover(subject)).instruments), 'an unknown market changed the other instruments');
      must(among.problems.length === 1, `one unknown market gave ${among.problems.length} problems`);
    },
  },
  {
    title: 'claims nothing of answers that it cannot read',
    async check(subject) {
      const instrument = await first(subject);
      await subject.withEmptyAnswers?.(async () => {
        const pages: SourcePage[] = [];
        const failure = await failureOf(collect(subject, instrument, {}, pages));
        const claims = failure === undefined || pages.some(({ coverage }) => coverage.length > 0);
        must(!claims, 'every answer was {}, and it claims time as collected: an unreadable page of trades counts as an empty one');
      });
    },
  },
  {
    title: 'stops when it is aborted',
    async check(subject) {
      const instrument = await first(subject);
      const controller = new AbortController();
      const reason = new Error('cancelled by the user');
      controller.abort(reason);
      const failure = await failureOf(collect(subject, instrument, { signal: controller.signal }));
      must(failure === reason, `it ended with ${describe(failure)}; let errors of http pass unchanged`);
    },
  },
  {
    title: 'names whatever goes wrong by its effect',
    check({ source, name }) {
      const named = new PredictLabError('RateLimited', 'slow down');
      must(source.describe(named) === named, 'it changes errors that are named already');
      const { type, message } = source.describe(new TypeError('undefined'));
      must(type === 'SourceUnavailable' && message.includes(name), `a mistake in the code is described as ${type}: ${message}`);
      return Promise.resolve();
    },
  },
];

const describe = (failure: unknown): string => (failure === undefined ? 'no error' : `"${messageOf(failure)}"`);
