import { describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { CandidateRow, Instrument, TimeRange } from '../../src/contracts/market-data.ts';
import type { CollectRequest, Source, SourcePage } from '../../src/sources/source.ts';

/** What a source needs to be held to the contract that every source keeps. */
export interface SourceUnderTest {
  readonly source: Source;
  /** Selectors that match at least two instruments, of which the first has at least two pages. */
  readonly selectors: readonly unknown[];
  /** A selector that matches nothing, and the part of it that the message must name. */
  readonly unknown: { readonly selector: unknown; readonly named: string };
  readonly window: TimeRange;
}

/** A source of which rows may be this late claims no more. */
const LATENESS = 600_000;
const HOUR = 3_600_000;
const never = new AbortController().signal;

/** The suite that every source passes; a new venue is held to it by one call. */
export function describeSourceContract(name: string, subject: () => SourceUnderTest): void {
  const discover = (selectors?: readonly unknown[]) => {
    const { source, window } = subject();
    return source.discover({
      symbol: 'SYMBOL',
      selectors: selectors ?? subject().selectors,
      window,
      asOf: window.to,
      known: [],
      signal: never,
    });
  };
  const first = async (): Promise<Instrument> => (await discover()).instruments[0];
  const collect = async (instrument: Instrument, facts: Partial<CollectRequest> = {}): Promise<SourcePage[]> => {
    const { source, selectors, window } = subject();
    const before = {
      covered: { trade: [], price: [] },
      looked: { trade: null, price: null },
      isStored: () => Promise.resolve([]),
      hasTradesBefore: () => Promise.resolve(false),
    };
    const pages: SourcePage[] = [];
    const request = {
      instrument,
      selectors,
      window,
      asOf: window.to,
      clock: window.to,
      before,
      lateness: LATENESS,
      refetch: false,
      cursor: undefined,
      signal: never,
      ...facts,
    };
    for await (const page of source.collect(request)) pages.push(page);
    return pages;
  };
  const rowsOf = (pages: readonly SourcePage[]): CandidateRow[] => pages.flatMap(({ rows }) => rows);

  describe(`the source ${name}`, () => {
    it('finds the same instruments in the same order every time, named after the source', async () => {
      const [once, again] = [await discover(), await discover()];
      expect(once.instruments.length).toBeGreaterThanOrEqual(2);
      expect(again.instruments).toEqual(once.instruments);
      for (const instrument of once.instruments) {
        expect(instrument.id.startsWith(`${name}:`)).toBe(true);
        expect(instrument).toMatchObject({
          source: name,
          title: expect.stringMatching(/./) as string,
          reference: expect.stringMatching(/./) as string,
        });
      }
      expect(once.problems).toEqual([]);
    });

    it('delivers rows of the window with an identity and their original text', async () => {
      const { window } = subject();
      const rows = rowsOf(await collect(await first()));
      expect(rows.length).toBeGreaterThan(50);
      for (const row of rows) {
        expect(row.identity).not.toBe('');
        expect(row.raw).not.toBe('');
        expect(row.defect).toBeNull();
        expect(row.time).toBeGreaterThanOrEqual(window.from);
        expect(row.time).toBeLessThanOrEqual(window.to);
        expect(row.price).toBeGreaterThan(0);
        expect(row.price).toBeLessThan(1);
      }
    });

    it('gives each row the same identity whenever it is met', async () => {
      const instrument = await first();
      const [once, again] = [rowsOf(await collect(instrument)), rowsOf(await collect(instrument))];
      expect(again.map(({ identity }) => identity)).toEqual(once.map(({ identity }) => identity));
      const trades = once.filter(({ kind }) => kind === 'trade');
      expect(new Set(trades.map(({ identity }) => identity)).size).toBe(trades.length);
    });

    it('goes on right after any page, given its cursor', async () => {
      const instrument = await first();
      const whole = await collect(instrument);
      for (const [index, { cursor }] of whole.entries()) {
        const rest = await collect(instrument, { cursor: JSON.parse(JSON.stringify(cursor)) as typeof cursor });
        expect(
          rowsOf(rest).map(({ identity }) => identity),
          `after page ${index}`,
        ).toEqual(rowsOf(whole.slice(index + 1)).map(({ identity }) => identity));
      }
    });

    it('covers the window less the lateness that is expected with its last page, and nothing outside', async () => {
      const { window } = subject();
      const pages = await collect(await first());
      const coverage = pages.flatMap(({ coverage: ranges }) => ranges);
      expect(Math.min(...coverage.map(({ from }) => from))).toBe(window.from);
      // a first look does not know how late a venue's rows come: of the last hour it claims what is older than the newest trade
      const newest = Math.max(...rowsOf(pages).map(({ time }) => time ?? 0));
      const seen = Math.max(newest - LATENESS, window.to - HOUR);
      expect(Math.max(...coverage.map(({ to }) => to))).toBe(name === 'file' ? window.to : Math.min(window.to - LATENESS, seen));
    });

    it('names the symbol and the selector that match nothing, and keeps the others', async () => {
      const { unknown, selectors } = subject();
      const alone: unknown = await discover([unknown.selector]).catch((error: unknown) => error);
      expect(alone).toMatchObject({ type: 'BadInput', message: expect.stringContaining(unknown.named) as string });
      expect((alone as Error).message).toContain('SYMBOL');
      const among = await discover([unknown.selector, ...selectors]);
      expect(among.instruments).toEqual((await discover()).instruments);
      expect(among.problems).toHaveLength(1);
    });

    it('stops when it is aborted', async () => {
      const instrument = await first();
      const controller = new AbortController();
      controller.abort(new Error('cancelled by the user'));
      await expect(collect(instrument, { signal: controller.signal })).rejects.toThrow('cancelled by the user');
    });

    it('names whatever goes wrong by its effect', () => {
      const { source } = subject();
      const named = new PredictLabError('RateLimited', 'slow down');
      expect(source.describe(named)).toBe(named);
      expect(source.describe(new TypeError('of undefined'))).toMatchObject({
        type: 'SourceUnavailable',
        message: expect.stringContaining(name) as string,
      });
    });
  });
}
