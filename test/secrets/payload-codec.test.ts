import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import protocol from '@temporalio/proto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { undecodableReason } from '../../src/contracts/run/undecodable.ts';
import { encodedBytes, fitSummary } from '../../src/scheduling/payload/budget.ts';
import { dataConverterOf, isSealing, SealingCodec } from '../../src/secrets/payload-codec.ts';
import { readPayloadKeys } from '../../src/secrets/payload-keys.ts';
import { secretsOf } from '../../src/secrets/secrets.ts';
import { worlds } from '../support/worlds.ts';

// a CommonJS package: a bundle of the tests has its default export only
const { temporal } = protocol;

const newKey = () => randomBytes(32).toString('base64');
const codecOf = (...keys: string[]) => new SealingCodec(readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: keys.join(',') }));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload): unknown => defaultPayloadConverter.fromPayload(payload);
const wire = (payload: Payload): Buffer => Buffer.from(temporal.api.common.v1.Payload.encode(payload).finish());

describe('a payload that Temporal stores, with a payload key', () => {
  it('is decoded unchanged for any content, of which nothing is readable in storage', async () => {
    const codec = codecOf(newKey());
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.uint8Array(), async (value, bytes) => {
        const given = [payloadOf({ value, mark: 'planted-secret' }), payloadOf(bytes), payloadOf(undefined)];
        const sealed = await codec.encode(given);
        for (const payload of sealed) expect(wire(payload).includes('planted-secret')).toBe(false);
        // as a server hands it back
        const stored = sealed.map((payload) => temporal.api.common.v1.Payload.decode(wire(payload)));
        expect((await codec.decode(stored)).map(valueOf)).toEqual(given.map(valueOf));
      }),
      { numRuns: worlds(50) },
    );
  });

  it('is at most 170 bytes longer, for which the limits of payloads and summaries leave room', async () => {
    const codec = codecOf(newKey());
    for (const value of ['', 'x'.repeat(300), { a: 'y'.repeat(1_400_000) }]) {
      const [sealed] = await codec.encode([payloadOf(value)]);
      expect(wire(sealed).length - encodedBytes(value)).toBeLessThan(170);
    }
    for (const text of ['x'.repeat(500), '漢'.repeat(500), '\u0001'.repeat(500), '🎲'.repeat(300)]) {
      const [sealed] = await codec.encode([payloadOf(fitSummary(text))]);
      expect(wire(sealed).length).toBeLessThan(400);
    }
    expect(fitSummary('BTC_PRICE: collect → visualize')).toBe('BTC_PRICE: collect → visualize');
  });

  it('is encrypted once, and differently each time', async () => {
    const codec = codecOf(newKey());
    const [first] = await codec.encode([payloadOf('x')]);
    const [second] = await codec.encode([payloadOf('x')]);
    expect(wire(first).equals(wire(second))).toBe(false);
    expect(await codec.encode([first])).toEqual([first]);
  });

  it('is decrypted with any key of the list, and encrypted with the first one', async () => {
    const [before, after] = [newKey(), newKey()];
    const old = await codecOf(before).encode([payloadOf('old')]);
    const rotated = codecOf(after, before);
    expect((await rotated.decode(old)).map(valueOf)).toEqual(['old']);
    const fresh = await rotated.encode([payloadOf('new')]);
    expect((await codecOf(after).decode(fresh)).map(valueOf)).toEqual(['new']);
    await expect(codecOf(before).decode(fresh)).rejects.toThrow(
      /sealed with key [0-9a-f]{12}, and PREDICTLAB_PAYLOAD_KEY has [0-9a-f]{12}; add/,
    );
  });

  it('is refused when it is not encrypted, unless runs from before the key are accepted', async () => {
    const [keys, plain] = [readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: newKey() }), [payloadOf({ symbols: [] })]];
    await expect(new SealingCodec(keys).decode(plain)).rejects.toThrow('is not sealed');
    expect(await new SealingCodec(keys, { acceptPlaintext: true }).decode(plain)).toEqual(plain);
    expect(() => dataConverterOf({ PREDICTLAB_PAYLOAD_PLAINTEXT: 'yes' })).toThrow('write accept');
  });

  it('that no key can ever decrypt reaches the run as an object with the reason', async () => {
    const keys = readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: newKey() });
    const codec = new SealingCodec(keys, { forWorkflows: true });
    const own = { type: 'workflow', namespace: 'default', workflowId: 'nightly' } as const;
    const reason = async (payload: Payload) => undecodableReason(valueOf((await codec.decode([payload], own))[0]));
    const [sealed] = await codec.encode([payloadOf({ symbols: [] })]);
    const cut = { ...sealed, data: sealed.data?.slice(0, 20) };
    expect(await reason(sealed)).toBeUndefined();
    expect(await reason(payloadOf({ symbols: [] }))).toContain('is not sealed');
    expect(await reason(cut)).toMatch(/does not decrypt with its key [0-9a-f]{12}: it was changed or cut; start the run again, or /);
    const [foreign] = await codecOf(newKey()).encode([{ metadata: { encoding: Buffer.from('binary/foreign') }, data: Buffer.from('x') }]);
    // it waits for its key, as documented
    await expect(reason(foreign)).rejects.toThrow('add that key');
    const [odd] = await codec.encode([{ metadata: { encoding: Buffer.from('binary/foreign') }, data: Buffer.from('x') }]);
    expect(await reason(odd)).toContain('its encoding is "binary/foreign"');
    const [broken, bytes] = await codec.encode(
      ['json/plain', 'binary/plain'].map((encoding) => ({ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from('{') })),
    );
    expect(await reason(broken)).toContain('it is not valid JSON');
    expect(await reason(bytes)).toBeUndefined();
    for (const inner of [{ type: 'activity', namespace: 'default', isLocal: false } as const, undefined])
      await expect(codec.decode([cut], inner)).rejects.toThrow('changed or cut');
  });

  it('stays plain without a key, and an encrypted one is refused with the id of the missing key', async () => {
    const none = new SealingCodec([]);
    const plain = [payloadOf('x')];
    expect(await none.decode(await none.encode(plain))).toEqual(plain);
    const sealed = await codecOf(newKey()).encode(plain);
    await expect(none.decode(sealed)).rejects.toThrow(/sealed with key [0-9a-f]{12}, and PREDICTLAB_PAYLOAD_KEY is not set/);
  });

  it('is not decrypted when a single bit was changed or a part is missing', async () => {
    const codec = codecOf(newKey());
    const [{ metadata, data }] = await codec.encode([payloadOf({ a: 1 })]);
    const bytes = Buffer.from(data as Uint8Array);
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] ^= 1;
      await expect(codec.decode([{ metadata, data: changed }])).rejects.toThrow('it was changed or cut');
      await expect(codec.decode([{ metadata, data: bytes.subarray(0, i) }])).rejects.toThrow('it was changed or cut');
    }
  });
});

