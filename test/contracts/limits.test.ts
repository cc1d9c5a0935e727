import { describe, expect, it } from 'vitest';
import { catalogueEntrySchema } from '../../src/contracts/catalogue.ts';
import { fileTrouble } from '../../src/contracts/errors.ts';
import { checkedId } from '../../src/contracts/text/checked-id.ts';

describe('the id of a run', () => {
  it('has 1 to 200 characters', () => {
    const longest = 'x'.repeat(200);
    expect(checkedId('run', longest)).toBe(longest);
    expect(() => checkedId('run', `${longest}x`)).toThrow(`"${'x'.repeat(40)}…" is not a valid id of a run`);
    expect(() => checkedId('run', `${longest}x`)).toThrow('(this has 201)');
    expect(() => checkedId('schedule', '')).toThrow('"" is not a valid id of a schedule: write 1 to 200 characters');
  });

  it('is repeated in full up to 40 characters when it is refused, with its length only when it is too long', () => {
    const messageOf = (id: string) => {
      try {
        return checkedId('run', id);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf(`${'x'.repeat(39)} `)).toBe(
      `"${'x'.repeat(39)} " is not a valid id of a run: write 1 to 200 characters without blanks around them`,
    );
    expect(messageOf(`${'x'.repeat(40)} `)).toContain(`"${'x'.repeat(40)}…"`);
    expect(messageOf(` ${'x'.repeat(199)}`)).not.toContain('(this has');
  });

  it('has no control characters', () => {
    expect(() => checkedId('run', 'one\ntwo')).toThrow('is not a valid id of a run');
  });
});

describe('the twins in a catalogue', () => {
  const problemOf = (twins: unknown) => catalogueEntrySchema.safeParse({ symbol: 'BTC', sources: {}, twins }).error?.issues[0].message;

  it('are two markets of different venues', () => {
    expect(problemOf([['polymarket:0x1', 'predict:7']])).toBeUndefined();
    expect(problemOf([['predict:8', 'predict:7']])).toBe('name markets of two different venues');
    expect(problemOf([['polymarket:0x1', 'seven']])).toContain('write the ids of markets');
  });
});

describe('the reason why a file cannot be read', () => {
  it.each<[unknown, string]>([
    [Object.assign(new Error('ENOENT: x'), { code: 'ENOENT' }), 'there is no such file or folder'],
    [Object.assign(new Error('EBUSY: in use\nat line 1'), { code: 'EBUSY' }), 'EBUSY: in use'],
    [new Error('first line\nsecond line'), 'first line'],
    ['the disk is away', 'the disk is away'],
  ])('is taken from the code of the error, or from its first line: %s', (error, said) => {
    expect(fileTrouble(error)).toBe(said);
  });
});
