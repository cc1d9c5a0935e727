import { describe, expect, it } from 'vitest';
import type { Http } from '../../src/sources/http/venue-client.ts';
import { sharedTradesV2 } from '../../src/sources/polymarket/trades.ts';
import { instrument } from '../support/stage-run.ts';

const condition = (n: number): string => `0x${String(n).padStart(64, '0')}`;
const markets = [1, 2, 3].map((n) =>
  instrument(`polymarket:${condition(n)}`, { outcomeIds: [`${n}0`, `${n}1`], stated: { volume: n === 3 ? 0 : 5, trades: null, at: 0 } }),
);
const row = (n: number, timestamp: number): object => ({
  condition_id: condition(n),
  token_id: `${n}0`,
  side: 'BUY',
  price: 0.5,
  size: 10,
  timestamp,
  transaction_hash: `0x${timestamp}`,
  proxy_wallet: '0x1',
});
const asked: unknown[] = [];
const answer = (data: readonly object[], next: string | null = null, memory = new Map()): Pick<Http, 'get' | 'memory'> => ({
  memory,
  get: (path: string, query: unknown) => {
    asked.push([path, query]);
    return Promise.resolve({ data, pagination: { has_more: next !== null, next_cursor: next } });
  },
});
const read = (data: readonly object[], next?: string | null) => sharedTradesV2(answer(data, next) as Http, markets);

describe('one answer with the newest trades of several markets', () => {
  it('has the rows of each market, and their whole history when there is no older page', async () => {
    const found = await read([row(1, 30), row(2, 20), row(1, 10)]);
    expect([...(found?.rows ?? [])].map(([id, rows]) => [id.slice(-1), rows.map(({ time }) => time)])).toEqual([
      ['1', [30_000, 10_000]],
      ['2', [20_000]],
    ]);
    expect(found?.after).toBe(Number.NEGATIVE_INFINITY);
    expect(JSON.stringify(asked)).toContain(markets.map(({ id }) => id.slice('polymarket:'.length)).join(','));
  });

  it('reaches back to the third last row, so that one wrong time has no effect', async () => {
    expect((await read([row(1, 50), row(2, 40), row(1, 30), row(2, 20), row(1, 1)], 'older'))?.after).toBe(30_000);
  });

  it.each([
    ['is not newest first', [row(1, 10), row(2, 20), row(1, 5)], 'older'],
    ['has trades of a market that was not requested', [row(1, 30), row(4, 20), row(2, 10)], null],
    [
      'has the trades of one market only, of a host that has not shown that it reads several conditions',
      [row(1, 30), row(1, 20), row(1, 10)],
      'older',
    ],
    ['ends without a trade of a market whose volume says that it has some', [row(1, 30), row(3, 20)], null],
  ])('is not used when it %s', async (_, data, next) => {
    expect(await read(data, next)).toBeUndefined();
  });
  it('may have the trades of a single market once its host has answered for several', async () => {
    const memory = new Map();
    const both = await sharedTradesV2(answer([row(1, 30), row(2, 20)], 'older', memory) as Http, markets.slice(0, 2));
    expect(both).toBeUndefined();
    await sharedTradesV2(answer([row(1, 30), row(2, 20), row(2, 10)], 'older', memory) as Http, markets);
    const one = await sharedTradesV2(answer([row(1, 30), row(1, 20), row(1, 10)], 'older', memory) as Http, markets);
    expect(one).toMatchObject({ after: 30_000 });
  });
});