describe('PREDICTLAB_PAYLOAD_KEY', () => {
  it.each([['short'], ['x'.repeat(44)], [`${newKey()},nonsense-key`], [' , '], [newKey().slice(0, 40)]])(
    'is refused without being shown: %#',
    (text) => {
      const refusal = (() => {
        try {
          readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: text });
          return '';
        } catch (error) {
          return String(error);
        }
      })();
      expect(refusal).toMatch(/PREDICTLAB_PAYLOAD_KEY( is|, number|_FILE| has|, )/);
      expect(refusal).toContain('codec --new-key');
      for (const word of text.split(',').filter((word) => word.trim() !== '')) expect(refusal).not.toContain(word);
    },
  );

  it('is refused with the number of the wrong key when several keys are given', () => {
    const good = randomBytes(32).toString('base64');
    expect(() => readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY: `${good},short` })).toThrow('PREDICTLAB_PAYLOAD_KEY, number 2, is not a key');
  });

  it('can be read from a file, as base64 or hex, and is a secret like any other', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-key-'));
    const file = path.join(folder, 'key');
    const key = newKey();
    await writeFile(file, `${key}\n${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const env = { PREDICTLAB_PAYLOAD_KEY_FILE: file };
    expect(readPayloadKeys(env)).toHaveLength(2);
    expect(isSealing(dataConverterOf(env))).toBe(true);
    expect(isSealing(dataConverterOf({}))).toBe(false);
    expect(secretsOf(env).text(`it is ${key}`)).toBe('it is [redacted]');
    expect(() => readPayloadKeys({ ...env, PREDICTLAB_PAYLOAD_KEY: key })).toThrow('both set');
    expect(() => readPayloadKeys({ PREDICTLAB_PAYLOAD_KEY_FILE: path.join(folder, 'none') })).toThrow('cannot be read');
    await chmod(file, 0o604);
    expect(() => readPayloadKeys(env)).toThrow(`other users can read ${file}; close it: chmod o= ${file}`);
    await rm(folder, { recursive: true });
  });
});
