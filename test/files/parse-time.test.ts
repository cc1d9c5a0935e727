import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseTime, timeUnitOf } from '../../src/files/parse/parse-time.ts';

const iso = (text: string, unit: 's' | 'ms' | 'us' | 'ns' = 'ms') => {
  const time = parseTime(text, unit);
  return time === null ? null : new Date(time).toISOString();
};

it('a time is read in each notation that files use', () => {
  for (const [text, expected] of [
    ['2022-11-13 15:33:33', '2022-11-13T15:33:33.000Z'],
    ['2022-11-13T15:33:33Z', '2022-11-13T15:33:33.000Z'],
    ['2022-11-13T15:33:33.123456Z', '2022-11-13T15:33:33.123Z'],
    ['2025-05-29 17:05:00+00:00', '2025-05-29T17:05:00.000Z'],
    ['2022-11-13T15:33:33+02:00', '2022-11-13T13:33:33.000Z'],
    ['2022-11-13T15:33:33-0530', '2022-11-13T21:03:33.000Z'],
    ['2026-07-24 00:00:16+00', '2026-07-24T00:00:16.000Z'],
    ['2022-11-13T15:33', '2022-11-13T15:33:00.000Z'],
    ['2022-11-13', '2022-11-13T00:00:00.000Z'],
    ['November 8 2022 3:45', '2022-11-08T03:45:00.000Z'],
    ['November 8 2022 3:45 PM', '2022-11-08T15:45:00.000Z'],
    ['Nov 8, 2022 12:05 am', '2022-11-08T00:05:00.000Z'],
    ['sep 1 2022 23:59:58', '2022-09-01T23:59:58.000Z'],
  ])
    expect([text, iso(text)]).toEqual([text, expected]);
});

it('a time without a zone is UTC, whatever the time zone of the machine', () => {
  const zone = process.env.TZ;
  try {
    process.env.TZ = 'America/New_York';
    expect(iso('2022-11-13 15:33:33')).toBe('2022-11-13T15:33:33.000Z');
    expect(iso('November 8 2022 3:45')).toBe('2022-11-08T03:45:00.000Z');
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

it('a number is read as a time in the unit of its file, to the millisecond', () => {
  expect(iso('1570752011', 's')).toBe('2019-10-11T00:00:11.000Z');
  expect(iso('1570752011.62', 's')).toBe('2019-10-11T00:00:11.620Z');
  expect(iso('1570752011620', 'ms')).toBe('2019-10-11T00:00:11.620Z');
  expect(iso('1570752011620999', 'us')).toBe('2019-10-11T00:00:11.620Z');
  expect(iso('1570752011620999123', 'ns')).toBe('2019-10-11T00:00:11.620Z');
  expect(iso('1.570752011e9', 's')).toBe('2019-10-11T00:00:11.000Z');
});

it('the unit of a file’s times is the one that fits the size of most of the first numbers', () => {
  expect(timeUnitOf(['1570752011', '1570752012'])).toBe('s');
  expect(timeUnitOf(['1570752011.5'])).toBe('s');
  expect(timeUnitOf(['1570752011620'])).toBe('ms');
  expect(timeUnitOf(['1570752011620999'])).toBe('us');
  expect(timeUnitOf(['1570752011620999123'])).toBe('ns');
  expect(timeUnitOf(['', 'x', '1570752011', '1570752011620', '1570752011621'])).toBe('ms');
});

it('a time from 1973 to 5138 is the same in whatever unit a file states it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100_000_000_000, max: 99_999_999_999_999 }), (ms) => {
      const texts = [(ms / 1000).toFixed(3), String(ms), `${ms}000`, `${ms}000000`];
      for (const text of texts) expect(parseTime(text, timeUnitOf([text]))).toBe(ms);
      const date = new Date(ms).toISOString();
      for (const text of [date, date.replace('T', ' '), date.slice(0, -1)]) expect(parseTime(text, 'ms')).toBe(ms);
    }),
  );
});

it('a text that is not a time is read as null', () => {
  for (const text of [
    '',
    ' ',
    'yesterday',
    '2022-02-30',
    '2022-13-01',
    '2022-11-13 25:00',
    '11/08/2022',
    'Smarch 1 2022 3:45',
    'November 8 2022 13:45 PM',
    '0x10',
  ])
    expect([text, parseTime(text, 'ms')]).toEqual([text, null]);
  expect(parseTime('NaN', 'ms')).toBeNaN();
});
