import { createHmac } from 'node:crypto';
import { request } from 'undici';
import type { Sink } from '../sink.ts';

const TIMEOUT_MS = 10_000;
/** So much of an answer is read for the reason it may give. Bytes. */
const LONGEST_ANSWER = 65_536;

/**
 * Posts `{ event, text, incident }` as JSON, which chat tools show by its `text`. With a secret it is signed as standardwebhooks.com
 * describes, so that receivers can check it with the libraries that are there.
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
      await body.dump({ limit: LONGEST_ANSWER });
      if (statusCode >= 300) throw new Error(`it answered ${statusCode}`);
    },
  };
}

function signature({ key, timestamp, payload, secret }: { key: string; timestamp: number; payload: string; secret: string }) {
  const bytes = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
  const signed = createHmac('sha256', bytes).update(`${key}.${timestamp}.${payload}`).digest('base64');
  return { 'webhook-id': key, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signed}` };
}
