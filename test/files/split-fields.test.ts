import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { delimiterOf, splitFields } from '../../src/files/parse/split-fields.ts';

it('a line is split into plain and quoted fields', () => {
  expect(splitFields('a,b,,d', ',')).toEqual(['a', 'b', '', 'd']);
  expect(splitFields('"",2022-11-13,"a ""b"", c",', ',')).toEqual(['', '2022-11-13', 'a "b", c', '']);
  expect(splitFields('1;"2;3";4', ';')).toEqual(['1', '2;3', '4']);
  expect(splitFields(',"a"', ',')).toEqual(['', 'a']);
});

it('a line with an open quote is incomplete', () => {
  expect(splitFields('"1843",2022-10-28,"0xf13', ',')).toBeNull();
  expect(splitFields('"a"b,c', ',')).toBeNull();
});

it('a line is split into exactly the fields that a writer joined', () => {
  const field = fc.string().map((text) => text.replaceAll(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
      const line = fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(',');
      expect(splitFields(line, ',')).toEqual(fields);
    }),
  );
});

it('the delimiter is found in the header', () => {
  expect(delimiterOf('time,price,size')).toBe(',');
  expect(delimiterOf('time;price;size')).toBe(';');
  expect(delimiterOf('time\tprice')).toBe('\t');
  expect(delimiterOf('time')).toBe(',');
});
