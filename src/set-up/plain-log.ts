import type { Log } from '../contracts/log.ts';
import { visibleText } from '../contracts/text/plain-text.ts';

/** A log for people: one sentence per line on standard error, without levels and fields, and nothing below info. */
export function plainLog(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Log {
  const say = (message: string): void => write(visibleText(message));
  return { debug: () => undefined, info: say, warn: say, error: say };
}
