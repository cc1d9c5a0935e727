import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instrument } from '../../src/contracts/market-data.ts';
import { confirmByTwins, withSign } from '../../src/market/settlement.ts';
import { noteClose, noteTakenBack } from '../../src/sources/catalogue/market-life.ts';
import { instrumentOf as polymarketInstrument } from '../../src/sources/polymarket/catalogue/instrument.ts';
import { gammaMarketSchema } from '../../src/sources/polymarket/catalogue/market-schema.ts';
import { readResolutions } from '../../src/sources/polymarket/catalogue/payouts.ts';
import { instrumentOf as predictInstrument } from '../../src/sources/predict/instrument.ts';
import { predictMarketSchema } from '../../src/sources/predict/market-schema.ts';
import { patience, worlds } from '../support/worlds.ts';

const CLOSE = Date.UTC(2026, 9, 1, 12);
const HOUR = 3_600_000;
const ID = `0x${'ab'.repeat(32)}`;

/** What the venue shows of a closed market at one look. `shown` is the payout on the table, which may be a wrong proposal. */
interface Look {
  readonly stage: 'silent' | 'proposed' | 'disputed' | 'final';
  readonly shown: number;
}

/** How one market ends: what it really pays, what was proposed, and what the venue leaves out, delays or spells in its own way. */
interface World {
  readonly venue: 'polymarket' | 'predict';
  readonly truth: number;
  readonly proposals: readonly { readonly payout: number; readonly disputed: boolean }[];
  /** The venue calls a wrong result final for a while. */
  readonly takenBack: boolean;
  readonly early: boolean;
  readonly upDown: boolean;
  readonly hidesStatus: boolean;
  readonly hidesPrices: boolean;
  readonly cachedStatus: boolean;
  readonly recordLags: boolean;
  readonly scale: 1 | 1_000_000 | 1e18 | 'payouts';
  readonly lastTrade: number;
  readonly twin: boolean;
}

const payout = fc.constantFrom(0, 1, 0.5);
const world: fc.Arbitrary<World> = fc.record({
  venue: fc.constantFrom('polymarket', 'predict'),
  truth: payout,
  proposals: fc.array(fc.record({ payout, disputed: fc.boolean() }), { maxLength: 3 }),
  takenBack: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  early: fc.boolean(),
  upDown: fc.boolean(),
  hidesStatus: fc.boolean(),
  hidesPrices: fc.boolean(),
  cachedStatus: fc.boolean(),
  recordLags: fc.boolean(),
  scale: fc.constantFrom<World['scale']>(1, 1_000_000, 1e18, 'payouts'),
  lastTrade: fc.constantFrom(0.01, 0.04, 0.3, 0.5, 0.7, 0.97, 0.99),
  twin: fc.boolean(),
});

function looksOf({ truth, proposals, takenBack }: World): Look[] {
  const proposed = proposals.flatMap(({ payout, disputed }): Look[] => [
    { stage: 'proposed', shown: payout },
    ...(disputed ? [{ stage: 'disputed', shown: payout } as const] : []),
  ]);
  const wrong: Look[] = takenBack
    ? [
        { stage: 'final', shown: truth === 1 ? 0 : 1 },
        { stage: 'disputed', shown: truth },
      ]
    : [];
  return [{ stage: 'silent', shown: truth }, ...proposed, ...wrong, { stage: 'final', shown: truth }, { stage: 'final', shown: truth }];
}

/** What a look reads at Polymarket: Gamma's market, and the record where Gamma does not settle it. */
function polymarket(of: World, { stage, shown }: Look, before: Look | undefined): Instrument {
  const word = of.cachedStatus ? before?.stage : stage;
  const status = word === undefined || word === 'silent' ? undefined : word === 'final' ? 'resolved' : word;
  const reading = polymarketInstrument(
    gammaMarketSchema.parse({
      conditionId: ID,
      slug: 'rain',
      outcomes: '["Yes","No"]',
      clobTokenIds: '["1","2"]',
      closed: true,
      endDate: new Date(CLOSE + (of.early ? 48 * HOUR : 0)).toISOString(),
      closedTime: new Date(CLOSE).toISOString(),
      lastTradePrice: of.lastTrade,
      // prices of an unsettled market are those of its last trades
      outcomePrices: of.hidesPrices
        ? '[]'
        : JSON.stringify((stage === 'final' ? [shown, 1 - shown] : [of.lastTrade, 1 - of.lastTrade]).map(String)),
      ...(!of.hidesStatus && status !== undefined && { umaResolutionStatus: status }),
    }),
  );
  if ('notBinary' in reading) throw new Error(reading.notBinary);
  const recorded = of.recordLags ? before : { stage, shown };
  if (reading.instrument.settlement?.state === 'final' || recorded === undefined) return reading.instrument;
  const final = recorded.stage === 'final';
  const row = {
    condition_id: ID,
    status: final ? 'resolved' : recorded.stage === 'silent' ? 'posed' : recorded.stage,
    ...(of.scale === 'payouts'
      ? final && { payouts: [recorded.shown * 1e6, (1 - recorded.shown) * 1e6] }
      : { price: final ? String(recorded.shown * of.scale) : '69', proposed_price: String(recorded.shown * of.scale) }),
  };
  const record = readResolutions([row]).get(`polymarket:${ID}`);
  return record === undefined ? reading.instrument : withSign(reading.instrument, record.sign, record.at);
}

