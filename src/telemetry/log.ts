import type { Writable } from 'node:stream';
import pino from 'pino';
import pretty from 'pino-pretty';
import { badInput } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';
import { oneLine, visibleJson, visibleText } from '../contracts/text/plain-text.ts';
import { redactedLog, secretsOf } from '../secrets/secrets.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * Creates the process's log from `LOG_LEVEL` (default `info`) and `LOG_FORMAT` (`pretty` or `json`; default `pretty` on a terminal).
 * @param to the destination @default standard error, because standard output is for a command's results
 */
export function createLog(env: NodeJS.ProcessEnv, fields: Record<string, unknown> = {}, to?: Writable): Log {
  const level = env.LOG_LEVEL ?? 'info';
  if (!(LEVELS as readonly string[]).includes(level)) throw badInput(`LOG_LEVEL "${level}": use one of ${LEVELS.join(', ')}`);
  const format = env.LOG_FORMAT ?? (process.stderr.isTTY ? 'pretty' : 'json');
  if (format !== 'pretty' && format !== 'json') throw badInput(`LOG_FORMAT "${format}": use pretty or json`);
  const stream =
    format === 'pretty'
      ? pretty({
          destination: to ?? standardError(),
          sync: true,
          colorize: to === undefined && process.stderr.isTTY,
          ignore: 'pid,hostname',
          translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l"Z"',
        })
      : escaped(to ?? standardError());
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
      format === 'pretty' ? logger[method](visibleFields(more), oneLine(message)) : logger[method](more, message);
  return redactedLog({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, secretsOf(env));
}

/** Maximum number of bytes kept in memory while standard error cannot be written (full disk); further lines are lost. */
const MAX_UNWRITTEN_BYTES = 1 << 20;

/** Standard error, with write errors ignored: a full disk or a closed terminal must not end a worker. */
function standardError(): pino.DestinationStream & NodeJS.EventEmitter {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  return destination.on('error', () => undefined);
}

/** Wraps a destination so that invisible characters are escaped and foreign text cannot control a terminal. */
const escaped = (destination: { write(line: string): unknown }): { write(line: string): void } => ({
  write: (line) => void destination.write(visibleJson(line)),
});

function visibleFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [oneLine(name), visibleValue(value)]));
}

function visibleValue(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  if (Array.isArray(value)) return value.map(visibleValue);
  return typeof value === 'object' && value !== null ? visibleFields(value as Record<string, unknown>) : value;
}
