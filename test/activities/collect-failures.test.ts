import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failedForGood,
  failedSourceReasons,
  type SourceEnd,
  SourceFailures,
} from '../../src/activities/stages/collect/collect-failures.ts';
import { ERROR_EFFECTS, type ErrorType, PredictLabError } from '../../src/contracts/errors.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { SourceType } from '../../src/contracts/words.ts';
import { partsOfFailure } from '../../src/incidents/rule/end-of-run.ts';

describe('failures of single instruments of a source', () => {
  const instrument = (id: string): Instrument => ({ id }) as Instrument;
  const passing = (retryAfterMs?: number): PredictLabError =>
    new PredictLabError(
      retryAfterMs === undefined ? 'SourceUnavailable' : 'RateLimited',
      'away',
      retryAfterMs === undefined ? {} : { retryAfterMs },
    );

  it('that are temporary do not stop the others, and become one error with the longest wait', () => {
    const failures = new SourceFailures(12);
    failures.add(instrument('polymarket:0x1'), passing());
    failures.succeeded();
    failures.add(instrument('polymarket:0x2'), passing(45_000));
    expect(failures.signal.aborted).toBe(false);
    expect(failures.error).toMatchObject({
      message: '2 of 12 instruments failed, among them polymarket:0x1: away',
      type: 'RateLimited',
      retryAfterMs: 45_000,
    });
    expect(failures.anySucceeded).toBe(true);
  });

  it('that a retry cannot fix stop the others at once', () => {
    const failures = new SourceFailures(12);
    const blocked = new PredictLabError('SourceBlocked', 'blocked');
    failures.add(instrument('a'), passing());
    failures.add(instrument('b'), blocked);
    expect(failures.signal.aborted).toBe(true);
    expect(failures.error).toBe(blocked);
    expect(failures.anySucceeded).toBe(false);
  });

  it('that follow each other without a success mean that the venue is unavailable, so no further instrument is requested', () => {
    const failures = new SourceFailures(100);
    for (let i = 0; i < 8; i++) failures.add(instrument(String(i)), passing());
    expect(failures.signal.aborted).toBe(true);
  });

  it('that are refusals leave out only the refused instrument, unless every instrument is refused', () => {
    const refused = new PredictLabError('BadInput', 'unknown market');
    const some = new SourceFailures(2);
    some.add(instrument('a'), refused);
    expect(some.error).toBeUndefined();
    expect([...some.tolerated.values()]).toEqual(['a: unknown market']);
    const all = new SourceFailures(1);
    all.add(instrument('a'), refused);
    expect(all.error).toBe(refused);
  });
});

describe('failures of a symbol’s sources', () => {
  const VENUE_ERRORS: readonly ErrorType[] = [
    'SourceUnavailable',
    'RateLimited',
    'SourceUnauthorized',
    'SourceBlocked',
    'SourceSchemaChanged',
    'BadInput',
  ];
  const end = fc.record({
    type: fc.option(fc.constantFrom(...VENUE_ERRORS), { nil: undefined }),
    retryAfterMs: fc.option(fc.integer({ min: 1, max: 90_000 }), { nil: undefined }),
    someWorked: fc.boolean(),
  });
  const symbols = fc.record({
    ends: fc
      .subarray(['polymarket', 'predict', 'file'], { minLength: 1 })
      .chain((types) => fc.tuple(...types.map((type) => end.map((each) => [type, each] as const))).map((list) => list)),
    retriesLeft: fc.boolean(),
  });

  it('cause another attempt while one may help, then a success with the sources that worked, and a failure only when none did', () => {
    fc.assert(
      fc.property(symbols, ({ ends, retriesLeft }) => {
        const given = new Map<SourceType, SourceEnd>(
          ends.map(([source, { type, retryAfterMs, someWorked }]) => [
            source,
            type === undefined
              ? { error: undefined, worked: true }
              : { error: new PredictLabError(type, `${source} ${type}`, { retryAfterMs }), worked: someWorked },
          ]),
        );
        const errors = [...given.values()].flatMap(({ error }) => error ?? []);
        const mayRetry = (error: PredictLabError): boolean => retriesLeft && ERROR_EFFECTS[error.type] === 'retryable';
        const passing = errors.filter(mayRetry);
        const anyWorked = [...given.values()].some(({ worked }) => worked);
        let failed: ReadonlyMap<SourceType, PredictLabError>;
        try {
          failed = failedForGood(given, mayRetry);
        } catch (thrown) {
          const error = thrown as PredictLabError;
          if (passing.length > 0) {
            expect(mayRetry(error)).toBe(true);
            const waits = passing.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
            expect(error.retryAfterMs).toBe(waits.length === 0 ? undefined : Math.max(...waits));
          } else {
            expect(anyWorked).toBe(false);
            const loud = errors.filter(({ type }) => type !== 'BadInput');
            expect(error.type).toBe((loud[0] ?? errors[0]).type);
            for (const { message } of loud) expect(error.message).toContain(message);
            if (loud.length < 2) expect(errors).toContain(error);
            else expect(partsOfFailure(error).map(({ type }) => type)).toEqual(loud.map(({ type }) => type));
          }
          return;
        }
        expect(passing).toEqual([]);
        expect(errors.length === 0 || anyWorked).toBe(true);
        const loud = [...given].filter(([, { error }]) => error !== undefined && error.type !== 'BadInput').map(([source]) => source);
        expect([...failed.keys()]).toEqual(loud);
        for (const [source, reason] of loud.map((source, index) => [source, failedSourceReasons(failed)[index]] as const)) {
          expect(reason.startsWith(`${source} failed (`)).toBe(true);
          expect(reason).not.toContain('undefined');
        }
      }),
    );
  });
});
