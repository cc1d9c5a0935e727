import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import protocol, { type temporal } from '@temporalio/proto';
import { PredictLabError } from '../contracts/errors.ts';
import { type PayloadKey, readPayloadKeys } from './payload-keys.ts';
import { secretsOf } from './secrets.ts';

/** The encoding's name in Temporal's samples, so that its tools recognise a sealed payload. */
const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

// A CommonJS module whose named exports Node does not detect.
const proto = protocol.temporal.api.common.v1.Payload;

/**
 * Seals payloads with AES-256-GCM, with one nonce per payload; the key's id is stored next to the payload. Without a key it passes
 * payloads through unsealed; a sealed payload is refused with the id of the missing key.
 */
export class SealingCodec implements PayloadCodec {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #first: PayloadKey | undefined;

  /** @param keys the first key seals, every key opens */
  constructor(keys: readonly PayloadKey[]) {
    this.#keys = new Map(keys.map(({ id, secret }) => [id, secret]));
    this.#first = keys[0];
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const key = this.#first;
    return key === undefined ? payloads : payloads.map((payload) => (isSealed(payload) ? payload : seal(payload, key)));
  }

  /** @throws PredictLabError BadInput when the key is missing or the payload was changed */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isSealed(payload) ? this.#open(payload) : payload));
  }

  #open({ metadata, data }: Payload): Payload {
    const id = textOf(metadata?.['encryption-key-id']);
    const secret = this.#keys.get(id);
    if (secret === undefined) {
      const have = this.#keys.size === 0 ? 'is not set' : `has ${[...this.#keys.keys()].join(', ')}`;
      throw new PredictLabError(
        'BadInput',
        `this payload in Temporal is sealed with key ${id || '(unnamed)'}, and PREDICTLAB_PAYLOAD_KEY ${have}; add that key after the first one`,
      );
    }
    const sealed = Buffer.from(data ?? []);
    try {
      const decipher = createDecipheriv(CIPHER, secret, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const inner = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
      return plain(proto.decode(inner));
    } catch (error) {
      throw new PredictLabError('BadInput', `this payload in Temporal does not open with its key ${id}: it was changed or cut`, {
        cause: error,
      });
    }
  }
}

function seal(payload: Payload, { id, secret }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
  const inner = proto.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(ENCODING), 'encryption-key-id': Buffer.from(id) },
    data: Buffer.concat([nonce, cipher.update(inner), cipher.final(), cipher.getAuthTag()]),
  };
}

/** Copies a message into a plain object, whose empty fields are absent. */
const plain = ({ metadata, data }: temporal.api.common.v1.Payload): Payload => ({ metadata, data });

const isSealed = ({ metadata }: Payload): boolean => textOf(metadata?.encoding) === ENCODING;
const textOf = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');

/**
 * The data converter of clients, workers and replays. Where there is a payload key it seals every payload, including the messages
 * and stacks of failures.
 *
 * @throws PredictLabError BadInput when `PREDICTLAB_PAYLOAD_KEY` or its file has no valid key
 */
export function dataConverterOf(env: NodeJS.ProcessEnv): DataConverter {
  const keys = readPayloadKeys(env);
  const secrets = secretsOf(env);
  for (const { secret } of keys) for (const form of ['base64', 'base64url', 'hex'] as const) secrets.learn(secret.toString(form));
  const payloadCodecs = [new SealingCodec(keys)];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath: FAILURES };
}

/** Whether a converter seals the failures of workflows; then the workflow bundle must contain the failure converter. */
export const isSealing = (converter: DataConverter): boolean => converter.failureConverterPath !== undefined;

const FAILURES = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));
