import type { Log } from '../contracts/log.ts';
import { visibleText } from '../contracts/text/plain-text.ts';

/** Progress for people, one sentence a line on standard error; no levels, no fields, nothing below info. */
export function plainLog(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Log {
  const say = (message: string): void => write(visibleText(message));
  return { debug: () => undefined, info: say, warn: say, error: say };
}
