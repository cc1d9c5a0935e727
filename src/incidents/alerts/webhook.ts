import { createHmac } from 'node:crypto';
import { request } from 'undici';
import type { Sink } from './alert.ts';

const TIMEOUT_MS = 10_000;
/** Bytes of a response that are read before the connection is dropped. */
const MAX_RESPONSE_BYTES = 65_536;

/**
 * Posts `{ event, text, incident }` as JSON, which chat tools show by its `text`. With a secret the request is signed as
 * standardwebhooks.com describes, so that receivers can verify it with existing libraries.
 *
 * @param secret `whsec_` and base64, or any text
 */
export function webhookSink({ url, secret }: { url: string; secret?: string }): Sink {
  return {
    name: 'webhook',
    async send({ key, alert }) {
      const payload = JSON.stringify(alert);
      const timestamp = Math.floor(Date.now() / 1000);
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': key,
          ...(secret === undefined ? {} : signature({ key, timestamp, payload, secret })),
        },
        body: payload,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      await body.dump({ limit: MAX_RESPONSE_BYTES });
      if (statusCode >= 300) throw new Error(`it answered ${statusCode}`);
    },
  };
}

/** The bytes that a secret signs with: those after `whsec_` as base64, else the text itself. Empty where the base64 holds none. */
export const signingKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

function signature({ key, timestamp, payload, secret }: { key: string; timestamp: number; payload: string; secret: string }) {
  const signed = createHmac('sha256', signingKey(secret)).update(`${key}.${timestamp}.${payload}`).digest('base64');
  return { 'webhook-id': key, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signed}` };
}
