import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { runHeads } from '../../src/report/history/history-page.ts';

const at = (time: string): number => Date.parse(`2026-11-24T${time}Z`);

it('runs that start in the same minute or second have different column heads', () => {
  expect(runHeads([at('08:00:01'), at('12:00:00'), at('12:00:09'), at('12:01:00.1'), at('12:01:00.7')])).toEqual([
    '08:00',
    '12:00:00',
    '12:00:09',
    '12:01:00 no. 1',
    '12:01:00 no. 2',
  ]);
});

it('no two runs of a day have the same column head', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 86_399_999 }), { maxLength: 30 }), (times) => {
      const heads = runHeads(times.map((time) => at('00:00') + time));
      expect(new Set(heads).size).toBe(heads.length);
    }),
  );
});
