import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { argumentProblems } from '../../src/activities/custom/custom-tasks.ts';
import { createHttpTasks } from '../../src/activities/custom/http.ts';
import { createHttpFence } from '../../src/activities/custom/http-fence.ts';
import type { ActivityContext } from '../../src/plugins/plugins.ts';
import { silent } from '../support/silent.ts';

const { httpGet, httpPost } = createHttpTasks({ PREDICTLAB_HTTP_ALLOW: '127.0.0.1,localhost,*' });
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

  it('send the run and the task with a POST, encoded for a header, unless the task has an idempotency key of its own', async () => {
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

  it.each([408, 425, 429, 500, 503])('are retried after %i, and respect Retry-After', async (status) => {
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

  it('are retried when nothing listens at the address', async () => {
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

  it('keep the query string out of messages, because it may hold a secret', async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    await expect(get(`${url}/hook?token=s3cret`)).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') });
  });
});

describe('the request of a custom task', () => {
  it('is checked before anything runs, with the path of the wrong argument', () => {
    expect(argumentProblems(httpGet as never, [{ url: 'ftp://x' }])).toEqual(['args[0].url: must be an http:// or https:// address']);
    expect(argumentProblems(httpGet as never, [{ url: 'http://x', header: {} }]).join()).toContain('header');
    expect(argumentProblems(httpGet as never, [{ url: 'http://x' }, 2]).join()).toContain('one argument');
    expect(argumentProblems(httpGet as never, [{ url: 'http://x' }])).toEqual([]);
  });

  it('follows no redirect to another scheme, port or host, and drops the user info of a redirect that it follows', async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push([request.url, request.headers.authorization]);
      const to = new URL(request.url ?? '/', url).searchParams.get('to');
      if (to === null) response.end();
      else response.writeHead(302, { location: to.replace('SELF', new URL(url).host) }).end();
    });
    const moved = (to: string) => get(`${url.replace('//', '//desk:p%40ss@')}/?to=${encodeURIComponent(to)}`);
    await expect(moved('https://SELF/x')).rejects.toThrow(/redirects to https:\/\/, away from http:/);
    await expect(moved('http://127.0.0.1:1/x')).rejects.toThrow('redirects to another host (127.0.0.1:1)');
    await expect(moved('http://elsewhere.invalid/x?token=1')).rejects.toThrow(/another host \(elsewhere.invalid\); use/);
    await expect(moved('http://a:b@SELF/x')).resolves.toMatchObject({ status: 200 });
    expect(seen.at(-1)).toEqual(['/x', `Basic ${btoa('desk:p@ss')}`]);
  });

  it('is refused with a user in the address next to an Authorization header, and with invalid headers', async () => {
    const both = { url: 'http://u:p@127.0.0.1:1/', headers: { Authorization: 'x' } };
    await expect(Promise.resolve(httpGet.run(both, context))).rejects.toThrow('keep one of the two');
    const problems = (headers: object) => argumentProblems(httpGet, [{ url: 'http://x', headers } as never]).join();
    expect(problems({ a: 'x\r\nHost: y' })).toContain('line break');
    expect(problems({ 'a b': 'x' })).toContain('not a valid header name');
    expect(problems({ a: 'é' })).toBe('');
  });
});

describe('a request of a task', () => {
  const refuses = (address: string, env: NodeJS.ProcessEnv = {}): boolean => {
    try {
      createHttpFence(env).check(new URL(address));
      return false;
    } catch {
      return true;
    }
  };

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '100.100.100.200',
    '[64:ff9b::a9fe:a9fe]',
  ])('is refused to the metadata or link-local address %s, however it is written', (host) => {
    expect(refuses(`http://${host}/latest/meta-data`)).toBe(true);
    expect(refuses(`http://${host}/`, { PREDICTLAB_HTTP_ALLOW: 'desk.example.com' })).toBe(true);
  });

  it.each([
    '127.0.0.1:7233',
    '2130706433',
    '10.0.0.1',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[fd00::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::c0a8:101]',
  ])('is refused to the private or loopback address %s unless that address is listed', (host) => {
    expect(refuses(`http://${host}/`)).toBe(true);
    expect(refuses(`http://${host}/`, { PREDICTLAB_HTTP_ALLOW: '*' })).toBe(true);
    const listed = new URL(`http://${host}/`).host;
    expect(refuses(`http://${host}/`, { PREDICTLAB_HTTP_ALLOW: listed })).toBe(false);
  });

  it('is allowed to every public host by default, and only to the listed hosts once a list exists', () => {
    for (const host of ['desk.example.com', '93.184.216.34', '[2606:2800:220:1::1]', '172.32.0.1', '100.128.0.1'])
      expect(refuses(`http://${host}/`), host).toBe(false);
    const env = { PREDICTLAB_HTTP_ALLOW: 'desk.example.com, *.inside.example.com,127.0.0.1:8080,[::1],169.254.1.1' };
    for (const host of ['desk.example.com', 'DESK.example.com:99', 'a.b.inside.example.com', '127.0.0.1:8080', '[::1]:3', '169.254.1.1'])
      expect(refuses(`http://${host}/`, env), host).toBe(false);
    for (const host of ['inside.example.com', 'xinside.example.com', 'desk.example.com.evil.com', '127.0.0.1:8081', '169.254.1.2'])
      expect(refuses(`http://${host}/`, env), host).toBe(true);
    expect(refuses('http://other.example.com/', { PREDICTLAB_HTTP_ALLOW: '10.0.0.1,*' })).toBe(false);
  });

  it('is allowed to a host name with a private address only when the name is listed', async () => {
    const server = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const names = ((_: string, __: object, done: (error: null, addresses: unknown) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never;
    const ask = async (allow: string) => {
      const agent = await createHttpFence({ PREDICTLAB_HTTP_ALLOW: allow }, names).agent();
      return (await request(`http://desk.internal:${port}/`, { dispatcher: agent })).statusCode;
    };
    await expect(ask('*')).rejects.toThrow(/127.0.0.1 \(desk.internal resolves to it\) is a private or loopback address/);
    expect(await ask('desk.internal')).toBe(200);
    server.close();
  });

  it('is refused to a host name of which any address is private, link-local or a metadata address', async () => {
    const names = ((_: string, __: object, done: (error: null, addresses: unknown) => void) =>
      done(null, [
        { address: '93.184.216.34', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ])) as never;
    const agent = await createHttpFence({}, names).agent();
    await expect(request('http://innocent.example.com/', { dispatcher: agent })).rejects.toThrow(
      /169.254.169.254 \(innocent.example.com resolves to it\) is a link-local or metadata address/,
    );
  });
});