function predict(of: World, { stage, shown }: Look): Instrument {
  const words =
    stage !== 'final' || of.hidesPrices
      ? [null, null]
      : shown === 0.5
        ? of.upDown
          ? ['WON', 'WON']
          : ['VOIDED', 'VOIDED']
        : shown === 1
          ? ['WON', 'LOST']
          : ['LOST', 'WON'];
  const status = {
    silent: 'REGISTERED',
    proposed: 'PRICE_PROPOSED',
    disputed: 'PRICE_DISPUTED',
    final: of.hidesStatus ? 'REGISTERED' : 'RESOLVED',
  }[stage];
  const reading = predictInstrument(
    predictMarketSchema.parse({
      id: 7,
      status,
      tradingStatus: 'CLOSED',
      outcomes: ['Yes', 'No'].map((name, index) => ({ name, indexSet: index + 1, onChainId: String(index + 1), status: words[index] })),
      resolution: stage === 'silent' || shown === 0.5 ? null : { indexSet: shown === 1 ? 1 : 2 },
      variantData: of.upDown ? { startPrice: 100, endPrice: 100 + (of.truth === 0.5 ? 0 : of.truth === 1 ? 0.01 : -0.01) } : null,
    }),
  );
  if ('leftOut' in reading) throw new Error(reading.leftOut);
  return reading.instrument;
}

/** Looks at a market as runs do, and returns what each run knows of it. */
function runs(of: World): { readonly look: Look; readonly known: Instrument }[] {
  const looks = looksOf(of);
  let known: Instrument | undefined;
  return looks.map((look, index) => {
    const before = looks[index - 1];
    const seen = { asOf: CLOSE + (index + 1) * HOUR, clock: CLOSE + (index + 1) * HOUR };
    const read = of.venue === 'polymarket' ? polymarket(of, look, before) : predict(of, look);
    const other = of.venue === 'polymarket' ? predict(of, look) : polymarket(of, look, before);
    const twin = { ...other, twins: [read.id] };
    known = noteTakenBack(noteClose(of.twin ? confirmByTwins(read, [twin]) : read, known, seen), known, seen).instrument;
    return { look, known };
  });
}

describe('a market that ends in any way', () => {
  it(
    'pays only what its venue pays in the end, and states what is missing while it is open',
    () => {
      let settled = 0;
      let open = 0;
      fc.assert(
        fc.property(world, (of) => {
          const seen = runs(of);
          for (const [index, { look, known }] of seen.entries()) {
            const { resolution, settlement } = known;
            if (resolution.kind === 'settled') {
              settled++;
              // what the venue itself calls final is followed: now, or a look ago where its caches lag
              const called = [look, seen[index - 1]?.look].flatMap((each) => (each?.stage === 'final' ? [each.shown] : []));
              expect(
                of.takenBack && index < seen.length - 1 ? [...called, of.truth] : [of.truth],
                JSON.stringify({ of, look, settlement }),
              ).toContain(resolution.payout);
              expect(new Set(settlement?.signs.map(({ sign }) => sign)).size).toBeGreaterThan(1);
            } else {
              open++;
              expect(resolution, JSON.stringify({ of, look })).toMatchObject({
                kind: 'unresolved',
                reason: expect.stringMatching(/\w{4}/) as string,
              });
              expect(settlement?.missing).toMatch(/\w{4}/);
            }
          }
        }),
        { seed: 29, numRuns: worlds(10_000) },
      );
      expect(settled).toBeGreaterThan(worlds(10_000) / 2);
      expect(open).toBeGreaterThan(worlds(10_000) / 2);
    },
    patience(120_000),
  );

  it('that its venue resolves completely is settled after the last look', () => {
    fc.assert(
      fc.property(world, (drawn) => {
        const of = { ...drawn, hidesStatus: false, hidesPrices: false, cachedStatus: false };
        expect(runs(of).at(-1)?.known.settlement?.state, JSON.stringify(of)).toBe('final');
      }),
      { seed: 29, numRuns: worlds(2000) },
    );
  });
});
