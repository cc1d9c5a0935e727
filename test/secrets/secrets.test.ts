import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedNames, namesEnvironment, referenceProblems, resolveReferences } from '../../src/secrets/env-references.ts';
import { inlineSecrets, redactedPlace, redactInput } from '../../src/secrets/redact-input.ts';
import { isDistinctive, secretValues } from '../../src/secrets/secret-values.ts';
import { redactedLog, Secrets, secretsOf } from '../../src/secrets/secrets.ts';

const TOKEN = 'tok-9f8e7d6c5b4a';

describe('the secrets of an environment', () => {
  const env = {
    DESK_TOKEN: TOKEN,
    SOME_API_KEY: 'ak_12345678',
    DATABASE_URL: 'postgresql://lab:p%40ss-w0rd@db:5432/predictlab?sslmode=require',
    ALERT_WEBHOOK_URL: 'https://hooks.example.com/services/T000/B000/XyZ123',
    PGPASSWORD: 'postgres',
    OTHER: 'not-a-secret-1',
    LISTED: 'listed-value-1',
    PREDICTLAB_SECRETS: 'LISTED',
  };
  const secrets = secretsOf(env);

  it.each([TOKEN, 'ak_12345678', 'p@ss-w0rd', 'p%40ss-w0rd', '/services/T000/B000/XyZ123', 'listed-value-1', btoa('lab:p%40ss-w0rd')])(
    'are found in any text: %s',
    (secret) => {
      expect(secrets.text(`it said ${secret}!`)).toBe('it said [redacted]!');
      expect(JSON.stringify(secrets.json({ [secret]: [{ deep: `x${secret}x` }] }))).not.toContain(secret);
    },
  );

  it.each([
    'PK',
    'MNEMONIC',
    'DB_PASS',
    'SEED_PHRASE',
    'WALLET_PRIVATE',
    'ADMIN_PWD',
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_PAT_TOKEN',
    'BASIC_AUTH',
    'DB_CREDS',
    'API_JWT',
    'STORAGE_SAS',
    'AZURE_CONNECTION_STRING',
    'SIGNING_PEM',
    'REQUEST_HMAC',
  ])('are the values of variables with usual names for secrets: %s', (name) => {
    expect(secretsOf({ [name]: TOKEN }).text(`it said ${TOKEN}`)).toBe('it said [redacted]');
  });

  it('are whole addresses for a chat tool, which has the secret in the path', () => {
    const hook = secretsOf({ SLACK_WEBHOOK_URL: 'https://hooks.example.com/services/T000/B000/XyZ123' });
    expect(hook.text('POST https://hooks.example.com/services/T000/B000/XyZ123 failed')).not.toContain('XyZ123');
  });

  it('do not include variables whose names only resemble those of secrets', () => {
    const none = secretsOf({
      KEYBOARD_LAYOUT: 'de-latin1-nodead',
      COMPASS: 'north-north-west-9',
      TOKENIZER_PATH: '/opt/tok-1',
      PAYMENT_HOST: 'pay-1.example.com',
    });
    const text = 'de-latin1-nodead north-north-west-9 /opt/tok-1 pay-1.example.com';
    expect(none.text(text)).toBe(text);
  });

  it.each([
    ['percent-encoded', [...Buffer.from(TOKEN)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in lower-case percent escapes', encodeURIComponent('pä55/word?x').toLowerCase()],
    ['in hex', Buffer.from(TOKEN).toString('hex')],
    ['in base64', Buffer.from(TOKEN).toString('base64')],
    ['in the base64 of a longer text', Buffer.from(`a:${TOKEN}:z`).toString('base64')],
    ['in the base64url of a longer text', Buffer.from(`ab:${TOKEN}`).toString('base64url')],
  ])('are found %s', (_, form) => {
    const known = new Secrets([TOKEN, 'pä55/word?x']);
    expect(known.text(`it said ${form}!`)).toContain('[redacted]');
    for (const encoding of ['hex', 'base64'] as const)
      expect(Buffer.from(known.text(form).replaceAll('[redacted]', ''), encoding).toString()).not.toContain(TOKEN);
  });

  it('are found in base64 at any place of any longer text', () => {
    const known = new Secrets([TOKEN]);
    const inner = Buffer.from(TOKEN).toString('base64').slice(4, -6);
    for (const before of ['', 'a', 'ab', 'abc'])
      for (const after of ['', 'y', 'yz', 'xyz'])
        for (const encoding of ['base64', 'base64url'] as const) {
          const form = Buffer.from(before + TOKEN + after).toString(encoding);
          expect(known.text(form), form).toContain('[redacted]');
          expect(known.text(form)).not.toContain(inner);
        }
  });

  it('do not include parameters of an address that are not named like secrets, except in the address of a chat tool', () => {
    const address = 'https://h/p?api_key=abc123def&name=plain-value-9';
    expect(secretValues({ VENUE_URL: address })).toEqual(['abc123def', 'abc123def']);
    expect(new Set(secretValues({ CHAT_WEBHOOK: address }))).toEqual(
      new Set(['abc123def', 'plain-value-9', '/p?api_key=abc123def&name=plain-value-9']),
    );
  });

  it('do not include the working folder in PWD, although its name resembles that of a password', () => {
    const text = 'predictlab: /home/ada/markets-2026/ticks.csv is empty';
    expect(secretsOf({ PWD: '/home/ada/markets-2026', OLDPWD: '/home/ada/markets-2026' }).text(text)).toBe(text);
  });

  it('include values written inline in the arguments of tasks, of which the newest are remembered', () => {
    const some = new Secrets([]);
    const args = [
      {
        url: `https://desk:${TOKEN}@h/p?q=${TOKEN}2`,
        headers: { 'X-Desk': `${TOKEN}3`, accept: 'text/plain' },
        apiKey: `${TOKEN}4`,
        body: { text: 'the run has ended 1' },
      },
    ];
    expect(inlineSecrets(args)).toEqual(['desk', TOKEN, `${TOKEN}2`, `${TOKEN}3`, `${TOKEN}4`]);
    some.learnInline(inlineSecrets(args));
    expect(some.text(`said ${TOKEN}4 and ${TOKEN}`)).toBe('said [redacted] and [redacted]');
    some.learnInline(Array.from({ length: 600 }, (_, i) => `other-secret-${i}`));
    expect(some.text(`${TOKEN}4`)).toBe(`${TOKEN}4`);
    expect(some.text('other-secret-599')).toBe('[redacted]');
  });

  it('do not include plain words or values that are not marked as secrets', () => {
    expect(secrets.text('postgres is not-a-secret-1')).toBe('postgres is not-a-secret-1');
    const output = { ticks: 3, markets: ['a'] };
    expect(secrets.json(output)).toBe(output);
  });

  it('are redacted in addresses and authorizations even when they are not known', () => {
    const none = new Secrets([]);
    expect(none.text('GET https://u:pw@h/x?a=1&api_key=s3cr3t&b=2 failed')).toBe(
      'GET https://[redacted]@h/x?a=1&api_key=[redacted]&b=2 failed',
    );
    expect(none.text('Authorization: Bearer abcDEF123456')).toBe('Authorization: Bearer [redacted]');
    expect(none.text('basic authentication failed')).toBe('basic authentication failed');
    expect(none.text('/trades?market=0x12&token_id=77')).toBe('/trades?market=0x12&token_id=77');
  });

  it('are redacted completely: a second redaction changes nothing, and no planted secret is left', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.constantFrom(TOKEN, 'ak_12345678'), (before, after, secret) => {
        const once = secrets.text(before + secret + after);
        expect(once).not.toContain(secret);
        expect(secrets.text(once)).toBe(once);
      }),
    );
  });

  it('are found in one pass over the text (quadratic time would make this test time out)', () => {
    for (const text of ['a'.repeat(200_000), '?token'.repeat(30_000), 'a://'.repeat(50_000), 'bearer '.repeat(30_000)]) {
      const once = secrets.text(text);
      expect(secrets.text(once)).toBe(once);
    }
  });

  it('have at least six characters of two kinds, or at least sixteen characters', () => {
    const values = ['abcd1', 'abcde1', 'abcdefghijklmno', 'abcdefghijklmnop'];
    expect(values.map(isDistinctive)).toEqual([false, true, false, true]);
  });

  it('do not include the path of an address whose variable is not named like a secret', () => {
    const path = '/services/T000/B000/XyZ123';
    expect(secretsOf({ HOME_PAGE_LINK: `https://venue.example${path}` }).text(path)).toBe(path);
  });

  it('stay out of a logged error, which keeps its type, code, stack and at most five causes', () => {
    const lines: Record<string, unknown>[] = [];
    const keep = (_: string, fields?: Record<string, unknown>): void => void lines.push(fields ?? {});
    const log = redactedLog({ debug: keep, info: keep, warn: keep, error: keep }, new Secrets([]));
    const chain = Array.from({ length: 7 }, (_, i) => i).reduce<Error>(
      (cause, i) => new Error(`level ${i}`, { cause }),
      new Error('first'),
    );
    const typed = Object.assign(new Error('no'), { type: 'BadInput', code: 404 });
    const bare = Object.assign(new Error('no'), { type: '', code: 'E_NO', stack: undefined });
    log.info('x', { chain, typed, bare, odd: Object.assign(new Error('no'), { code: {} }), nothing: null, of: { inner: null } });
    expect(lines).toMatchObject([
      {
        typed: { type: 'BadInput', code: 404, stack: expect.stringMatching(/^Error: no\n +at /) as string },
        bare: { type: 'Error', code: 'E_NO' },
        nothing: null,
        of: { inner: null },
      },
    ]);
    expect(JSON.stringify(lines).match(/"message":"level \d"/g)).toHaveLength(5);
    expect(lines[0].bare).not.toHaveProperty('stack');
    expect(lines[0].odd).not.toHaveProperty('code');
    log.info('x', { count: 1, nothing: null });
    expect(lines[1]).toEqual({ count: 1, nothing: null });
  });

  it('never reach a log message or its fields, nor the causes of a logged error', () => {
    const lines: unknown[] = [];
    const keep = (message: string, fields?: Record<string, unknown>): void => void lines.push({ message, ...fields });
    const log = redactedLog({ debug: keep, info: keep, warn: keep, error: keep }, secrets);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    log.warn(`with ${TOKEN}`, { error: new Error(`no ${TOKEN}`, { cause: new TypeError('behind it') }), circle, big: { of: 1n } });
    expect(JSON.stringify(lines)).not.toContain(TOKEN);
    expect(lines).toMatchObject([
      { error: { type: 'Error', message: 'no [redacted]', cause: { type: 'TypeError', message: 'behind it' } } },
    ]);
  });
});

