import { cutAtWord } from '../../contracts/text/cut-text.ts';
import type { Sink } from './alert.ts';

const TIMEOUT_MS = 20_000;
const MAX_SUBJECT_LENGTH = 150;

/**
 * Sends mail through an SMTP server, `smtp://user:password@host:587` or `smtps://…:465`. All mails of an incident form one thread; a mail
 * that is sent again keeps its Message-ID.
 */
export function emailSink({ smtpUrl, to, from }: { smtpUrl: string; to: string; from: string }): Sink {
  const domain = from.slice(from.lastIndexOf('@') + 1).replaceAll(/[^A-Za-z0-9.-]/g, '') || 'predictlab.invalid';
  const idOf = (key: string): string => `<${key}@${domain}>`;
  return {
    name: 'e-mail',
    async send({ key, alert }) {
      // loaded on first use: most workers send no mail
      const { createTransport } = await import('nodemailer');
      const transport = createTransport({
        url: smtpUrl,
        connectionTimeout: TIMEOUT_MS,
        greetingTimeout: TIMEOUT_MS,
        socketTimeout: TIMEOUT_MS,
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
