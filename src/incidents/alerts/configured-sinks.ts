import { PredictLabError } from '../../contracts/errors.ts';
import type { Sink } from './alert.ts';
import { commandSink } from './command.ts';
import { emailSink } from './e-mail.ts';
import { signingKey, webhookSink } from './webhook.ts';

/**
 * The sinks that the environment configures: `ALERT_WEBHOOK_URL` (signed with `ALERT_WEBHOOK_SECRET`), `ALERT_EMAIL_TO` with
 * `ALERT_SMTP_URL`, and `ALERT_COMMAND`.
 *
 * @throws PredictLabError BadInput that names the variable and what to write
 */
export function configuredSinks(env: NodeJS.ProcessEnv): readonly Sink[] {
  const sinks: Sink[] = [];
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret, ALERT_COMMAND: command } = env;
  if (url) {
    // the whole address is a secret, so the error does not repeat it
    if (!(/^https?:\/\/[^/]/.test(url) && URL.canParse(url)))
      throw new PredictLabError(
        'BadInput',
        'ALERT_WEBHOOK_URL is not a valid web address; write one that begins with http:// or https:// and a host',
      );
    if (secret && signingKey(secret).length === 0)
      throw new PredictLabError(
        'BadInput',
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
      throw new PredictLabError('BadInput', `${name}="${text}": write an address such as desk@example.com`);
  }
  // the address may hold a password, so the error does not repeat it
  if (!(URL.canParse(smtpUrl) && /^smtps?:$/.test(new URL(smtpUrl).protocol)))
    throw new PredictLabError(
      'BadInput',
      'ALERT_SMTP_URL is not a valid address of a mail server: write smtp://user:password@host:587 or smtps://…:465',
    );
  return emailSink({ smtpUrl, to, from: from || to.split(',')[0].trim() });
}

const missing = (given: string, name: string): PredictLabError =>
  new PredictLabError('BadInput', `${given} is set, but ${name} is not: set both, or neither`);
