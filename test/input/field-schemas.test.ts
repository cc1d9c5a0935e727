import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  durationField,
  durationMs,
  instantField,
  nameField,
  numberField,
  priorityField,
  taskIdField,
  wholeField,
  wordField,
} from '../../src/input/field-schemas.ts';

/** The message of a field about a value; undefined when the field accepts it. */
const says = (field: z.ZodType, value: unknown): string | undefined => field.safeParse(value).error?.issues[0].message;
const takes = (field: z.ZodType, value: unknown): boolean => says(field, value) === undefined;

describe('a duration in an input', () => {
  it('is a number with a unit, in milliseconds', () => {
    expect(['250ms', ' 5m ', '1h', '7d'].map(durationMs)).toEqual([250, 300_000, 3_600_000, 604_800_000]);
    expect(durationMs('banana')).toBeNaN();
  });

  it('is at most a week, and longer than 0 where the field requires it', () => {
    const [wait, attempt] = [durationField('zero'), durationField('positive')];
    expect(['0s', '1ms', '7d'].map((text) => takes(wait, text))).toEqual([true, true, true]);
    expect(['1ms', '7d'].map((text) => takes(attempt, text))).toEqual([true, true]);
    expect(says(attempt, '0s')).toBe('"0s" must be longer than nothing, like "30s"');
    expect(says(wait, '-1s')).toBe('"-1s" must be longer than nothing, like "30s"');
    expect(says(attempt, '604800001ms')).toBe('"604800001ms" is longer than a week; write at most "7d"');
    expect(says(wait, 'soon')).toBe('"soon" is not a valid duration; write a number and a unit, like "30s", "5m" or "1h"');
  });
});

it('a range in an input includes its ends, and a whole number has no fraction', () => {
  const whole = wholeField(1, 5);
  expect([1, 3, 5].every((value) => takes(whole, value))).toBe(true);
  for (const value of [0, 6, 2.5]) expect(says(whole, value)).toBe(`${value} is out of range; write a whole number from 1 to 5`);
  expect([takes(priorityField(), 1), takes(priorityField(), 5), takes(priorityField(), 0), takes(priorityField(), 6)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const number = numberField(0.5, 2);
  expect([0.5, 1.25, 2].every((value) => takes(number, value))).toBe(true);
  for (const value of [0.49, 2.01]) expect(says(number, value)).toBe(`${value} is out of range; write a number from 0.5 to 2`);
});

it('an unknown word is refused with the list of all words, and an unknown name with the place that lists the names', () => {
  const word = wordField('order', ['fifo', 'priority']);
  expect(takes(word, 'fifo')).toBe(true);
  expect(says(word, 'prioriti')).toBe('unknown order "prioriti"; there are fifo, priority; did you mean priority?');
  const name = nameField({ what: 'symbol', names: ['BTC_PRICE'], list: 'the list shows them' });
  expect(takes(name, 'BTC_PRICE')).toBe(true);
  expect(says(name, 'BTC_PRIC')).toBe('unknown symbol "BTC_PRIC"; the list shows them; did you mean BTC_PRICE?');
});

it('up to twenty unknown names of a list get a suggestion, and the known names in the list do not count', () => {
  const name = nameField({ what: 'symbol', names: ['BTC_PRICE'], list: 'the list shows them' });
  const suggestions = Array.from({ length: 25 }, () => {
    expect(takes(name, 'BTC_PRICE')).toBe(true);
    return says(name, 'BTC_PRIC')?.includes('did you mean') ?? false;
  });
  expect(suggestions.filter(Boolean)).toHaveLength(20);
  expect(suggestions.indexOf(false)).toBe(20);
});

it.each([
  ['2026-01-31', true],
  ['2026-01-31T12:00Z', true],
  ['2026-01-31T12:00:00.5+02:00', true],
  ['2026-02-30', false],
  ['2026-13-01', false],
  ['2026-01-31T25:00Z', false],
  ['2026-01-31T12:00', false],
  ['yesterday', false],
])('a time such as %s is a valid instant: %s', (text, isOne) => {
  expect(takes(instantField(), text)).toBe(isOne);
});

it('a task id has 1 to 200 characters, no blanks around it and no control characters', () => {
  expect([`a`, 'two words', 'x'.repeat(200)].every((id) => takes(taskIdField(), id))).toBe(true);
  expect(['', ' a', 'a ', 'a\nb', 'x'.repeat(201)].some((id) => takes(taskIdField(), id))).toBe(false);
});
