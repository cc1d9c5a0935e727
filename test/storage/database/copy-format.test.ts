import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { CopyDecoder, CopyEncoder } from '../../../src/storage/database/copy-format.ts';

/** Bytes as they would arrive, cut into pieces. */
function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const encoded = (rows: readonly Row[], capacity?: number): Buffer => {
  const encoder = new CopyEncoder(capacity);
  for (const row of rows) {
    encoder.row(6);
    encoder.int2(row.side);
    encoder.int8(row.time);
    encoder.int8(row.seen);
    encoder.float8(row.price);
    encoder.float8(row.size);
    encoder.text(row.name);
  }
  return encoder.finish();
};

interface Row {
  readonly side: number | null;
  readonly time: number;
  readonly seen: number | null;
  readonly price: number;
  readonly size: number | null;
  readonly name: string | null;
}

const decoded = (chunks: Iterable<Buffer>): Row[] => {
  const decoder = new CopyDecoder();
  const rows: Row[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk);
    while (decoder.nextRow())
      rows.push({
        side: decoder.int2(),
        time: decoder.int8(),
        seen: decoder.nullableInt8(),
        price: decoder.float8(),
        size: decoder.nullableFloat8(),
        name: decoder.text(),
      });
  }
  return rows;
};

const whole = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
const double = fc.double({ noNaN: true });
const row: fc.Arbitrary<Row> = fc.record({
  side: fc.option(fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })),
  time: whole,
  seen: fc.option(whole),
  price: double,
  size: fc.option(double),
  name: fc.option(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '?'))),
});

it('rows read back as they were written, however the bytes are divided', () => {
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 5 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 21, max: 64 }),
      (rows, size, capacity) => {
        expect(decoded(pieces(encoded(rows, capacity), size))).toEqual(rows);
      },
    ),
  );
});

it('a text with a character that Postgres does not accept keeps its length', () => {
  const row = { side: null, time: 0, seen: null, price: 0, size: null, name: 'a\0b' };
  expect(decoded([encoded([row])])[0].name).toBe('a\ufffdb');
});

it('the format starts with the signature of COPY and ends with its trailer', () => {
  const bytes = encoded([]);
  expect(bytes.subarray(0, 11).toString('latin1')).toBe('PGCOPY\n\xff\r\n\0');
  expect(bytes.length).toBe(21);
  expect([...bytes.subarray(19)]).toEqual([255, 255]);
});
