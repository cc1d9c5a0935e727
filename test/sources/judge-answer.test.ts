import { describe, expect, it } from 'vitest';
import { PredictLabError } from '../../src/contracts/errors.ts';
import { VenueError } from '../../src/sources/http/venue-error.ts';
import {
  judgeAnswer,
  type ObservedAnswer,
  type ProbeMeaning,
  probeExitCode,
  withReplacements,
} from '../../src/sources/probe/judge-answer.ts';

const NOW = Date.UTC(2026, 11, 1, 12);
const observed: ObservedAnswer = {
  venue: 'polymarket',
  route: '/v2/trades',
  expects: 'trades',
  head: { status: 200, headers: { date: 'Tue, 01 Dec 2026 11:59:00 GMT', age: '45' } },
  came: '20 trades',
  changes: [],
  now: NOW,
};
const judged = (facts: Partial<ObservedAnswer>) => judgeAnswer({ ...observed, ...facts });
const refusedWith = (status: number | null, type: ConstructorParameters<typeof VenueError>[0]) =>
  new VenueError(type, 'refused', { status });

describe('the verdict on a probed route', () => {
  it('is ok when nothing differs, and states by how much the venue’s clock is ahead and how old the answer is', () => {
    expect(judged({})).toMatchObject({ meaning: 'ok', status: 200, came: '20 trades', clockAheadSeconds: -60, ageSeconds: 45 });
  });

  it('is changed when fields are missing or new, a word is unknown, or a row cannot be read', () => {
    const changes = [
      'polymarket /v2/trades: has the new field "maker"',
      'polymarket /v2/trades: lacks the field "size" in all of its rows',
      'polymarket /v2/trades: side has the unknown word "SWAP"',
    ];
    expect(judged({ changes })).toMatchObject({
      meaning: 'changed',
      newFields: ['maker'],
      missingFields: ['size'],
      changes: ['side has the unknown word "SWAP"'],
    });
    expect(judged({ problems: ['1 trade would go into quarantine'] }).meaning).toBe('changed');
  });

  it('is an announced end when a header says so and nothing else has changed', () => {
    const changes = ['polymarket /v2/trades: sunset: Fri, 01 May 2026 00:00:00 GMT'];
    expect(judged({ changes })).toMatchObject({ meaning: 'announced to end', announced: ['sunset: Fri, 01 May 2026 00:00:00 GMT'] });
    expect(judged({ changes: [...changes, 'polymarket /v2/trades: has the new field "maker"'] }).meaning).toBe('changed');
  });

  it.each<[string, unknown, ProbeMeaning]>([
    ['a page of HTML', refusedWith(403, 'SourceBlocked'), 'blocked'],
    ['a refused key', refusedWith(401, 'SourceUnauthorized'), 'blocked'],
    ['a redirect', refusedWith(301, 'SourceBlocked'), 'changed'],
    ['an unknown route', refusedWith(404, 'BadInput'), 'changed'],
    ['a renamed field', new PredictLabError('SourceSchemaChanged', 'renamed'), 'changed'],
    ['no connection', refusedWith(null, 'SourceUnavailable'), 'unreachable'],
    ['too many requests', refusedWith(429, 'RateLimited'), 'unreachable'],
    ['an answer that makes the adapter throw', new TypeError('x is undefined'), 'changed'],
  ])('is the expected one for %s', (_, error, meaning) => {
    expect(judged({ error }).meaning).toBe(meaning);
  });

  it('is ok for a route that is gone when a newer listing can be read instead', () => {
    const older = judged({ route: '/markets', error: refusedWith(410, 'BadInput') });
    const newer = judged({ route: '/markets/keyset' });
    const spares = { '/markets': '/markets/keyset' };
    for (const [status, meaning] of [
      [300, 'ok'],
      [399, 'ok'],
      [400, 'changed'],
    ] as const)
      expect(withReplacements([newer, judged({ route: '/markets', error: refusedWith(status, 'BadInput') })], spares)[1].meaning).toBe(
        meaning,
      );
    expect(withReplacements([newer, older], spares).map(({ meaning }) => meaning)).toEqual(['ok', 'ok']);
    const unread = { ...newer, meaning: 'unreachable' as const };
    expect(withReplacements([unread, older], spares)[1].meaning).toBe('changed');
    expect(withReplacements([newer, judged({ route: '/markets', problems: ['unreadable'] })], spares)[1].meaning).toBe('changed');
  });
});

it.each<[readonly ProbeMeaning[], number]>([
  [['ok', 'announced to end'], 0],
  [['ok', 'not requested'], 0],
  [['ok', 'changed'], 1],
  [['changed', 'blocked'], 3],
  [['ok', 'unreachable'], 3],
  [['not requested'], 3],
])('probed routes that are %j end the command with exit code %i', (meanings, code) => {
  expect(probeExitCode(meanings.map((meaning) => ({ meaning })))).toBe(code);
});
