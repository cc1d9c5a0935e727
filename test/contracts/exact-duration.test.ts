import * as fc from 'fast-check';
import ms, { type StringValue } from 'ms';
import { expect, it } from 'vitest';
import { exactDuration } from '../../src/contracts/text/exact-duration.ts';

it('a duration is written exactly, in the largest unit that can express it', () => {
  expect([90_000, 60_000, 3_660_000, 86_400_000, 1_500, 0].map(exactDuration)).toEqual(['90s', '1m', '61m', '1d', '1500ms', '0ms']);
  fc.assert(fc.property(fc.nat(400 * 86_400_000), (length) => ms(exactDuration(length) as StringValue) === length));
});
