import { describe, expect, it } from 'vitest';
import { failedForGood, failedSourceReasons } from '../../../src/activities/stages/collect/collect-failures.ts';
import { PredictLabError } from '../../../src/contracts/errors.ts';
import { causeOfDegraded, causeOfFailure, partsOfFailure } from '../../../src/incidents/rule/end-of-run.ts';

const SOURCES = ['polymarket', 'predict', 'file'];

const failure = (type: string, message: string, symbol = 'AAA', stage = 'collect') =>
  causeOfFailure(stage, `${symbol}/${stage}`, { type, message }, SOURCES).fingerprint;

describe('the root cause of a trouble', () => {
  it('is the venue while it is unavailable, whatever its answer to each request', () => {
    const one = failure('SourceUnavailable', 'polymarket answered 502 on /trades?market=0xab12');
    expect(
      failure('SourceUnavailable', '3 of 9 instruments failed, among them polymarket:0xff: polymarket did not answer within 60 s', 'BBB'),
    ).toBe(one);
    expect(failure('SourceUnavailable', 'predict answered 502 on /v1/markets')).not.toBe(one);
    expect(failure('SourceBlocked', 'polymarket answered 403 with a page')).not.toBe(one);
  });

  it('is the message rather than the venue when the input or the content of an answer caused the error', () => {
    const bad = failure('BadInput', 'polymarket has no market 0xab12');
    expect(failure('BadInput', 'polymarket wants a limit below 500')).not.toBe(bad);
    expect(failure('SourceUnavailable', 'the venue is away')).not.toBe(failure('SourceUnavailable', 'no answer at all'));
  });

  it('is the same for a symbol that failed because of a venue and a symbol that continued without that venue', () => {
    const [reason] = failedSourceReasons(new Map([['polymarket', new PredictLabError('SourceUnavailable', 'it answered 502')]]));
    expect(causeOfDegraded('collect', 'AAA/collect', reason, SOURCES).fingerprint).toBe(
      failure('SourceUnavailable', 'polymarket answered 502'),
    );
  });

  it('is one per source when all sources of a symbol failed, and the same one as when another source worked', () => {
    const away = { polymarket: 'polymarket answered 502; it says try later', predict: 'predict: no answer within 30 s' } as const;
    const ends = Object.entries(away).map(
      ([source, message]) =>
        [source as keyof typeof away, { error: new PredictLabError('SourceUnavailable', message), worked: false }] as const,
    );
    let said = '';
    try {
      failedForGood(new Map(ends), () => false);
    } catch (error) {
      said = (error as Error).message;
    }
    const parts = partsOfFailure({ type: 'SourceUnavailable', message: said });
    expect(parts.map(({ message }) => message)).toEqual(
      Object.entries(away).map(([source, message]) => `${source} failed (SourceUnavailable): ${message}`),
    );
    expect(parts.map(({ type, message }) => failure(type, message))).toEqual(
      Object.values(away).map((message) => failure('SourceUnavailable', message)),
    );
  });

  it('is the same for all stages while the database is unavailable', () => {
    const text = 'Postgres at 127.0.0.1:5432: the connection was refused';
    expect(failure('StorageUnavailable', text, 'AAA', 'kline')).toBe(failure('StorageUnavailable', text, 'BBB', 'store'));
  });

  it('stays the same when numbers, ids and lists in its message change, and differs when the words change', () => {
    const gaps = (list: string) =>
      causeOfDegraded('store', 'AAA/store', `gaps in coverage: ${list}; run again with refetch`, SOURCES).fingerprint;
    expect(gaps('polymarket:0x1 lacks 2.5 % of its trade ticks’ time')).toBe(
      gaps('polymarket:0x2 lacks 99 % of its trade ticks’ time, and 3 more'),
    );
    const rows = (many: string) =>
      causeOfDegraded('clean', 'AAA/clean', `${many} were quarantined: malformed 3; the limit is 1 %`, SOURCES).fingerprint;
    expect(rows('3 of 90 rows (3.3 %)')).toBe(rows('70 of 71 rows (98.6 %)'));
    expect(failure('BadInput', 'line 7 of "a.csv" has no price')).toBe(failure('BadInput', 'line 912 of "b.csv" has no price'));
    expect(failure('BadInput', 'line 7 of "a.csv" has no time')).not.toBe(failure('BadInput', 'line 7 of "a.csv" has no price'));
  });

  it('has no venue when its message only mentions a file', () => {
    expect(causeOfFailure('collect', 'AAA/collect', { type: 'BadInput', message: 'the file is empty' }, SOURCES).venue).toBeNull();
    expect(causeOfDegraded('collect', 'AAA/collect', 'predict is skipped: PREDICT_API_KEY is not set', SOURCES).venue).toBe('predict');
  });
});
