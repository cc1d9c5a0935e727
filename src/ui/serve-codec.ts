import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { messageOf, PredictLabError } from '../contracts/errors.ts';
import { isRecord } from '../input/raw-input.ts';
import { isLoopback } from './access.ts';

/** Bytes: room for a few of Temporal's largest payloads in base64. */
const MAX_BODY = 16 * 1024 * 1024;
const ALLOWED_HEADERS = 'content-type, x-namespace, authorization';

export interface ServedCodec {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves Temporal's codec endpoint on this machine: `POST /encode` and `/decode` of `{ payloads: [{ metadata, data }] }`, bytes as base64.
 * Pages of other origins than those given are refused; programs on this machine, which send no origin, are answered.
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
  const server = createServer((request, response) => {
    answer(request, response, { codec, origins }).catch((error: unknown) => {
      const status = error instanceof PredictLabError ? 400 : 500;
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${messageOf(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const what = error.code === 'EADDRINUSE' ? 'is in use; give another one' : error.message;
      reject(new PredictLabError('BadInput', `--port ${port}: ${what}`, { cause: error }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  // concerns a single connection; the server keeps listening
  server.on('error', () => undefined);
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins }: { codec: PayloadCodec; origins: readonly string[] },
): Promise<void> {
  const { host = '', origin } = request.headers;
  const refuse = (status: number, message: string): void => void response.writeHead(status).end(`${message}\n`);
  // another site's name that resolves to this server would give our answers to that site's scripts
  if (!isLoopback(host.replace(/:\d+$/, ''))) return refuse(403, 'this server does not answer as that host');
  if (origin !== undefined && !origins.includes(origin))
    return refuse(
      403,
      `pages of ${origin.slice(0, 200)} are not answered; start \`predictlab codec --origin\` with the Web UI\u2019s address`,
    );
  if (origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('vary', 'Origin');
  }
  if (request.method === 'OPTIONS') {
    response.setHeader('access-control-allow-methods', 'POST');
    response.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
    if (request.headers['access-control-request-private-network'] === 'true')
      response.setHeader('access-control-allow-private-network', 'true');
    response.writeHead(204).end();
    return;
  }
  const operation = /\/(encode|decode)$/.exec((request.url ?? '').replace(/\?.*$/s, ''))?.[1];
  if (operation === undefined || request.method !== 'POST') return refuse(404, 'POST /encode or /decode');
  const payloads = await payloadsOf(request);
  const done = await (operation === 'encode' ? codec.encode(payloads) : codec.decode(payloads));
  const body = JSON.stringify({ payloads: done.map(written) });
  response.writeHead(200, { 'content-type': 'application/json' }).end(body);
}

async function payloadsOf(request: IncomingMessage): Promise<Payload[]> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY) throw new PredictLabError('BadInput', `the body has more than ${MAX_BODY} bytes`);
    chunks.push(chunk as Buffer);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new PredictLabError('BadInput', SHAPE);
  }
  if (!isRecord(body) || !Array.isArray(body.payloads)) throw new PredictLabError('BadInput', SHAPE);
  return body.payloads.map((payload: unknown): Payload => {
    if (!isRecord(payload)) throw new PredictLabError('BadInput', SHAPE);
    const metadata = isRecord(payload.metadata) ? payload.metadata : {};
    return {
      metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, bytesOf(value)])),
      data: bytesOf(payload.data ?? ''),
    };
  });
}

const SHAPE = 'send { "payloads": [{ "metadata": { "encoding": base64 }, "data": base64 }] }';

function bytesOf(value: unknown): Buffer {
  if (typeof value !== 'string') throw new PredictLabError('BadInput', SHAPE);
  return Buffer.from(value, 'base64');
}

const written = ({ metadata, data }: Payload): unknown => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])),
  data: Buffer.from(data ?? []).toString('base64'),
});
