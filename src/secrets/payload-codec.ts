import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import protocol, { type temporal } from '@temporalio/proto';
import { badInput, messageOf, type PredictLabError } from '../contracts/errors.ts';
import { UNDECODABLE_FIELD } from '../contracts/run/undecodable.ts';
import { type PayloadKey, readPayloadKeys } from './payload-keys.ts';
import { secretsOf } from './secrets.ts';

/** Name of the encoding of a sealed payload. Temporal's samples use the same name, so Temporal's tools recognise it. */
const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

// The package is imported by its default export, because Node.js does not detect the named exports of this CommonJS module.
const proto = protocol.temporal.api.common.v1.Payload;

/** Encodings that Temporal's payload converter reads. */
const KNOWN_ENCODINGS = new Set(['json/plain', 'json/protobuf', 'binary/null', 'binary/plain', 'binary/protobuf']);

export interface CodecOptions {
  /** Whether a deployment with keys also accepts payloads that are not sealed, from runs that started before it had keys. @default false */
  readonly acceptPlaintext?: boolean;
  /**
   * Whether payloads from outside (input, memo, signals) that can never be decoded become an object that says why, so that the run is
   * refused instead of waiting for ever. A payload whose key is not configured yet still waits for the key. @default false
   */
  readonly forWorkflows?: boolean;
}

/**
 * Seals payloads with AES-256-GCM, with a nonce for each, and writes the key's id beside them. Without a key it passes payloads through and
 * refuses sealed ones with the id of the missing key.
 */
export class SealingCodec implements PayloadCodec {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #first: PayloadKey | undefined;
  readonly #options: CodecOptions;

  /** @param keys the first key seals, every key opens */
  constructor(keys: readonly PayloadKey[], options: CodecOptions = {}) {
    this.#options = options;
    this.#keys = new Map(keys.map(({ id, secret }) => [id, secret]));
    this.#first = keys[0];
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const key = this.#first;
    return key === undefined ? payloads : payloads.map((payload) => (isSealed(payload) ? payload : seal(payload, key)));
  }

  /** @throws PredictLabError BadInput when the key is missing, the payload was changed, or it is not sealed although there is a key */
  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const isFromOutside = this.#options.forWorkflows === true && context?.type === 'workflow';
    return payloads.map((payload) => {
      const missing = isSealed(payload) ? this.#missingKey(payload) : undefined;
      if (missing !== undefined) throw missing;
      try {
        const opened = isSealed(payload) ? this.#open(payload) : this.#unsealed(payload);
        if (isFromOutside) checkReadable(opened);
        return opened;
      } catch (error) {
        if (!isFromOutside) throw error;
        return {
          metadata: { encoding: Buffer.from('json/plain') },
          data: Buffer.from(JSON.stringify({ [UNDECODABLE_FIELD]: messageOf(error) })),
        };
      }
    });
  }

  #unsealed(payload: Payload): Payload {
    if (this.#first === undefined || this.#options.acceptPlaintext === true || textOf(payload.metadata?.encoding) === 'binary/null')
      return payload;
    throw badInput(
      'this payload in Temporal is not sealed, and PREDICTLAB_PAYLOAD_KEY is set; set PREDICTLAB_PAYLOAD_PLAINTEXT=accept while runs and schedules from before the key are left, and create those schedules again',
    );
  }

  #missingKey({ metadata }: Payload): PredictLabError | undefined {
    const id = textOf(metadata?.['encryption-key-id']);
    if (this.#keys.has(id)) return undefined;
    const have = this.#keys.size === 0 ? 'is not set' : `has ${[...this.#keys.keys()].join(', ')}`;
    return badInput(
      `this payload in Temporal is sealed with key ${id || '(unnamed)'}, and PREDICTLAB_PAYLOAD_KEY ${have}; add that key after the first one`,
    );
  }

  #open({ metadata, data }: Payload): Payload {
    const id = textOf(metadata?.['encryption-key-id']);
    const secret = this.#keys.get(id)!;
    const sealed = Buffer.from(data ?? []);
    try {
      const decipher = createDecipheriv(CIPHER, secret, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const inner = Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
      return plain(proto.decode(inner));
    } catch (error) {
      throw badInput(
        `this payload in Temporal does not decrypt with its key ${id}: it was changed or cut; start the run again, or create the schedule again, and find out what else writes to Temporal`,
        { cause: error },
      );
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

/** Checks that Temporal's payload converter can read a payload. @throws Error with the reason */
function checkReadable({ metadata, data }: Payload): void {
  const encoding = textOf(metadata?.encoding);
  if (!KNOWN_ENCODINGS.has(encoding))
    throw new Error(`its encoding is ${JSON.stringify(encoding)}, which PredictLab does not read; write json/plain`);
  if (encoding === 'json/plain') {
    try {
      JSON.parse(textOf(data));
    } catch (error) {
      throw new Error(`it is not valid JSON (${messageOf(error)})`, { cause: error });
    }
  }
}

/** Copies a message into a plain object without the message's empty fields. */
const plain = ({ metadata, data }: temporal.api.common.v1.Payload): Payload => ({ metadata, data });

const isSealed = ({ metadata }: Payload): boolean => textOf(metadata?.encoding) === ENCODING;
const textOf = (bytes: Uint8Array | null | undefined): string => (bytes ? Buffer.from(bytes).toString() : '');

/**
 * The data converter of clients, workers and replays. With a payload key it seals every payload, and messages and stacks of failures.
 * @throws PredictLabError BadInput when `PREDICTLAB_PAYLOAD_KEY` or its file has no valid key, or `PREDICTLAB_PAYLOAD_PLAINTEXT` is not
 * valid
 */
export function dataConverterOf(env: NodeJS.ProcessEnv, { forWorkflows }: Pick<CodecOptions, 'forWorkflows'> = {}): DataConverter {
  const keys = readPayloadKeys(env);
  const secrets = secretsOf(env);
  for (const { secret } of keys) for (const form of ['base64', 'base64url', 'hex'] as const) secrets.learn(secret.toString(form));
  const { PREDICTLAB_PAYLOAD_PLAINTEXT: plaintext } = env;
  if (plaintext && plaintext !== 'accept')
    throw badInput(`PREDICTLAB_PAYLOAD_PLAINTEXT=${JSON.stringify(plaintext)}: write accept, or leave it out`);
  const payloadCodecs = [new SealingCodec(keys, { acceptPlaintext: plaintext === 'accept', forWorkflows })];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath: FAILURES };
}

/** Whether a converter seals the failures of workflows; then the workflow bundle must contain the failure converter. */
export const isSealing = (converter: DataConverter): boolean => converter.failureConverterPath !== undefined;

const FAILURES = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));
