import { expect, it } from 'vitest';
import { describeValue, fieldPath, isRecord, listAt, recordOf, stringsAt } from '../../src/input/raw-input.ts';

it('only an object with fields is read as a record; null, lists and texts are not', () => {
  expect([{}, { a: 1 }].every(isRecord)).toBe(true);
  expect([null, undefined, [], 'a', 1].some(isRecord)).toBe(false);
  expect([recordOf({ a: 1 }), recordOf(null), recordOf([1])]).toEqual([{ a: 1 }, {}, {}]);
});

it('a missing list is read as an empty one', () => {
  expect([listAt({ a: [1, 'b'] }, 'a'), listAt({ a: 'b' }, 'a'), listAt(null, 'a')]).toEqual([[1, 'b'], [], []]);
  expect(stringsAt({ a: ['x', 1, null, 'y'] }, 'a')).toEqual(['x', 'y']);
});

it('a value is described in a user’s words, with a long text cut at forty characters', () => {
  expect([undefined, null, [], {}, 7, true, 'a'].map(describeValue)).toEqual([
    'missing',
    'null',
    'a list',
    'an object',
    '7',
    'true',
    '"a"',
  ]);
  expect(describeValue('x'.repeat(40))).toBe(`"${'x'.repeat(40)}"`);
  expect(describeValue('x'.repeat(41))).toBe(`"${'x'.repeat(40)}…"`);
});

it('a place in the input is written like tasks[2].dependencies[0]', () => {
  expect([[], ['tasks', 2, 'dependencies', 0], ['a', 'b']].map(fieldPath)).toEqual(['input', 'tasks[2].dependencies[0]', 'a.b']);
});
