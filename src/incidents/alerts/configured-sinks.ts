import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { badInput, type PredictLabError } from '../../contracts/errors.ts';
import { cutAtWord, cutText } from '../../contracts/text/cut-text.ts';
import type { Sink } from './alert.ts';

/**
 * The sinks of `ALERT_WEBHOOK_URL` (signed with `ALERT_WEBHOOK_SECRET`), `ALERT_EMAIL_TO` with `ALERT_SMTP_URL`, and `ALERT_COMMAND`.
 * @throws PredictLabError BadInput that names the variable and what to write
 */
export function configuredSinks(env: NodeJS.ProcessEnv): readonly Sink[] {
  const sinks: Sink[] = [];
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret, ALERT_COMMAND: command } = env;
  if (url) {
    // The whole address is a secret, so the error does not repeat it.
    if (!(/^https?:\/\/[^/]/.test(url) && URL.canParse(url)))
      throw badInput('ALERT_WEBHOOK_URL is not a valid web address; write one that begins with http:// or https:// and a host');
    if (secret && signingKey(secret).length === 0)
      throw badInput(
        'ALERT_WEBHOOK_SECRET holds no key after whsec_; write whsec_ and the base64 text that the receiver shows, or any other text',
      );
    sinks.push(webhookSink({ url, ...(secret ? { secret } : {}) }));
  } else if (secret) throw missing('ALERT_WEBHOOK_SECRET', 'ALERT_WEBHOOK_URL');
  const email = emailOf(env);
  if (email !== undefined) sinks.push(email);
  if (command?.trim()) sinks.push(commandSink({ command, env }));
  return sinks;
}

function emailOf({ ALERT_EMAIL_TO: to, ALERT_SMTP_URL: smtpUrl, ALERT_EMAIL_FROM: from }: NodeJS.ProcessEnv): Sink | undefined {
  if (!to && !smtpUrl) return undefined;
  if (!to) throw missing('ALERT_SMTP_URL', 'ALERT_EMAIL_TO');
  if (!smtpUrl) throw missing('ALERT_EMAIL_TO', 'ALERT_SMTP_URL');
  for (const [name, text] of [
    ['ALERT_EMAIL_TO', to],
    ['ALERT_EMAIL_FROM', from],
  ] as const) {
    if (text && !text.split(',').every((address) => /^\s*[^\s@]+@[^\s@]+\s*$/.test(address)))
      throw badInput(`${name}="${text}": write an address such as desk@example.com`);
  }
  // The address may hold a password, so the error does not repeat it.
  if (!(URL.canParse(smtpUrl) && /^smtps?:$/.test(new URL(smtpUrl).protocol)))
    throw badInput('ALERT_SMTP_URL is not a valid address of a mail server: write smtp://user:password@host:587 or smtps://…:465');
  return emailSink({ smtpUrl, to, from: from || to.split(',')[0].trim() });
}

const missing = (given: string, name: string): PredictLabError => badInput(`${given} is set, but ${name} is not: set both, or neither`);

const WEBHOOK_TIMEOUT_MS = 10_000;
/** Maximum number of bytes of a response that are read before the connection is dropped. */
const MAX_RESPONSE_BYTES = 65_536;

/**
 * Posts `{ event, text, incident }` as JSON, which chat tools show by its `text`; with a secret, signed as standardwebhooks.com
 * describes.
 * @param secret `whsec_` and base64, or any text
 */
function webhookSink({ url, secret }: { url: string; secret?: string }): Sink {
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
        headersTimeout: WEBHOOK_TIMEOUT_MS,
        bodyTimeout: WEBHOOK_TIMEOUT_MS,
      });
      await body.dump({ limit: MAX_RESPONSE_BYTES });
      if (statusCode >= 300) throw new Error(`it answered ${statusCode}`);
    },
  };
}

