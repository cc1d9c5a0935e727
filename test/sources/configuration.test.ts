import { describe, expect, it } from 'vitest';
import { catalogueSchema } from '../../src/contracts/catalogue.ts';
import { parseCatalogue } from '../../src/sources/catalogue/parse-catalogue.ts';
import { checkVenueSettings, createSources, rateShareOf, venueEndpoints, venueKeys } from '../../src/sources/create-sources.ts';
import { DEFAULT_CATALOGUE } from '../../src/storage/markets/first-catalogue.ts';

describe('the shipped catalogue', () => {
  it('is valid, and has the three coins and a dozen topics that run by default', () => {
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

  it('is refused with every problem at once, each with its place', () => {
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
      '{"marketId":"twelve"} is not a selector of predict; write {"marketId": 123}',
      '{"file":"x.csv"} is not a selector of file',
      '[2] (SUN).sources.polymarket.0',
      '[4] (SNOW): the symbol is already at [3]',
    ]) {
      expect(said).toContain(part);
    }
  });

  it.each<[object, string]>([
    [{ resolution: 2 }, '.resolution: a unit of the first outcome pays from 0 to 1'],
    [{ resolution: 'Yes' }, '.resolution: write what one unit of the first outcome paid, a number from 0 to 1'],
    [{ closesAt: 'November' }, '.closesAt: write when the market closed, such as "2022-11-09T04:00:00Z"'],
    [{ closesAt: '2022-02-30' }, '.closesAt: write when the market closed'],
    [{ fees: { model: 'kalshi', rate: 0.07 } }, '.fees.model: write one of flat, polymarket, predict'],
    [{ fees: { model: 'predict', rate: 2 } }, '.fees.rate: write a fraction from 0 to below 1, such as 0.02'],
    [{ fees: { model: 'flat', rate: 0, maker: 0 } }, '.fees: maker is not known here; write fees as {"model": "polymarket", "rate": 0.02}'],
    [{ fees: { model: 'polymarket', rate: 0.07, exponent: 0 } }, '.fees.exponent: write the exponent of the fee, a number above 0'],
    [{ fees: { model: 'predict', rate: 0.02, exponent: 2 } }, '.fees: only the model polymarket has an exponent; leave it out of predict'],
    [{ tick: 0 }, '.tick: the tick is the smallest price step, a number above 0'],
    [{ tick: 0.5 }, '.tick: no price lies between a tick of 0.5 and its counterpart'],
    [{ market: 'asset', resolution: 1 }, '.resolution: an asset is closed at its last price and pays nothing'],
    [{ market: 'asset', fees: { model: 'polymarket', rate: 0.1 } }, ".fees: an asset's fee is a fraction of the notional"],
    [
      { resolved: 1 },
      ': {"path":"x.csv","resolved":1} is not a selector of file; write {"path": "…"}, with columns, firstOutcome, market, resolution',
    ],
  ])('is refused with one sentence for each wrong fact of a file: %j', (facts, sentence) => {
    const said = problemsOf([{ symbol: 'RAIN', sources: { file: [{ path: 'x.csv', ...facts }] } }]);
    expect(said).toContain('has 1 problem;');
    expect(said).toContain(`[0] (RAIN).sources.file.0${sentence}`);
  });

  it.each(['2022-11-09', '2022-11-09T04:00Z', '2022-11-09T04:00:00.5+01:00'])('may give %s as the time of a close', (closesAt) => {
    expect(problemsOf([{ symbol: 'RAIN', sources: { file: [{ path: 'x.csv', closesAt }] } }])).toBe('');
  });

  it('must be a list', () => {
    expect(problemsOf({ symbol: 'RAIN' })).toContain('a catalogue is a list of symbols');
  });
});

describe('the venue settings from the environment', () => {
  it('have the public hosts by default, without a Predict.fun key', () => {
    const urls = venueEndpoints({}).map(({ variable, url }) => [variable, url]);
    expect(Object.fromEntries(urls)).toMatchObject({
      POLYMARKET_GAMMA_URL: 'https://gamma-api.polymarket.com',
      POLYMARKET_CLOB_URL: 'https://clob.polymarket.com',
      POLYMARKET_DATA_URL: 'https://data-api.polymarket.com',
      PREDICT_API_URL: 'https://api.predict.fun',
    });
    expect(venueKeys({})).toMatchObject([{ variable: 'PREDICT_API_KEY', isSet: false }]);
    expect(rateShareOf({})).toBe(1);
  });

  it.each([
    ['POLYMARKET_DATA_URL', 'data-api'],
    ['POLYMARKET_TRADES_ROUTE', 'v3'],
    ['POLYMARKET_PRICE_POINTS', 'maybe'],
    ['PREDICTLAB_RATE_SHARE', 'half'],
    ['PREDICTLAB_RATE_SHARE', '0'],
  ])('are refused with the name of %s when its value is not valid', (name, value) => {
    expect(() => checkVenueSettings({ [name]: value })).toThrow(`${name}="${value}"`);
  });

  it('include Predict.fun without a key on its test network, which needs none', async () => {
    const sources = createSources({ env: { PREDICT_API_URL: 'https://api-testnet.predict.fun' } });
    expect(sources.byType.predict).toHaveProperty('source');
    await sources.close();
  });

  it('exclude Predict.fun without a key, with the variable to set', async () => {
    const sources = createSources({ env: { PREDICT_API_KEY: ' ' } });
    expect(sources.byType.predict).toMatchObject({ skipped: expect.stringContaining('PREDICT_API_KEY') as string });
    expect(sources.byType.polymarket).toHaveProperty('source');
    await sources.close();
  });
});
