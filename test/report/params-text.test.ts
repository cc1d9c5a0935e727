import { expect, it } from 'vitest';
import { paramsText } from '../../src/report/elements/format.ts';

it('the parameters of a strategy have a short text form', () => {
  expect(paramsText({ fast: 10, slow: 30 })).toBe('10/30');
  expect(paramsText({ threshold: 0.9, side: 'yes' })).toBe('threshold 0.9, side "yes"');
  expect(paramsText({})).toBe('');
});
