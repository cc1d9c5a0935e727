import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { marketOf } from '../../src/backtest/engine/market.ts';
import { defineStrategy } from '../../src/backtest/strategy.ts';
import type { Instrument } from '../../src/contracts/market-data.ts';
import type { MarketFacts } from '../../src/library/market.ts';
import { runBacktest } from '../../src/library/run-backtest.ts';
import { HOUR, walk } from './series.ts';

const candles = walk(6, 1, { probability: true });

/** What a strategy reads of the time left at each bar, in hours. */
function hoursLeft(market: MarketFacts): { seen: (number | null)[]; result: ReturnType<typeof runBacktest> } {
  const seen: (number | null)[] = [];
  const strategy = defineStrategy({
    name: 'watches the clock',
    version: '1',
    summary: 'for tests',
    params: z.strictObject({}),
    create: (_params, _bars, situation) => () => {
      seen.push(situation.secondsLeft === null ? null : situation.secondsLeft / 3600);
      return 'hold';
    },
  });
  const result = runBacktest({ candles, strategy, market: { market: 'probability', ...market }, options: { proofCuts: 0 } });
  return { seen, result };
}

describe('the end of a market', () => {
  it('is the announced end, so that no strategy knows the real close in advance', () => {
    const { seen, result } = hoursLeft({ endsAt: 100 * HOUR, closedAt: 4 * HOUR, resolution: 1 });
    expect(seen).toEqual([99, 98, 97, 96, 95, 94]);
    expect(result.notProvable).toEqual([
      expect.stringContaining('defined in a program'),
      expect.stringContaining('no look-ahead proof was run'),
    ]);
    expect(hoursLeft({ closedAt: 4 * HOUR }).seen).toEqual([null, null, null, null, null, null]);
  });

  it('is known to a strategy from the moment at which it was announced', () => {
    const endsAt = [
      { from: 2 * HOUR, endsAt: 50 * HOUR },
      { from: 4 * HOUR, endsAt: 20 * HOUR },
    ];
    expect(hoursLeft({ endsAt }).seen).toEqual([null, 48, 47, 16, 15, 14]);
  });

  it('makes a result not provable when only closesAt is stated and the strategy reads it', () => {
    const { seen, result } = hoursLeft({ closesAt: 4 * HOUR });
    expect(seen).toEqual([3, 2, 1, 0, -1, -2]);
    expect(result).toMatchObject({
      provable: false,
      notProvable: [expect.anything(), expect.anything(), expect.stringContaining('state endsAt and closedAt')],
    });
    const blind = runBacktest({ candles, strategy: 'buy-and-hold', market: { market: 'probability', closesAt: 4 * HOUR } });
    expect(blind.provable).toBe(true);
  });

  it('is refused when closesAt is stated together with endsAt or closedAt', () => {
    expect(() => hoursLeft({ closesAt: 4 * HOUR, endsAt: 5 * HOUR })).toThrow('market.closesAt: closesAt stands for both ends');
    expect(() => hoursLeft({ endsAt: [] })).toThrow('market.endsAt: list at least one announcement, oldest first');
  });

  it('is, for a stored market, the end that had been announced by each time', () => {
    const instrument: Instrument = {
      id: 'polymarket:0x1',
      source: 'polymarket',
      market: 'probability',
      title: 'rain',
      outcomes: ['Yes', 'No'],
      outcomeIds: [],
      opensAt: null,
      closesAt: 9 * HOUR,
      endsAt: 9 * HOUR,
      closedAt: 9 * HOUR,
      closed: true,
      resolution: { kind: 'open' },
      fees: null,
      tickSize: null,
      earlierTerms: [{ until: 3 * HOUR, fees: null, tickSize: null, endsAt: 70 * HOUR }],
      event: 'polymarket:rain',
      twins: [],
      book: null,
      reference: 'rain',
    };
    expect(marketOf(instrument)).toMatchObject({
      endsAt: 9 * HOUR,
      earlierEnds: [{ until: 3 * HOUR, endsAt: 70 * HOUR }],
      event: 'polymarket:rain',
    });
    expect(marketOf(instrument).endIsClose).toBeUndefined();
    expect(marketOf({ ...instrument, source: 'file' }).endIsClose).toBe(true);
  });
});
