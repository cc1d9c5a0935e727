import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SealingCodec } from '../../src/secrets/payload-codec.ts';
import { readPayloadKeys } from '../../src/secrets/payload-keys.ts';
import { type ServedCodec, serveCodec } from '../../src/ui/serve-codec.ts';

const UI = 'http://127.0.0.1:8233';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PLAIN = { metadata: { encoding: base64('json/plain') }, data: base64('{"a":1}') };

let served: ServedCodec;
beforeAll(async () => {
  const keys = readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: randomBytes(32).toString('hex') });
  served = await serveCodec({ codec: new SealingCodec(keys), port: 0, origins: [UI] });
});
afterAll(() => served.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${served.address}${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('the codec endpoint', () => {
  it('encodes and decodes payloads as the Web UI and the command line send them', async () => {
    const sealed = (await (await post('/encode', { payloads: [PLAIN] })).json()) as { payloads: (typeof PLAIN)[] };
    expect(Buffer.from(sealed.payloads[0].metadata.encoding, 'base64').toString()).toBe('binary/encrypted');
    expect(JSON.stringify(sealed)).not.toContain(PLAIN.data);
    for (const path of ['/decode', '/any/prefix/decode?namespace=default'])
      expect(await (await post(path, sealed)).json()).toEqual({ payloads: [PLAIN] });
  });

  it('answers the pages of the Web UI, and no pages of other sites', async () => {
    const preflight = await fetch(`${served.address}/decode`, {
      method: 'OPTIONS',
      headers: { origin: UI, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-namespace' },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': UI,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, x-namespace, authorization',
    });
    const theirs = await post('/decode', { payloads: [] }, { origin: 'https://evil.example' });
    expect(theirs.status).toBe(403);
    expect(theirs.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers only to its own host name', async () => {
    const { port } = new URL(served.address);
    const status = await new Promise((resolve, reject) => {
      const asked = request({ port, method: 'POST', path: '/decode', headers: { host: `evil.example:${port}` } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject).end('{"payloads":[]}');
    });
    expect(status).toBe(403);
  });

  it.each([
    ['nonsense', 400],
    ['null', 400],
    ['{"payloads":3}', 400],
    ['{"payloads":[3]}', 400],
    ['{"payloads":[{"metadata":{"encoding":3}}]}', 400],
    [{ payloads: [{ metadata: { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('other') }, data: '' }] }, 400],
    [{ payloads: [{ metadata: { encoding: base64('binary/encrypted') }, data: base64('short') }] }, 400],
  ])('refuses the body %j with one sentence', async (body, status) => {
    const answer = await post('/decode', body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(/^[^\n]{10,300}\n$/);
  });

  it('answers at no other path', async () => {
    expect((await post('/other', {})).status).toBe(404);
    expect((await fetch(`${served.address}/decode`)).status).toBe(404);
  });
});
