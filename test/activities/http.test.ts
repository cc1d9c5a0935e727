import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { argumentProblems } from '../../src/activities/custom/custom-tasks.ts';
import { httpGet, httpPost } from '../../src/activities/custom/http.ts';
import type { ActivityContext } from '../../src/plugins.ts';
import { silent } from '../silent.ts';

const servers: ReturnType<typeof createServer>[] = [];
const serve = async (answer: (request: IncomingMessage, response: ServerResponse, body: string) => void): Promise<string> => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => answer(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const context: ActivityContext = {
  runId: 'r',
  taskId: 't',
  attempt: 1,
  signal: new AbortController().signal,
  resume: undefined,
  log: silent,
  heartbeat: () => undefined,
};
const get = (url: string) => Promise.resolve(httpGet.run({ url, headers: {} }, context));

describe('httpGet and httpPost', () => {
  it('succeed with the status and the number of bytes for any 2xx', async () => {
    const url = await serve((_, response) => response.writeHead(202).end('hello'));
    await expect(get(url)).resolves.toEqual({ status: 202, bytes: 5 });
  });

  it('send JSON for anything but a string, and a string as it is', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response, body) => {
      seen.push([request.headers['content-type'], body]);
      response.end();
    });
    await httpPost.run({ url, headers: {}, body: { text: 'done' } }, context);
    await httpPost.run({ url, headers: {}, body: 'plain' }, context);
    expect(seen).toEqual([
      ['application/json', '{"text":"done"}'],
      [undefined, 'plain'],
    ]);
  });

  it('send with a POST which task of which run it is, as a header can hold it, unless the task has a key of its own', async () => {
    const keys: unknown[] = [];
    const url = await serve((request, response) => {
      keys.push(request.headers['idempotency-key']);
      response.end();
    });
    await httpPost.run({ url, headers: {} }, { ...context, attempt: 1 });
    await httpPost.run({ url, headers: {} }, { ...context, attempt: 2 });
    await httpPost.run({ url, headers: {} }, { ...context, runId: 'nächtlich', taskId: 'desk 1 \ud800' });
    await httpPost.run({ url, headers: { 'Idempotency-Key': 'mine' } }, context);
    await get(url);
    expect(keys).toEqual(['r/t', 'r/t', 'n%C3%A4chtlich/desk%201%20%EF%BF%BD', 'mine', undefined]);
  });

  it.each([408, 425, 429, 500, 503])('are tried again after %i, and honour Retry-After', async (status) => {
    const url = await serve((_, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    await expect(get(url)).rejects.toMatchObject({
      retryable: true,
      retryAfterMs: 7_000,
      message: expect.stringContaining(String(status)),
    });
  });

  it.each([400, 404, 410])('give up at once after %i', async (status) => {
    const url = await serve((_, response) => response.writeHead(status).end());
    await expect(get(url)).rejects.toMatchObject({ type: 'BadInput', retryable: false });
  });

  it('are tried again when nobody listens', async () => {
    await expect(get('http://127.0.0.1:1/')).rejects.toMatchObject({ type: 'SourceUnavailable', retryable: true });
  });

  it('follow a redirect on the same host and refuse one to another host', async () => {
    const other = await serve((_, response) => response.end('stolen'));
    const url = await serve((request, response) => {
      if (request.url === '/same') return response.writeHead(302, { location: '/target' }).end();
      if (request.url === '/other') return response.writeHead(302, { location: other }).end();
      return response.end('here');
    });
    await expect(get(`${url}/same`)).resolves.toEqual({ status: 200, bytes: 4 });
    await expect(get(`${url}/other`)).rejects.toMatchObject({ type: 'BadInput', message: expect.stringContaining('another host') });
  });

  it('keep the query out of messages: it may hold a secret', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    await expect(get(`${url}/hook?token=s3cret`)).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') });
  });
});

describe("a custom task's arguments", () => {
  it('are checked before anything runs, with the path of what is wrong', () => {
    expect(argumentProblems(httpGet as never, [{ url: 'ftp://x' }])).toEqual(['args[0].url: must be an http:// or https:// address']);
    expect(argumentProblems(httpGet as never, [{ url: 'http://x', header: {} }]).join()).toContain('header');
    expect(argumentProblems(httpGet as never, [{ url: 'http://x' }, 2]).join()).toContain('one argument');
    expect(argumentProblems(httpGet as never, [{ url: 'http://x' }])).toEqual([]);
  });
});