/** The bytes of a secret's key: the base64 text after `whsec_`, decoded, else the secret itself. Empty if the base64 text is not valid. */
const signingKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);

function signature({ key, timestamp, payload, secret }: { key: string; timestamp: number; payload: string; secret: string }) {
  const signed = createHmac('sha256', signingKey(secret)).update(`${key}.${timestamp}.${payload}`).digest('base64');
  return { 'webhook-id': key, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signed}` };
}

const COMMAND_TIMEOUT_MS = 45_000;
const MAX_STDERR_LENGTH = 300;

/**
 * Runs a user's command in the shell, with the alert as JSON on standard input and in `ALERT_EVENT`, `ALERT_TEXT` and `ALERT_KEY`.
 * The command has accepted the alert when it exits with code 0 within 45 s.
 */
export function commandSink({ command, env }: { command: string; env: NodeJS.ProcessEnv }): Sink {
  return {
    name: 'command',
    async send({ key, alert }) {
      // The command gets its own process group, so that killing the group also ends the processes that the command starts.
      const child = spawn(command, {
        shell: true,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
        env: { ...env, ALERT_EVENT: alert.event, ALERT_TEXT: alert.text, ALERT_KEY: key },
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString()).slice(-MAX_STDERR_LENGTH);
      });
      // A command that does not read its input closes the pipe, which is not an error.
      child.stdin.on('error', () => undefined);
      child.stdin.end(`${JSON.stringify(alert)}\n`);
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error(`it did not end within ${COMMAND_TIMEOUT_MS / 1000} s`));
          if (child.pid !== undefined) killGroup(child.pid);
        }, COMMAND_TIMEOUT_MS);
        child.on('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
        child.on('close', (code, signal) => {
          clearTimeout(timer);
          const reason = stderr.trim() === '' ? '' : `: ${cutText(stderr.trim(), MAX_STDERR_LENGTH)}`;
          if (code === 0) resolve();
          else reject(new Error(`it ended with ${signal ?? `exit code ${code}`}${reason}`));
        });
      });
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has already ended.
  }
}

const MAIL_TIMEOUT_MS = 20_000;
const MAX_SUBJECT_LENGTH = 150;

/**
 * Sends mail through an SMTP server, `smtp://user:password@host:587` or `smtps://…:465`. All mails of an incident form one thread;
 * a mail that is sent again keeps its Message-ID.
 */
export function emailSink({ smtpUrl, to, from }: { smtpUrl: string; to: string; from: string }): Sink {
  const domain = from.slice(from.lastIndexOf('@') + 1).replaceAll(/[^A-Za-z0-9.-]/g, '') || 'predictlab.invalid';
  const idOf = (key: string): string => `<${key}@${domain}>`;
  return {
    name: 'e-mail',
    async send({ key, alert }) {
      // The library is loaded at the first mail, because most workers send none.
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        url: smtpUrl,
        connectionTimeout: MAIL_TIMEOUT_MS,
        greetingTimeout: MAIL_TIMEOUT_MS,
        socketTimeout: MAIL_TIMEOUT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const { incident, text, event } = alert;
      const first = idOf(key.replace(/-(updated-\d+|closed)$/, '-opened'));
      try {
        await transport.sendMail({
          from,
          to,
          subject: cutAtWord(`${event === 'closed' ? 'Closed' : 'Incident'}: ${incident.cause}`, MAX_SUBJECT_LENGTH),
          text: [
            text,
            '',
            ...(incident.symbols.length > 0 ? [`Symbols: ${incident.symbols.join(', ')}`] : []),
            ...(incident.runs.length > 0 ? ['Runs:', ...incident.runs.map((run) => `  ${run}`)] : []),
            '',
            'predictlab incidents lists what is open.',
          ].join('\n'),
          messageId: idOf(key),
          ...(event === 'opened' ? {} : { inReplyTo: first, references: first }),
        });
      } finally {
        transport.close();
      }
    },
  };
}
