import type { Log } from '../contracts/log.ts';
import { visibleText } from '../contracts/text/plain-text.ts';

/** Creates a log for a terminal: each line is only the message, without level and fields; messages of level debug are left out. */
export function plainLog(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)): Log {
  const say = (message: string): void => write(visibleText(message));
  return { debug: () => undefined, info: say, warn: say, error: say };
}
