import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronProblem } from '../../src/client/schedules/check-schedule.ts';

describe('the fields of a cron expression', () => {
  it.each([
    '0 */4 * * *',
    '*/15 9-17 * * mon-fri',
    '0 0 1,15 * *',
    '5/10 * * * *',
    '0 0 29 2 *',
    '0 0 30 2 mon',
    '0 0 31 jan,mar *',
    '0 0 * * 7',
    '0 0 ? * SUN',
    '@daily',
    '@every 90m',
  ])('are accepted: %s', (cron) => expect(cronProblem(cron)).toBeUndefined());

  it.each([
    ['', 'has 0 fields'],
    ['* * * *', 'has 4 fields'],
    ['0 0 1 1 * 2026 7', 'has 7 fields'],
    ['* * * fib *', 'write numbers from 1 to 12, or jan feb mar apr may jun jul aug sep oct nov dec, like * or */2 or 1,2'],
    ['60 * * * *', '"60" is not a valid minute'],
    ['* 24 * * *', '"24" is not a valid hour'],
    ['* * 0 * *', '"0" is not a valid day of the month'],
    ['* * * 13 *', '"13" is not a valid month'],
    ['* * * fbe *', '"fbe" is not a valid month'],
    ['* * * * 8', '"8" is not a valid day of the week'],
    ['5-1 * * * *', '"5-1" is not a valid minute'],
    ['*/0 * * * *', '"*/0" is not a valid minute'],
    ['1-2-3 * * * *', 'not a valid minute'],
    ['1, * * * *', 'not a valid minute'],
    ['a * * * *', 'not a valid minute'],
    ['-1 * * * *', 'not a valid minute'],
    ['0 0 30 2 *', 'never fires'],
    ['0 0 31 4,6,9,11 *', 'never fires'],
    ['0 0 30,31 feb ?', 'never fires'],
  ])('are refused: %s', (cron, says) => expect(cronProblem(cron)).toContain(says));

  it('are refused when out of range at any place, and accepted within the range', () => {
    const ranges = [
      [0, 59],
      [0, 23],
      [1, 28],
      [1, 12],
      [0, 7],
    ] as const;
    fc.assert(
      fc.property(
        fc.tuple(...ranges.map(([least, most]) => fc.integer({ min: least, max: most }))),
        fc.nat(4),
        fc.integer({ min: 60, max: 99 }),
        (fields, place, beyond) => {
          expect(cronProblem(fields.join(' '))).toBeUndefined();
          expect(cronProblem(fields.with(place, beyond).join(' '))).toContain(`"${beyond}" is no`);
        },
      ),
    );
  });

  it('are answered with one sentence for any text, quickly', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect((cronProblem(text) ?? '').length).toBeLessThan(1_000);
      }),
    );
  });
});
