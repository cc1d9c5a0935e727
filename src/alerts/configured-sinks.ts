import { PredictLabError } from '../contracts/errors.ts';
import type { Sink } from './sink.ts';
import { commandSink } from './sinks/command.ts';
import { emailSink } from './sinks/e-mail.ts';
import { webhookSink } from './sinks/webhook.ts';

/**
 * Where this environment wants alerts: `ALERT_WEBHOOK_URL` (signed with `ALERT_WEBHOOK_SECRET`), `ALERT_EMAIL_TO` with
 * `ALERT_SMTP_URL`, and `ALERT_COMMAND`.
 *
 * @throws PredictLabError BadInput that names the variable and what to write
 */
export function configuredSinks(env: NodeJS.ProcessEnv): readonly Sink[] {
  const sinks: Sink[] = [];
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret, ALERT_COMMAND: command } = env;
  if (url) {
    // it is a secret as a whole, so it is not shown
    if (!(/^https?:\/\/[^/]/.test(url) && URL.canParse(url)))
      throw new PredictLabError(
        'BadInput',
        'ALERT_WEBHOOK_URL is no web address; write one that begins with http:// or https:// and a host',
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
      throw wrong(name, text, 'write an address such as desk@example.com');
  }
  // the address may hold a password, so it is not repeated
  if (!/^smtps?:$/.test(protocolOf(smtpUrl)))
    throw new PredictLabError(
      'BadInput',
      'ALERT_SMTP_URL is no address of a mail server: write smtp://user:password@host:587 or smtps://…:465',
    );
  return emailSink({ smtpUrl, to, from: from || to.split(',')[0].trim() });
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : '';
}

const wrong = (name: string, text: string, what: string): PredictLabError => new PredictLabError('BadInput', `${name}="${text}": ${what}`);
const missing = (given: string, name: string): PredictLabError =>
  new PredictLabError('BadInput', `${given} is set, but ${name} is not: set both, or neither`);
