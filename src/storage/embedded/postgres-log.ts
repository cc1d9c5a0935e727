import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Number of bytes at the end of the log that are searched. */
const TAIL_BYTES = 1 << 16;
/** Age in milliseconds after which a message is not the reason for a current error. */
const RECENT_MS = 120_000;

/** Path of an embedded server's log, from the folder of its socket; undefined for a folder of another server. */
export function logOfSocket(socket: string): string | undefined {
  const folder = dirname(socket);
  return existsSync(join(folder, 'data', 'PG_VERSION')) ? join(folder, 'postgres.log') : undefined;
}

/** FATAL messages that end one session and not the server, for example because a client connected too early or was terminated. */
const OF_ONE_SESSION =
  /^(the database system is |terminating connection|canceling |connection to client lost|database "|role "|sorry, too many clients|no pg_hba)/;

/**
 * Returns the server's last PANIC, else its last FATAL, with advice if there is any: `PANIC: could not write to file "pg_wal/xlogtemp.7":
 * No space left on device`.
 * @param now UTC epoch milliseconds; messages that are two minutes old or older are left out
 */
export function lastTrouble(logFile: string, now: number): string | undefined {
  const lines = tailOf(logFile)
    .split('\n')
    .map((line) => /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}) UTC \[\d+\] (PANIC|FATAL): +(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, at]) => Date.parse(`${at.replace(' ', 'T')}Z`) > now - RECENT_MS)
    .filter(([, , level, words]) => level === 'PANIC' || !OF_ONE_SESSION.test(words));
  const [, , level, words] = lines.findLast(([, , name]) => name === 'PANIC') ?? lines.at(-1) ?? [];
  return level === undefined ? undefined : withAdvice(`${level}: ${words}`);
}

/** Appends what to do to a message of the server, where something is known. */
export const withAdvice = (words: string): string => (/no space left/i.test(words) ? `${words}; free some disk space` : words);

function tailOf(file: string): string {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(handle);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(handle);
  }
}