describe('{ "$env": … } in the arguments of a task', () => {
  const env = { DESK_TOKEN: TOKEN, AWS_SECRET_ACCESS_KEY: 'x', DATABASE_URL: 'y', PREDICTLAB_ENV_ALLOW: 'DESK_TOKEN, NO_SUCH' };
  const from = (secrets = new Secrets([])) => ({ env, secrets, allowed: allowedNames(env) });

  it('is replaced by the worker’s variable, as a whole or inside a text, whose value is then a secret', () => {
    const secrets = new Secrets([]);
    const args = {
      url: 'https://h',
      headers: { a: { $env: 'DESK_TOKEN' }, b: { $env: 'Bearer ${DESK_TOKEN}!' } },
      list: [{ $env: 'DESK_TOKEN' }],
    };
    expect(namesEnvironment(args)).toBe(true);
    expect(resolveReferences(args, from(secrets))).toEqual({
      url: 'https://h',
      headers: { a: TOKEN, b: `Bearer ${TOKEN}!` },
      list: [TOKEN],
    });
    expect(secrets.text(TOKEN)).toBe('[redacted]');
  });

  it('is found in lists and objects at any depth, and other values have no problem', () => {
    const plain = ['abc', 1, null, true, { a: null, b: 'c' }];
    expect([namesEnvironment(plain), namesEnvironment([...plain, { deep: { $env: 'X' } }])]).toEqual([false, true]);
    expect(referenceProblems(plain, 'args')).toEqual([]);
    expect(referenceProblems([...plain, { deep: { $env: 3 } }], 'args')).toEqual([expect.stringMatching(/^args\.5\.deep: /)]);
  });

  it('is refused when the variable is not set, with its name', () => {
    expect(() => resolveReferences([{ $env: 'NO_SUCH' }], from())).toThrow(/NO_SUCH, which is not set on this worker/);
  });

  it.each([
    [{ $env: 3 }, 'without other fields'],
    [{ $env: 'A', more: 1 }, 'without other fields'],
    [{ $env: 'no such name' }, 'names no variable'],
    [{ $env: '${}' }, 'names no variable'],
    [{ $env: '' }, 'names no variable'],
    [{ $env: 'DATABASE_URL' }, 'tasks may not read DATABASE_URL; add it to PREDICTLAB_ENV_ALLOW'],
    [{ $env: 'key=${AWS_SECRET_ACCESS_KEY}' }, 'tasks may not read AWS_SECRET_ACCESS_KEY'],
  ])('is refused before the run when it is %j', (reference, why) => {
    expect(referenceProblems({ headers: { x: reference } }, 'args[0]', allowedNames(env))).toEqual([expect.stringContaining(why)]);
    expect(() => resolveReferences(reference as never, from())).toThrow(why);
  });

  it('reads a variable only if PREDICTLAB_ENV_ALLOW or the activity allows that', () => {
    expect(referenceProblems({ $env: 'DESK_TOKEN' }, 'x', allowedNames({}))).toEqual([expect.stringContaining('PREDICTLAB_ENV_ALLOW')]);
    expect(referenceProblems({ $env: 'DESK_TOKEN' }, 'x', allowedNames({}, ['DESK_TOKEN']))).toEqual([]);
    expect(referenceProblems({ $env: 'DATABASE_URL' }, 'x', allowedNames({ PREDICTLAB_ENV_ALLOW: 'OTHER, DATABASE_URL' }))).toEqual([]);
  });

  it('may name any variable while a run is only planned, without a worker’s environment', () => {
    expect(referenceProblems({ $env: 'DESK_TOKEN' }, 'x')).toEqual([]);
  });
});

