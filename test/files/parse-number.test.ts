import { expect, it } from 'vitest';
import { parseNumber, parsePrice } from '../../src/files/parse/parse-number.ts';
import { parseSide } from '../../src/files/parse/tick-line.ts';

it('a number is read in each accepted notation', () => {
  for (const [text, value] of [
    ['0.5', 0.5],
    [' 0.5 ', 0.5],
    ['.5', 0.5],
    ['+0.5', 0.5],
    ['5e-1', 0.5],
    ['5E-1', 0.5],
    ['-3', -3],
    ['1,234.5', 1234.5],
    ['425423.75', 425_423.75],
  ] as const)
    expect([text, parseNumber(text)]).toEqual([text, value]);
});

it('NaN and infinities are read as such, so that a later rule can reject them', () => {
  for (const text of ['NaN', 'nan', '-inf', 'Infinity', '1e999']) expect([text, Number.isFinite(parseNumber(text))]).toEqual([text, false]);
  for (const text of ['NaN', 'nan', '-inf', 'Infinity', '1e999']) expect([text, parseNumber(text) === null]).toEqual([text, false]);
});

it('a text that is not a number is read as null', () => {
  for (const text of ['', ' ', 'NA', 'null', 'None', '0x1f', '0b1', '1_000', '12,34', '0.5.1', 'abc', '5%'])
    expect([text, parseNumber(text)]).toEqual([text, null]);
});

it('a price is read with its sign, and in hundredths where the field or its file says so', () => {
  for (const [text, value, inCents] of [
    ['0.45', 0.45, 45e-4],
    ['45', 45, 0.45],
    ['$45', 45, 45],
    ['45¢', 0.45, 0.45],
    ['57%', 0.57, 0.57],
    ['-$ 1.5', -1.5, -1.5],
    ['none', null, null],
  ] as const)
    expect([text, parsePrice(text, 'point'), parsePrice(text, 'point', true)]).toEqual([text, value, inCents]);
  expect(parsePrice('45%', 'comma')).toBe(0.45);
  expect(parsePrice('Infinity', 'point', true)).toBe(Infinity);
});

it('a side is read in any letter case and as an abbreviation', () => {
  for (const text of ['Buy', 'b', 'BID', ' buy ']) expect([text, parseSide(text)]).toEqual([text, 'buy']);
  for (const text of ['Sell', 's', 'ASK']) expect([text, parseSide(text)]).toEqual([text, 'sell']);
  expect(parseSide('')).toBeNull();
  expect(parseSide('merge')).toBeUndefined();
});
