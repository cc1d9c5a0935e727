import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { SealingCodec } from './payload-codec.ts';
import { readPayloadKeys } from './payload-keys.ts';
import { secretsOf } from './secrets.ts';

/**
 * How everything that travels through Temporal is written: sealed where there is a key, messages and stacks of failures included.
 * The same for clients, workers and replays.
 *
 * @throws PredictLabError BadInput when `PREDICTLAB_PAYLOAD_KEY` or its file has no good key
 */
export function dataConverterOf(env: NodeJS.ProcessEnv): DataConverter {
  const keys = readPayloadKeys(env);
  const secrets = secretsOf(env);
  for (const { secret } of keys) for (const form of ['base64', 'base64url', 'hex'] as const) secrets.learn(secret.toString(form));
  const payloadCodecs = [new SealingCodec(keys)];
  return keys.length === 0 ? { payloadCodecs } : { payloadCodecs, failureConverterPath: FAILURES };
}

/** Whether failures of workflows become payloads: their bundle then has the converter in it. */
export const isSealing = (converter: DataConverter): boolean => converter.failureConverterPath !== undefined;

const FAILURES = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));