describe('the stored copy of an input', () => {
  it('has no headers, bodies, user info, queries or fields named like secrets in the arguments of its tasks', () => {
    const args = (secret: string) => [
      {
        url: `https://u:${secret}@h:8/p/q?a=${secret}&flag&b=#${secret}`,
        headers: { Authorization: secret, 'X-Any': secret, Accept: 'text/plain', 'X-Key': { $env: 'DESK_TOKEN' } },
        body: { deep: [secret], named: { $env: 'DESK_KEY' }, none: null },
        inner: [{ apiKey: secret, accessToken: 12_345, note: `see https://u:${secret}@h` }],
      },
    ];
    const input = { symbols: ['A'], tasks: [{ taskId: 't', activity: 'httpPost', args: args(TOKEN) }] };
    const kept = redactInput(input);
    expect(JSON.stringify(kept)).not.toContain(TOKEN);
    expect(kept.tasks[0].args).toEqual([
      {
        url: 'https://[redacted]@h:8/p/q?a=[redacted]&[redacted]&b=#[redacted]',
        headers: { Authorization: '[redacted]', 'X-Any': '[redacted]', Accept: 'text/plain', 'X-Key': { $env: 'DESK_TOKEN' } },
        body: { deep: ['[redacted]'], named: { $env: 'DESK_KEY' }, none: null },
        inner: [{ apiKey: '[redacted]', accessToken: '[redacted]', note: 'see https://[redacted]@h' }],
      },
    ]);
    expect(redactedPlace(kept)).toBe('tasks[0].args[0].url');
    expect(redactInput(kept)).toEqual(kept);
  });

  it('has every value of a body redacted, and the path of the first redacted value can be found', () => {
    const input = { tasks: [{ args: [null, { body: { a: TOKEN, b: { c: 1 } } }] }] };
    const kept = redactInput(input);
    expect(kept).toEqual({ tasks: [{ args: [null, { body: { a: '[redacted]', b: { c: '[redacted]' } } }] }] });
    expect(redactedPlace(kept)).toBe('tasks[0].args[1].body.a');
    const referred = { tasks: [{ args: [{ body: { a: { $env: 'KEY' }, none: null } }] }] };
    expect(redactInput(referred)).toBe(referred);
    for (const odd of [null, 3, {}, { tasks: 3 }, { other: [] }]) expect(redactedPlace(odd)).toBeUndefined();
    expect(inlineSecrets({ text: 'note:one?word=two' })).toEqual([]);
  });

  it('is the input itself when it contains no secret', () => {
    const input = { tasks: [{ taskId: 't', activity: 'sleep', args: [{ duration: '1s' }] }], strategies: [{ params: { token: 'x' } }] };
    expect(redactInput(input)).toBe(input);
    expect(redactedPlace(input)).toBeUndefined();
    for (const odd of [null, 3, [], { tasks: 3 }, { tasks: [null, 3, { args: null }] }]) expect(redactInput(odd)).toBe(odd);
  });
});
