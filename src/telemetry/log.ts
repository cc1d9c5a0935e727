import pino from 'pino';
import pretty from 'pino-pretty';
import { PredictLabError } from '../contracts/errors.ts';
import type { Log } from '../contracts/log.ts';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/**
 * The process's log, on standard error: standard output belongs to what a command prints.
 *
 * `LOG_LEVEL` (default `info`), `LOG_FORMAT` (`pretty` or `json`; default `pretty` on a terminal).
 */
export function createLog(env: NodeJS.ProcessEnv, fields: Record<string, unknown> = {}): Log {
  const level = env.LOG_LEVEL ?? 'info';
  if (!(LEVELS as readonly string[]).includes(level))
    throw new PredictLabError('BadInput', `LOG_LEVEL "${level}": use one of ${LEVELS.join(', ')}`);
  const format = env.LOG_FORMAT ?? (process.stderr.isTTY ? 'pretty' : 'json');
  if (format !== 'pretty' && format !== 'json') throw new PredictLabError('BadInput', `LOG_FORMAT "${format}": use pretty or json`);
  const stream =
    format === 'pretty'
      ? pretty({
          destination: 2,
          sync: true,
          colorize: process.stderr.isTTY,
          ignore: 'pid,hostname',
          translateTime: 'UTC:yyyy-mm-dd HH:MM:ss.l"Z"',
        })
      : pino.destination({ dest: 2, sync: true });
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
      logger[method](more, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
