import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { tooSlow } from '../../src/cli/records/shadow-of.ts';

const stage = fc.record({
  stage: fc.constantFrom('clean', 'store', 'kline', 'backtest'),
  seconds: fc.double({ min: 0, max: 100, noNaN: true }),
  before: fc.option(fc.double({ min: 0.001, max: 100, noNaN: true })),
});

it('a comparison of builds reports exactly the stages over 5 s that took more than the given multiple of the other build', () => {
  fc.assert(
    fc.property(fc.array(stage), fc.double({ min: 1, max: 20, noNaN: true }), (durations, slower) => {
      const slow = durations.filter(({ seconds, before }) => before !== null && seconds > 5 && seconds > slower * before);
      const said = tooSlow(durations, slower);
      expect(said.length).toBe(slow.length);
      for (const [n, { stage: named, seconds }] of slow.entries()) expect(said[n]).toContain(`${named} took ${seconds.toFixed(1)} s`);
      // a stage reported at one threshold is reported at every lower one
      expect(tooSlow(durations, 1).length).toBeGreaterThanOrEqual(said.length);
    }),
  );
});

it('a comparison of builds reports no stage without an earlier duration', () => {
  expect(tooSlow([{ stage: 'kline', seconds: 500, before: null }], 1)).toEqual([]);
});
