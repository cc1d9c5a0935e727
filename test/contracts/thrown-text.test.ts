import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/contracts/errors.ts';
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
