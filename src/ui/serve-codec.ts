import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import Fastify, { type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { badInput, messageOf, PredictLabError } from '../contracts/errors.ts';
import { isLoopback } from './access.ts';
import { listenOn } from './answers.ts';

/** Maximum number of bytes of a request: room for a few of Temporal's largest payloads in base64. */
const MAX_BODY = 16 * 1024 * 1024;
const SHAPE = 'send { "payloads": [{ "metadata": { "encoding": base64 }, "data": base64 }] }';

const BYTES = z.string().transform((text) => Buffer.from(text, 'base64'));
const BODY = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), BYTES).default({}), data: BYTES.default(Buffer.of()) })),
});

export interface ServedCodec {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves Temporal's codec endpoint on this machine: `POST /encode` and `/decode` of `{ payloads: [{ metadata, data }] }`, bytes as base64.
 * Refuses pages of other origins than those given; answers programs on this machine, which send no origin.
 */
export async function serveCodec({
  codec,
  port,
  origins,
}: {
  codec: PayloadCodec;
  port: number;
  origins: readonly string[];
}): Promise<ServedCodec> {
  const app = Fastify({ logger: false, bodyLimit: MAX_BODY, forceCloseConnections: true });
  app.addHook('onRequest', async ({ headers: { host = '', origin, ...headers }, method }, reply) => {
    // If another site's name resolved to this server, that site's scripts could read the answers.
    if (!isLoopback(host.replace(/:\d+$/, ''))) return await reply.code(403).send('this server does not answer as that host\n');
    if (origin !== undefined && !origins.includes(origin))
      return await reply
        .code(403)
        .send(`pages of ${origin.slice(0, 200)} are not answered; start \`predictlab codec --origin\` with the Web UI\u2019s address\n`);
    if (origin !== undefined)
      void reply.headers({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Origin' });
    if (method !== 'OPTIONS') return undefined;
    if (headers['access-control-request-private-network'] === 'true') void reply.header('access-control-allow-private-network', 'true');
    return await reply
      .headers({
        'access-control-allow-methods': 'POST',
        'access-control-allow-headers': 'content-type, x-namespace, authorization',
      })
      .code(204)
      .send();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body));
  app.setErrorHandler(async (error, _, reply) => {
    const { statusCode } = error as { statusCode?: number };
    return await reply.code(error instanceof PredictLabError ? 400 : (statusCode ?? 500)).send(`${messageOf(error)}\n`);
  });
  app.setNotFoundHandler(async (_, reply) => await reply.code(404).send('POST /encode or /decode\n'));
  app.post('/*', async ({ body, params }: FastifyRequest<{ Params: { '*': string } }>, reply) => {
    const operation = /(?:^|\/)(encode|decode)$/.exec(params['*'])?.[1] as 'encode' | 'decode' | undefined;
    if (operation === undefined) return await reply.code(404).send('POST /encode or /decode\n');
    return { payloads: (await codec[operation](payloadsIn(body))).map(written) };
  });
  await listenOn(app, '127.0.0.1', port);
  return { address: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`, close: async () => await app.close() };
}

function payloadsIn(body: unknown): Payload[] {
  try {
    return BODY.parse(JSON.parse(body as string)).payloads;
  } catch {
    throw badInput(SHAPE);
  }
}

const written = ({ metadata, data }: Payload): object => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])),
  data: base64(data),
});

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
