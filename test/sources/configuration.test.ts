import { describe, expect, it } from 'vitest';
import { Failures } from '../../src/activities/stages/collect-failures.ts';
import { catalogueSchema } from '../../src/contracts/catalogue.ts';
import { PredictLabError } from '../../src/contracts/errors.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { createSources } from '../../src/sources/create-sources.ts';
import { parseCatalogue } from '../../src/sources/parse-catalogue.ts';
import { readSourceSettings } from '../../src/sources/settings.ts';
import { DEFAULT_CATALOGUE } from '../../src/storage/markets/default-catalogue.ts';

describe('the shipped catalogue', () => {
  it('is a good catalogue with the three coins and a dozen topics that run by default', () => {
    expect(catalogueSchema.parse(DEFAULT_CATALOGUE)).toEqual(DEFAULT_CATALOGUE);
    const enabled = DEFAULT_CATALOGUE.filter((entry) => entry.enabled).map(({ symbol }) => symbol);
    expect(enabled).toEqual(expect.arrayContaining(['BTC_PRICE', 'ETH_PRICE', 'SOL_PRICE']));
    expect(enabled.length).toBeGreaterThanOrEqual(12);
    expect(new Set(DEFAULT_CATALOGUE.map(({ symbol }) => symbol)).size).toBe(DEFAULT_CATALOGUE.length);
  });
});

describe('a catalogue file', () => {
  const problemsOf = (json: unknown): string => {
    try {
      parseCatalogue(json, 'catalogue.json');
      return '';
    } catch (error) {
      expect(error).toMatchObject({ type: 'BadInput' });
      return (error as Error).message;
    }
  };

  it('gets every problem named at once, each with its place', () => {
    const said = problemsOf([
      { symbol: 'no spaces', sources: {} },
      { symbol: 'RAIN', colour: 'blue', sources: { predict: [{ marketId: 'twelve' }], file: [{ file: 'x.csv' }] } },
      { symbol: 'SUN', sources: { polymarket: [{ conditionId: 'deadbeef' }] } },
      { symbol: 'SNOW', sources: {} },
      { symbol: 'SNOW', sources: {} },
    ]);
    expect(said).toMatch(/^catalogue\.json has 6 problems; nothing was imported:/);
    for (const part of [
      '[0] (no spaces).symbol',
      'colour',
      '{"marketId":"twelve"} is no selector of predict; write {"marketId": 123}',
      '{"file":"x.csv"} is no selector of file',
      '[2] (SUN).sources.polymarket.0',
      '[4] (SNOW): the symbol stands at [3] already',
    ]) {
      expect(said).toContain(part);
    }
  });

  it('must be a list', () => {
    expect(problemsOf({ symbol: 'RAIN' })).toContain('a catalogue is a list of symbols');
  });
});

describe('the environment of the sources', () => {
  it('defaults to the public hosts, without a Predict.fun key', () => {
    expect(readSourceSettings({})).toMatchObject({
      polymarket: {
        gammaUrl: 'https://gamma-api.polymarket.com',
        clobUrl: 'https://clob.polymarket.com',
        dataUrl: 'https://data-api.polymarket.com',
        tradesRoute: 'v2',
      },
      predict: { url: 'https://api.predict.fun', apiKey: undefined },
      rateShare: 1,
    });
  });

  it.each([
    ['POLYMARKET_DATA_URL', 'data-api'],
    ['POLYMARKET_TRADES_ROUTE', 'v3'],
    ['POLYMARKET_PRICE_POINTS', 'maybe'],
    ['PREDICTLAB_RATE_SHARE', 'half'],
  ])('names %s when it cannot be used', (name, value) => {
    expect(() => readSourceSettings({ [name]: value })).toThrow(`${name}="${value}"`);
  });

  it('without a key leaves Predict.fun out, with the variable to set', async () => {
    const sources = createSources({ env: { PREDICT_API_KEY: ' ' } });
    expect(sources.byType.predict).toMatchObject({ skipped: expect.stringContaining('PREDICT_API_KEY') as string });
    expect('source' in sources.byType.polymarket).toBe(true);
    await sources.close();
  });
});

describe('failures among many instruments', () => {
  const instrument = (id: string): Instrument => ({ id }) as Instrument;
  const passing = (retryAfterMs?: number): PredictLabError =>
    new PredictLabError(
      retryAfterMs === undefined ? 'SourceUnavailable' : 'RateLimited',
      'away',
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );

  it('that pass let the others go on, and are one error in the end, with the longest wait', () => {
    const failures = new Failures(12);
    failures.add(instrument('polymarket:0x1'), passing());
    failures.succeeded();
    failures.add(instrument('polymarket:0x2'), passing(45_000));
    expect(failures.signal.aborted).toBe(false);
    expect(() => failures.throwIfAny()).toThrow('2 of 12 instruments failed, among them polymarket:0x1: away');
    expect(() => failures.throwIfAny()).toThrow(expect.objectContaining({ type: 'RateLimited', retryAfterMs: 45_000 }) as Error);
  });

  it('that trying again cannot mend stop the others at once', () => {
    const failures = new Failures(12);
    const blocked = new PredictLabError('SourceBlocked', 'blocked');
    failures.add(instrument('a'), passing());
    failures.add(instrument('b'), blocked);
    expect(failures.signal.aborted).toBe(true);
    expect(() => failures.throwIfAny()).toThrow(blocked);
  });

  it('in a row mean that the venue is away, so nobody asks on', () => {
    const failures = new Failures(100);
    for (let i = 0; i < 8; i++) failures.add(instrument(String(i)), passing());
    expect(failures.signal.aborted).toBe(true);
  });

  it('that are refusals leave only their instrument out, unless it is all of them', () => {
    const refused = new PredictLabError('BadInput', 'unknown market');
    const some = new Failures(2);
    some.add(instrument('a'), refused);
    expect(() => some.throwIfAny()).not.toThrow();
    expect([...some.tolerated.values()]).toEqual(['a: unknown market']);
    const all = new Failures(1);
    all.add(instrument('a'), refused);
    expect(() => all.throwIfAny()).toThrow(refused);
  });
});
