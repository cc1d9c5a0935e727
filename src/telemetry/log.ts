import type { Writable } from 'node:stream';
import pino from 'pino';
import pretty from 'pino-pretty';
import { PredictLabError } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { oneLine, visibleJson, visibleText } from '../contracts/text/plain-text.ts';
import { redactedLog } from '../secrets/redacted-log.ts';
import { secretsOf } from '../secrets/secrets.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * The process's log, on standard error: standard output belongs to what a command prints.
 *
 * `LOG_LEVEL` (default `info`), `LOG_FORMAT` (`pretty` or `json`; default `pretty` on a terminal).
 *
 * @param to where it is written. @default standard error
 */
export function createLog(env: NodeJS.ProcessEnv, fields: Record<string, unknown> = {}, to?: Writable): Log {
  const level = env.LOG_LEVEL ?? 'info';
  if (!(LEVELS as readonly string[]).includes(level))
    throw new PredictLabError('BadInput', `LOG_LEVEL "${level}": use one of ${LEVELS.join(', ')}`);
  const format = env.LOG_FORMAT ?? (process.stderr.isTTY ? 'pretty' : 'json');
  if (format !== 'pretty' && format !== 'json') throw new PredictLabError('BadInput', `LOG_FORMAT "${format}": use pretty or json`);
  const stream =
    format === 'pretty'
      ? pretty({
          destination: to ?? standardError(),
          sync: true,
          colorize: to === undefined && process.stderr.isTTY,
          ignore: 'pid,hostname',
          translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l"Z"',
        })
      : seenOnly(to ?? standardError());
  const logger = pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const at =
    (method: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, more: Record<string, unknown> = {}): void =>
      format === 'pretty' ? logger[method](seenFields(more), oneLine(message)) : logger[method](more, message);
  return redactedLog({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, secretsOf(env));
}

/** So much waits for a disk that is full; later lines are lost until there is room again. Bytes. */
const MOST_UNWRITTEN = 1 << 20;

/** A log that cannot be written (a full disk, a terminal that went away) is no reason for a worker to end. */
function standardError(): pino.DestinationStream & NodeJS.EventEmitter {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MOST_UNWRITTEN });
  return destination.on('error', () => undefined);
}

/** Foreign text, in a message or a field, must not reach a terminal as it is. */
const seenOnly = (destination: { write(line: string): unknown }): { write(line: string): void } => ({
  write: (line) => void destination.write(visibleJson(line)),
});

function seenFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [oneLine(name), seenValue(value)]));
}

function seenValue(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  if (Array.isArray(value)) return value.map(seenValue);
  return typeof value === 'object' && value !== null ? seenFields(value as Record<string, unknown>) : value;
}
