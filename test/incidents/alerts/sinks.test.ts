import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alertOf } from '../../../src/incidents/alerts/alert.ts';
import { commandSink, configuredSinks, emailSink } from '../../../src/incidents/alerts/configured-sinks.ts';
import { sendTestAlert } from '../../../src/incidents/alerts/dispatcher.ts';

const incident = {
  id: '7',
  cause: 'clean: BadInput: no',
  severity: 'normal' as const,
  openedAt: '2026-11-24T12:00:00.000Z',
  closedAt: null,
  runs: ['r1', 'r2'],
  symbols: ['AAA'],
};
const message = { key: 'm-incident-7-opened', alert: alertOf('opened', incident) };

/** A mail server that accepts one mail, or refuses it with the given message. */
async function mailServer(refusal?: string) {
  let mail = '';
  const server = createServer((socket) => {
    let inData = false;
    const say = (text: string): boolean => socket.write(`${text}\r\n`);
    say('220 test');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      if (inData) {
        mail += text;
        if (!mail.includes('\r\n.\r\n')) return;
        inData = false;
        say('250 taken');
        return;
      }
      for (const line of text.split('\r\n').filter((each) => each !== '')) {
        if (/^(EHLO|HELO)/.test(line)) say('250 test');
        else if (line.startsWith('RCPT') && refusal !== undefined) say(refusal);
        else if (line.startsWith('DATA')) {
          inData = true;
          say('354 go on');
        } else if (line.startsWith('QUIT')) {
          say('221 bye');
          socket.end();
        } else say('250 ok');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, mail: () => mail, close: () => server.close() };
}

describe('an alert by e-mail', () => {
  it('states the cause, and keeps its Message-ID when it is sent again', async () => {
    const server = await mailServer();
    await emailSink({ smtpUrl: server.url, to: 'desk@example.com', from: 'lab@example.com' }).send(message);
    expect(server.mail()).toMatch(/^Subject: Incident: clean: BadInput: no/m);
    expect(server.mail()).toMatch(/^Message-ID: <m-incident-7-opened@example\.com>/m);
    expect(server.mail()).toContain('Symbols: AAA');
    server.close();
  });

  it('lists runs and symbols only where there are some', async () => {
    const server = await mailServer();
    const sink = emailSink({ smtpUrl: server.url, to: 'desk@example.com', from: 'lab@example.com' });
    await sink.send(message);
    expect(server.mail()).toMatch(/^Runs:\r\n {2}r1\r\n {2}r2\r\n/m);
    server.close();
    const other = await mailServer();
    const bare = { key: 'm-incident-9-opened', alert: alertOf('opened', { ...incident, runs: [], symbols: [] }) };
    await emailSink({ smtpUrl: other.url, to: 'desk@example.com', from: 'lab@example.com' }).send(bare);
    expect(other.mail()).not.toMatch(/^(Runs|Symbols):/m);
    other.close();
  });

  it('has a subject that is cut only between two words', async () => {
    const server = await mailServer();
    const cause = `collect: ${'the venue answered 503 '.repeat(20)}`;
    const long = { key: 'm-incident-8-opened', alert: alertOf('opened', { ...incident, cause }) };
    await emailSink({ smtpUrl: server.url, to: 'desk@example.com', from: 'lab@example.com' }).send(long);
    expect(server.mail()).toMatch(/(the|venue|answered|503)_=E2=80=A6\?=/);
    server.close();
  });

  it('is in the thread of the mail that opened the incident when it closes that incident', async () => {
    const server = await mailServer();
    const closed = { key: 'm-incident-7-closed', alert: alertOf('closed', { ...incident, closedAt: '2026-11-24T16:00:00.000Z' }) };
    await emailSink({ smtpUrl: server.url, to: 'desk@example.com', from: 'lab@example.com' }).send(closed);
    expect(server.mail()).toMatch(/^In-Reply-To: <m-incident-7-opened@example\.com>/m);
    expect(server.mail()).toContain('closed after 4 h');
    server.close();
  });

  it('is not delivered when the server refuses it', async () => {
    const server = await mailServer('550 no such desk');
    await expect(emailSink({ smtpUrl: server.url, to: 'desk@example.com', from: 'lab@example.com' }).send(message)).rejects.toThrow(
      'no such desk',
    );
    server.close();
  });
});

describe('an alert to a webhook', () => {
  /** Sends an alert to a server that answers with a status. Returns how the sink ended, and the headers and the body that it sent. */
  async function posted(status: number, secret?: string) {
    let sent = { headers: {} as IncomingHttpHeaders, body: '' };
    const server = createHttpServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        sent = { headers: incoming.headers, body: Buffer.concat(chunks).toString() };
        response.writeHead(status, { connection: 'close' }).end('x');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const [sink] = configuredSinks({ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret });
    const error = await sink.send(message).then(
      () => null,
      (reason: Error) => reason.message,
    );
    await new Promise((resolve) => server.close(resolve));
    return { error, ...sent };
  }

  it('is posted as JSON, and accepted with any status below 300', async () => {
    const { error, headers, body } = await posted(299);
    expect([error, JSON.parse(body)]).toEqual([null, message.alert]);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': message.key });
    expect(headers).not.toHaveProperty('webhook-signature');
    expect((await posted(300)).error).toBe('it answered 300');
    expect((await posted(500)).error).toBe('it answered 500');
  });

  it.each([
    ['whsec_c2VjcmV0LWtleQ==', 'secret-key'],
    ['any other text', 'any other text'],
  ])('is signed with the key of the secret %s', async (secret, key) => {
    const { headers, body } = await posted(200, secret);
    const signed = `${message.key}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-id']).toBe(message.key);
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(Math.abs(Number(headers['webhook-timestamp']) * 1000 - Date.now())).toBeLessThan(60_000);
  });
});

describe('a command that receives alerts', () => {
  it('gets the alert as input, and accepts it by exiting with code 0', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predictlab-command-'));
    const file = path.join(folder, 'alert');
    await commandSink({ command: `{ cat; echo "$ALERT_EVENT $ALERT_KEY"; } > "${file}"`, env: process.env }).send(message);
    const [json, line] = (await readFile(file, 'utf8')).trim().split('\n');
    expect(JSON.parse(json)).toEqual(message.alert);
    expect(line).toBe('opened m-incident-7-opened');
    await rm(folder, { recursive: true });
  });

  it('does not accept the alert when it fails, and its error states the reason', async () => {
    const ends = await sendTestAlert([commandSink({ command: 'echo oops >&2; exit 3', env: process.env })]);
    expect(ends).toEqual([{ sink: 'command', error: 'it ended with exit code 3: oops' }]);
  });
});

it('the texts of an alert cannot move the cursor, reverse text, or contain a link or mention', () => {
  const hostile = 'x \u001b]52;c;ZXZpbA==\u0007 \u202egpj.exe <!channel> <https://evil.example|click>\nsecond line';
  const { text, incident: shown } = alertOf('opened', { ...incident, cause: hostile, symbols: [hostile], runs: [hostile] });
  for (const one of [text, shown.cause, ...shown.symbols, ...shown.runs]) {
    expect(one).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069<>]/u);
    expect(one).toContain('second line');
  }
});

describe('the environment of a process', () => {
  it('names the sinks of alerts', () => {
    const env = {
      ALERT_WEBHOOK_URL: 'https://example.com/x',
      ALERT_EMAIL_TO: 'a@b.c, d@e.f',
      ALERT_SMTP_URL: 'smtps://u:p@mail',
      ALERT_COMMAND: 'true',
    };
    expect(configuredSinks(env).map(({ name }) => name)).toEqual(['webhook', 'e-mail', 'command']);
    expect(configuredSinks({})).toEqual([]);
  });

  it.each([
    [{ ALERT_WEBHOOK_URL: 'example.com' }, 'ALERT_WEBHOOK_URL is not a valid web address'],
    [{ ALERT_WEBHOOK_URL: 'ftp://example.com/x' }, 'ALERT_WEBHOOK_URL is not a valid web address'],
    [{ ALERT_WEBHOOK_URL: 'https://exa mple.com/x' }, 'ALERT_WEBHOOK_URL is not a valid web address'],
    [{ ALERT_WEBHOOK_SECRET: 'x' }, 'ALERT_WEBHOOK_SECRET is set, but ALERT_WEBHOOK_URL is not'],
    [{ ALERT_WEBHOOK_URL: 'https://example.com/x', ALERT_WEBHOOK_SECRET: 'whsec_' }, 'ALERT_WEBHOOK_SECRET holds no key after whsec_'],
    [{ ALERT_SMTP_URL: 'smtp://x' }, 'ALERT_SMTP_URL is set, but ALERT_EMAIL_TO is not'],
    [{ ALERT_EMAIL_TO: 'a@b.c', ALERT_SMTP_URL: 'https://mail.example.com' }, 'ALERT_SMTP_URL is not a valid address of a mail server'],
    [{ ALERT_EMAIL_TO: 'a@b.c', ALERT_EMAIL_FROM: 'lab', ALERT_SMTP_URL: 'smtp://x' }, 'ALERT_EMAIL_FROM="lab": write an address'],
    [{ ALERT_EMAIL_TO: 'a@b.c' }, 'ALERT_EMAIL_TO is set, but ALERT_SMTP_URL is not'],
    [{ ALERT_EMAIL_TO: 'desk', ALERT_SMTP_URL: 'smtp://x' }, 'ALERT_EMAIL_TO="desk": write an address'],
    [{ ALERT_EMAIL_TO: 'a@b.c', ALERT_SMTP_URL: 'mail.example.com' }, 'ALERT_SMTP_URL is not a valid address of a mail server'],
  ])('is refused in one sentence when a sink is wrong: %o', (env, sentence) => {
    expect(() => configuredSinks(env)).toThrow(sentence);
  });
});
