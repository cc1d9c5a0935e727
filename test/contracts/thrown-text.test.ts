import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf, pastError, readableError } from '../../src/contracts/errors.ts';
import { worlds } from '../support/worlds.ts';

class Odd {
  readonly #hidden = 1;
  get seen(): number {
    return this.#hidden;
  }
}

const circle: Record<string, unknown> = { a: 1 };
circle.self = circle;
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const broken = new Proxy(
  {},
  {
    get() {
      throw new Error('do not look');
    },
  },
);
const liar = new Error('x');
Object.defineProperty(liar, 'message', {
  get() {
    throw new Error('do not look');
  },
});

describe('the message of a thrown value', () => {
  it.each([
    ['an error', new Error('boom'), 'boom'],
    ['an error without a message', new Error(), ''],
    ['a text', 'boom', 'boom'],
    ['an empty text', '', 'nothing (an empty text was thrown)'],
    ['undefined', undefined, 'nothing (undefined was thrown)'],
    ['null', null, 'nothing (null was thrown)'],
    ['a number', 42, '42'],
    ['a BigInt', 42n, '42'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a function', function fail() {}, 'a function was thrown (fail)'],
    ['an object with a message', { code: 3, message: 'boom' }, 'boom'],
    ['an object whose message is not a text', { message: { deep: 1 } }, '{"message":{"deep":1}}'],
    ['a plain object', { status: 503, body: ['late'] }, '{"status":503,"body":["late"]}'],
    ['an object of a class without fields', new Odd(), 'an object without a message was thrown (Odd)'],
    ['a circle', circle, 'an object without a message was thrown (Object)'],
    ['an object without a prototype', Object.create(null), 'an object without a message was thrown'],
    ['a proxy that was revoked', revoked.proxy, 'an object without a message was thrown'],
    ['a proxy that throws', broken, 'an object without a message was thrown'],
    ['an error whose message throws', liar, 'an object without a message was thrown (Error)'],
  ])('is readable for %s', (_, thrown, said) => {
    expect(messageOf(thrown)).toBe(said);
  });

  it('has a maximum length for an object of any size', () => {
    const said = messageOf({ rows: 'x'.repeat(100_000) });
    expect(said).toHaveLength(300);
    expect(said.endsWith('…')).toBe(true);
  });

  it('is a text for any value', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withMap: true, withDate: true }), (thrown) => {
        const said = messageOf(thrown);
        expect(typeof said).toBe('string');
        expect(said).not.toContain('[object Object]');
      }),
      { numRuns: worlds(100) },
    );
  });
});

describe('an error that is passed on', () => {
  it('is the thrown value itself when its properties can be read, else a new error with its message', () => {
    for (const thrown of [new Error('no'), { code: 7 }, 'text', null, undefined, 7]) expect(readableError(thrown)).toBe(thrown);
    for (const thrown of [broken, revoked.proxy, liar, Object.assign(new Error('no'), { name: 7 })]) {
      const error = readableError(thrown);
      expect(Object.is(error, thrown)).toBe(false);
      expect(error).toMatchObject({ name: 'Error', message: messageOf(thrown) });
    }
  });

  it('is carried by the next attempt as its type and the first 300 characters of its message', () => {
    expect(pastError({ type: 'BadInput', message: 'x'.repeat(301) })).toEqual({ type: 'BadInput', message: 'x'.repeat(300) });
    for (const type of [null, undefined]) expect(pastError({ type, message: 'no' })).toEqual({ type: 'Error', message: 'no' });
  });
});
