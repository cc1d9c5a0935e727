import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { SealingCodec } from './payload-codec.ts';
import { readPayloadKeys } from './payload-keys.ts';
import { secretsOf } from './secrets.ts';

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
