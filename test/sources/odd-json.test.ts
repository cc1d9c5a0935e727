import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { identifyPage, type ReadRow } from '../../src/sources/candidate.ts';
import { refuseRenamedFields } from '../../src/sources/catalogue/schema-drift.ts';
import { mayHoldUnstorableText, storableStrings } from '../../src/sources/http/foreign-text.ts';
import { parseTolerantJson } from '../../src/sources/http/tolerant-json.ts';
import { instrumentOf as gammaInstrument } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { readTrade, TRADE_ROUTES } from '../../src/sources/polymarket/trades.ts';
import { instrumentOf as predictInstrument } from '../../src/sources/predict/instrument.ts';
import { predictMarketSchema } from '../../src/sources/predict/market-schema.ts';
import { MATCHES, readMatch } from '../../src/sources/predict/matches.ts';
import { worlds } from '../support/worlds.ts';

const MARKET = { id: 'polymarket:0x1', outcomes: ['Yes', 'No'], outcomeIds: ['111', '222'] } as unknown as Instrument;

/** Made-up rows in the venues' formats. */
const TRADE = {
  proxy_wallet: '0xa',
  side: 'BUY',
  token_id: '111',
  size: 12.5,
  price: 0.37,
  timestamp: 1_776_043_119,
  outcome: 'Yes',
  transaction_hash: '0xt',
};
const MATCH = {
  settlementId: '01a0',
  executedAt: '2026-09-06T11:45:23.000Z',
  priceExecuted: '111200000000000000',
  amountFilled: '8409090909090909720',
  taker: { quoteType: 'Bid', outcome: { indexSet: 1, name: 'Yes', onChainId: '111' } },
};
const GAMMA = {
  conditionId: '0x1',
  slug: 'rain',
  question: 'Rain?',
  outcomes: '["Yes", "No"]',
  clobTokenIds: '["111", "222"]',
  closed: false,
};
const PREDICT = {
  id: 7,
  title: 'Rain?',
  status: 'REGISTERED',
  outcomes: [
    { indexSet: 1, name: 'Yes', onChainId: '111', status: null },
    { indexSet: 2, name: 'No', onChainId: '222', status: null },
  ],
};

/** Keys that mean something to JavaScript, to databases or to nobody; numbers, which objects sort to the front; halves of characters. */
const oddKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'then', 'toJSON', ''),
  fc.integer({ min: 0, max: 99 }).map(String),
  fc.constantFrom('\ud83d', '\udc00x', 'a\u0000b', '\ufeff'),
);
/** Values that look like valid ones, in places where they are not valid. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(TRADE, MATCH, { status: 'RESOLVED', closed: true, price: 0.99, side: 'SELL', toString: 1 }),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('\ud83d', 'half \udc00', '\u0000'),
);

/** JSON text of an object with more members, some of them of its inner objects: written as text, so that `__proto__` is a key like any other. */
function withOdd(value: unknown, extra: readonly (readonly [string, unknown])[], first: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => withOdd(item, extra, first)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const own = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${withOdd(item, extra, first)}`);
  const odd = extra.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`);
  return `{${(first ? [...odd, ...own] : [...own, ...odd]).join(',')}}`;
}

/** Reads a body like the HTTP client of the venues. */
function readBody(text: string): unknown {
  const json = parseTolerantJson(text);
  return mayHoldUnstorableText(text) ? storableStrings(json) : json;
}

const isWhole = (value: unknown): boolean => !/\\u(?:0000|d[89a-f])/i.test(JSON.stringify(value));

const extras = fc.tuple(fc.array(fc.tuple(oddKey, oddValue), { minLength: 1, maxLength: 6 }), fc.boolean());

describe('odd keys and half characters in a venue’s JSON', () => {
  it('do not change a row, and leave its text valid', () => {
    fc.assert(
      fc.property(extras, ([extra, first]) => {
        const rows = [
          { read: readTrade, fields: TRADE_ROUTES['/v2/trades'].required, value: TRADE },
          { read: readMatch, fields: MATCHES.required, value: MATCH },
        ];
        for (const { read, fields, value } of rows) {
          const json = readBody(withOdd(value, extra, first));
          refuseRenamedFields([json], fields, { venue: 'venue', where: '/rows', list: 'data' });
          const { raw, ...row } = identifyPage([read(json, MARKET)])[0];
          const { raw: _, ...plain } = identifyPage([read(structuredClone(value), MARKET)])[0];
          expect(row).toEqual(plain);
          expect(row.defect).toBeNull();
          expect(isWhole(raw)).toBe(true);
        }
      }),
      { numRuns: worlds(300) },
    );
  });

  it('do not change the facts about a market', () => {
    fc.assert(
      fc.property(extras, ([extra, first]) => {
        const gamma = gammaInstrument(gammaMarketSchema.parse(readBody(withOdd(GAMMA, extra, first))));
        expect(gamma).toEqual(gammaInstrument(gammaMarketSchema.parse(GAMMA)));
        const predict = predictInstrument(predictMarketSchema.parse(readBody(withOdd(PREDICT, extra, first))), undefined);
        expect(predict).toEqual(predictInstrument(predictMarketSchema.parse(PREDICT), undefined));
      }),
      { numRuns: worlds(300) },
    );
  });

  it('make a row that has nothing else a bad row, not a trade', () => {
    fc.assert(
      fc.property(extras, ([extra]) => {
        const json = readBody(withOdd({}, extra, true));
        const read: readonly ReadRow[] = [readTrade(json, MARKET), readMatch(json, MARKET)];
        for (const row of read) expect(row).toMatchObject({ price: null, defect: expect.any(String) as string });
      }),
    );
  });

  it('are replaced in the texts of a market, also in lists that are JSON inside JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('\ud83d', '\udfff', '\u0000'), (text, broken) => {
        const name = text + broken;
        const market = { ...GAMMA, question: name, outcomes: JSON.stringify([name, 'No']) };
        const reading = gammaInstrument(gammaMarketSchema.parse(readBody(JSON.stringify(market))));
        expect(isWhole(reading)).toBe(true);
        const other = { ...PREDICT, title: name, outcomes: PREDICT.outcomes.map((outcome) => ({ ...outcome, name })) };
        expect(isWhole(predictInstrument(predictMarketSchema.parse(readBody(JSON.stringify(other))), undefined))).toBe(true);
        const row = readTrade(readBody(JSON.stringify({ ...TRADE, outcome: name })), MARKET);
        expect(isWhole(row)).toBe(true);
      }),
    );
  });

  it('do not change the prototype of any object', () => {
    readBody('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
