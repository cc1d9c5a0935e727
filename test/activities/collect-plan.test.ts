import { describe, expect, it } from 'vitest';
import { type PlanRequest, planCollection } from '../../src/activities/stages/collect/collect-plan.ts';
import type { CatalogueEntry } from '../../src/contracts/catalogue.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { DiscoverRequest, Source } from '../../src/sources/source.ts';
import type { StoredInstrument } from '../../src/storage/markets/instruments.ts';
import { DAY, instrument, START } from '../support/stage-run.ts';

const failure = (message: string): PredictLabError => new PredictLabError('BadInput', message);
const stored = (id: string, facts: Partial<Instrument> = {}): StoredInstrument => ({ ...instrument(id, facts), key: 1 });

/** A source that knows some markets and is queried by their ids. */
function sourceOf(markets: readonly Instrument[], facts: Partial<Source<string>> = {}) {
  const queried: (readonly string[])[] = [];
  const source = {
    type: 'polymarket',
    discover: async ({ selectors }: DiscoverRequest<string>) => {
      queried.push(selectors);
      const instruments = markets.filter(({ id }) => selectors.includes(id));
      return { instruments, problems: [], requests: selectors.length, clock: START };
    },
    selectorOf: async ({ id }: Instrument) => id,
    describe: (error: unknown) => failure(`described: ${(error as Error).message}`),
    ...facts,
  } as unknown as Source;
  return { source, queried };
}

async function plan({ source }: { source: Source }, selectors: readonly unknown[], more: Partial<PlanRequest> = {}) {
  return await planCollection({
    entry: { symbol: 'RAIN', sources: { polymarket: selectors } } as unknown as CatalogueEntry,
    sourceTypes: ['polymarket'],
    sources: { polymarket: { source } },
    window: { from: START - DAY, to: START },
    asOf: START,
    known: [],
    signal: new AbortController().signal,
    time: { signal: new AbortController().signal, error: (type) => failure(`${type} took too long`), close: () => undefined },
    now: () => START,
    ...more,
  });
}
const idsOf = (instruments: readonly Instrument[]): readonly string[] => instruments.map(({ id }) => id);

describe('the plan of a collection', () => {
  it('has open markets first, then those that closed last', async () => {
    const closed = (id: string, closedAt: number): Instrument => instrument(id, { closed: true, closedAt });
    const known = sourceOf([closed('a', START - 5 * DAY), instrument('b'), closed('c', START - 2 * DAY)]);
    const { instruments, sources, requests } = await plan(known, ['a', 'b', 'c']);
    expect(idsOf(instruments.map((one) => one.instrument))).toEqual(['b', 'c', 'a']);
    expect(sources.get('polymarket')).toEqual({ instruments: 3 });
    expect(requests).toBe(3);
  });

  it('requests nothing from a source without selectors, and uses the markets that were listed before', async () => {
    const known = sourceOf([instrument('a')]);
    expect(await plan(known, [])).toMatchObject({ instruments: [], requests: 0 });
    expect(known.queried).toEqual([]);
    const listed = new Map([['polymarket' as const, { instruments: [instrument('b')], problems: [], requests: 0, clock: START }]]);
    const { instruments } = await plan(known, ['a'], { listed });
    expect(idsOf(instruments.map((one) => one.instrument))).toEqual(['b']);
    expect(known.queried).toEqual([]);
  });

  it('mentions a skipped source only when the symbol has selectors for it', async () => {
    const known = sourceOf([]);
    const skipped = { sources: { polymarket: { skipped: 'no key' } } };
    expect((await plan(known, ['a'], skipped)).skippedSources).toEqual({ polymarket: 'no key' });
    expect((await plan(known, [], skipped)).skippedSources).toEqual({});
    expect((await plan(known, ['a'], { sources: {} })).skippedSources).toEqual({
      polymarket: expect.stringContaining('has not loaded such a venue'),
    });
  });

  it('states the error of a source that failed, and the time limit that a slow source exceeded', async () => {
    const failing = sourceOf([], { discover: () => Promise.reject(new Error('502')) });
    const failed = await plan(failing, ['a']);
    expect(failed).toMatchObject({ instruments: [], problems: ['described: 502'], requests: 0 });
    expect(failed.sources.get('polymarket')).toEqual({ error: failure('described: 502') });
    const time = { signal: AbortSignal.abort(), error: () => failure('took too long'), close: () => undefined };
    expect((await plan(failing, ['a'], { time })).problems).toEqual(['took too long']);
  });

  it('ends when the task is aborted', async () => {
    const stop = new AbortController();
    const known = sourceOf([], {
      discover: async () => {
        stop.abort(new Error('cancelled'));
        throw new Error('the request was aborted');
      },
    });
    await expect(plan(known, ['a'], { signal: stop.signal })).rejects.toThrow('cancelled');
  });
});

describe('a market that no selector matches any more', () => {
  const final = { closed: true, closedAt: START - 9 * DAY, resolution: { kind: 'settled', payout: 1, at: START - 9 * DAY } } as const;

  it('is looked up at the venue until it has settled, for at most thirty days after it closed', async () => {
    const known = [
      stored('open'),
      stored('old', { closed: true, seenClosedAt: START - 30 * DAY }),
      stored('older', { closed: true, seenClosedAt: START - 30 * DAY - 1 }),
      stored('settled', final),
    ];
    const source = sourceOf(known);
    const { followed, instruments, requests } = await plan(source, [], { known });
    expect(source.queried).toEqual([['open', 'old']]);
    expect(idsOf(followed)).toEqual(['open', 'old']);
    expect(instruments).toEqual([]);
    expect(requests).toBe(2);
  });

  it('is looked up again a day after its result, and keeps its stored state when the venue no longer lists it', async () => {
    const known = [
      stored('due', { ...final, settledFrom: START - DAY }),
      stored('gone', { ...final, settledFrom: START - 2 * DAY }),
      stored('early', { ...final, settledFrom: START - DAY + 1 }),
    ];
    const source = sourceOf(known.filter(({ id }) => id !== 'gone'));
    const { followed } = await plan(source, [], { known });
    expect(source.queried).toEqual([['due', 'gone']]);
    expect(followed).toMatchObject([
      { id: 'due', confirmedAt: START },
      { id: 'gone', resolution: final.resolution },
    ]);
  });

  it('is left out when its source cannot look up a single market, and a failed lookup does not count as a failure of the source', async () => {
    const known = [stored('open')];
    const silent = sourceOf(known, { selectorOf: async () => undefined });
    expect((await plan(silent, [], { known })).followed).toEqual([]);
    expect(silent.queried).toEqual([]);
    const failing = sourceOf(known, { discover: () => Promise.reject(new Error('502')) });
    expect(await plan(failing, [], { known })).toMatchObject({ followed: [], problems: [] });
  });
});
