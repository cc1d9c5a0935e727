import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { storableStrings } from '../../../src/sources/http/foreign-text.ts';
import { jsonb } from '../../../src/storage/database/codes.ts';
import { worlds } from '../../support/worlds.ts';

/** Any text, with halves of characters, U+0000, and what looks like an escape of them. */
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('\ud83d', '\udc00', '\u0000', '\\', '\\u0000', '\\ud83d', '"', '😀'),
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => (Object.is(each, -0) ? 0 : each)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '0')), tie('any')), {
        maxLength: 4,
        selector: ([key]) => key.toWellFormed().replaceAll('\0', '\ufffd'),
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).any;

describe('a value as JSON for the database', () => {
  it('has no U+0000 and no half characters, and is unchanged otherwise', () => {
    fc.assert(
      fc.property(value, (each) => {
        const written = jsonb(each);
        expect(JSON.parse(written)).toEqual(storableStrings(each));
        // an even number of backslashes before it makes it text that says so, not an escape
        expect(/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(written)).toBe(false);
      }),
      { numRuns: worlds(1000) },
    );
  });

  it('is the plain text when nothing has to be replaced', () => {
    for (const each of [{ a: '\\u0000' }, ['😀'], 'ü', 1, null]) expect(jsonb(each)).toBe(JSON.stringify(each));
  });
});
