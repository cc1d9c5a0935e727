import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AccessRules, mayAct, mayRead, type RequestHeaders, TOKEN_COOKIE } from '../../src/ui/access.ts';

const TOKEN = 'k3y-of-this-server';
const rules: AccessRules = { host: '127.0.0.1', port: 8270, token: TOKEN, control: true, guarded: false };
const ours: RequestHeaders = { host: '127.0.0.1:8270', origin: undefined, authorization: undefined, cookie: undefined };
const withToken: RequestHeaders = { ...ours, authorization: `Bearer ${TOKEN}` };

describe('reading the pages', () => {
  it.each(['127.0.0.1:8270', 'localhost:8270', '[::1]:8270', 'LOCALHOST:8270'])('is allowed when the server is called %s', (host) => {
    expect(mayRead({ ...ours, host }, rules)).toBeNull();
  });

  it.each([undefined, '', 'evil.test:8270', '127.0.0.1', '127.0.0.1:80', '127.0.0.1.evil.test:8270', 'localhost:8270:1', '10.0.0.1:8270'])(
    'is refused for the host %s, since another name for this machine is not ours',
    (host) => {
      expect(mayRead({ ...ours, host }, rules)).toMatchObject({ status: 403 });
    },
  );

  it('is allowed on a server open to other machines only with the token, in a header or a cookie', () => {
    const open: AccessRules = { ...rules, host: '0.0.0.0', guarded: true };
    const there = { ...ours, host: '192.0.2.7:8270' };
    expect(mayRead(there, open)).toMatchObject({ status: 401 });
    expect(mayRead({ ...there, cookie: `a=b; ${TOKEN_COOKIE}=${TOKEN}` }, open)).toBeNull();
    expect(mayRead({ ...there, authorization: `Bearer ${TOKEN}` }, open)).toBeNull();
    expect(mayRead({ ...there, host: 'desk.example:8270', authorization: `Bearer ${TOKEN}` }, open)).toMatchObject({ status: 403 });
  });
});

describe('acting through the pages', () => {
  it('is refused on a read-only server, even with a token', () => {
    expect(mayAct(withToken, { ...rules, control: false })).toMatchObject({ status: 403 });
  });

  it('is refused without the token in the header; a cookie does not suffice, since any page can make a browser send it', () => {
    expect(mayAct(ours, rules)).toMatchObject({ status: 401 });
    expect(mayAct({ ...ours, cookie: `${TOKEN_COOKIE}=${TOKEN}` }, rules)).toMatchObject({ status: 401 });
    expect(mayAct(withToken, rules)).toBeNull();
  });

  it.each(['http://evil.test', 'https://127.0.0.1:8270', 'http://127.0.0.1:8271', 'null', 'http://localhost:8270.evil.test'])(
    'is refused from the page of another origin: %s',
    (origin) => {
      expect(mayAct({ ...withToken, origin }, rules)).toMatchObject({ status: 403 });
    },
  );

  it('is allowed with the exact token only', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.webUrl()), (guess, origin) => {
        fc.pre(guess !== TOKEN);
        const asked = { ...ours, authorization: `Bearer ${guess}`, ...(origin === null ? {} : { origin }) };
        expect(mayAct(asked, rules)).not.toBeNull();
      }),
    );
  });
});
