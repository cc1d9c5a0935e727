import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { exclusiveRefusal } from '../../src/contracts/run/exclusive-refusal.ts';
import { undecodableReason } from '../../src/contracts/run/undecodable.ts';
import { checkedId } from '../../src/contracts/text/checked-id.ts';
import { cutAtWord, cutError, cutText } from '../../src/contracts/text/cut-text.ts';
import { issueWords, type SchemaIssue } from '../../src/contracts/text/issue-words.ts';
import { didYouMean } from '../../src/contracts/text/nearest-name.ts';

describe('a text that is too long', () => {
  it('is cut to the length with a mark at its end, and stays unchanged when it fits', () => {
    expect([cutText('abcd', 4), cutText('abcde', 4), cutAtWord('abcd', 4)]).toEqual(['abcd', 'abc…', 'abcd']);
    expect(cutAtWord('ab cd', 5)).toBe('ab cd');
    expect([
      cutAtWord('one two three', 9),
      cutAtWord('abcdefghijk', 6),
      cutAtWord('a bcdefghijk', 9),
      cutAtWord('abcd efghijk', 8),
    ]).toEqual(['one two …', 'abcde…', 'a bcdefg…', 'abcd …']);
  });

  it.each(['\u{10000}', '\u{10FFFF}', '\u{1F600}'])('is never cut within a character of two code units (%s)', (character) => {
    expect(cutText(`ab${character}cd`, 4)).toBe('ab…');
    expect(cutText(`ab${character}cd`, 5)).toBe(`ab${character}…`);
  });

  it('is cut in each part of an error, and a missing stack stays missing', () => {
    const long = 'x'.repeat(9_000);
    const { type, message, stack = '' } = cutError({ type: long, message: long, stack: long });
    expect([type.length, message.length, stack.length]).toEqual([100, 4_000, 8_000]);
    expect(cutError({ type: 'Error', message: 'no' })).toEqual({ type: 'Error', message: 'no' });
  });
});

describe('an id of a run or a schedule', () => {
  it('has 1 to 200 characters, no blanks around it, and no control characters', () => {
    for (const id of ['a', 'x'.repeat(200), 'a b']) expect(checkedId('run', id)).toBe(id);
    for (const id of ['', 'x'.repeat(201), ' a', 'a ', 'a\nb', 'a\u007fb'])
      expect(() => checkedId('run', id)).toThrow('is not a valid id of a run');
    expect(() => checkedId('schedule', 'x'.repeat(201))).toThrow(/^"x{40}…" is not a valid id of a schedule: .*\(this has 201\)$/);
    expect(() => checkedId('schedule', '')).toThrow(/without blanks around them$/);
  });
});

describe('the words for a problem that zod reports', () => {
  const issueOf = (schema: z.ZodType, value: unknown): string =>
    issueWords(schema.safeParse(value).error?.issues[0] as unknown as SchemaIssue);

  it.each<[string, z.ZodType, unknown, string]>([
    ['a missing field', z.object({ a: z.number() }), {}, 'is missing; write a number'],
    ['another type', z.string(), 7, 'must be text'],
    ['a type without a word of its own', z.map(z.string(), z.string()), 7, 'must be map'],
    ['a short text', z.string().min(3), 'a', 'must have at least 3 characters'],
    ['a long text', z.string().max(3), 'abcd', 'must have at most 3 characters'],
    ['a short list', z.array(z.string()).min(1), [], 'must have at least 1 entries'],
    ['a small set', z.set(z.string()).min(1), new Set(), 'must have at least 1 entries'],
    ['a small number', z.number().min(3), 1, 'must be at least 3'],
    ['a number at an open limit', z.number().gt(3), 3, 'must be more than 3'],
    ['a number at the other open limit', z.number().lt(3), 3, 'must be less than 3'],
    ['a large number', z.number().max(3), 4, 'must be at most 3'],
    ['a number between steps', z.number().multipleOf(5), 3, 'must be a multiple of 5'],
    ['a wrong format', z.url(), 'x', 'is not a valid url'],
    ['another word', z.enum(['a', 'b']), 'c', 'must be "a" or "b"'],
    ['an unknown field', z.strictObject({}), { x: 1 }, 'takes no x'],
    ['no form of several', z.union([z.number(), z.boolean()]), 'x', 'has none of the allowed forms'],
    ['a message of the schema’s own', z.number('write a number of days'), 'x', 'write a number of days'],
  ])('state the error and the accepted form: %s', (_what, schema, value, words) => {
    expect(issueOf(schema, value)).toBe(words);
  });

  it('list no values when another version of zod reports none', () => {
    expect(issueWords({ code: 'invalid_value', message: 'Invalid input', path: [] })).toBe('must be another value');
  });
});

describe('a sentence for users', () => {
  it('suggests a name only when one is close', () => {
    expect([didYouMean('colect', ['collect', 'clean']), didYouMean('elsewhere', ['collect'])]).toEqual(['; did you mean collect?', '']);
  });

  it('names up to three open runs that block an exclusive run', () => {
    expect(exclusiveRefusal(['a'])).toContain('--exclusive: a is open;');
    expect(exclusiveRefusal(['a', 'b', 'c'])).toContain('--exclusive: a, b, c are open;');
    expect(exclusiveRefusal(['a', 'b', 'c', 'd', 'e'])).toContain('--exclusive: a, b, c and 2 more are open;');
  });

  it('states why a payload cannot be read, and nothing for other values', () => {
    expect(undecodableReason({ $undecodable: 'no key' })).toBe('no key');
    for (const value of [null, undefined, 7, 'text', {}]) expect(undecodableReason(value)).toBeUndefined();
  });
});
