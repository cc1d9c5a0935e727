import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** So much of the log's end is looked at. */
const TAIL_BYTES = 1 << 16;
/** What the server said longer ago is not the reason for what goes wrong at this moment. */
const RECENT_MS = 120_000;

/** Where the log of an embedded server is, from the folder of its socket; undefined when that is none of ours. */
export function logOfSocket(socket: string): string | undefined {
  const folder = dirname(socket);
  return existsSync(join(folder, 'data', 'PG_VERSION')) ? join(folder, 'postgres.log') : undefined;
}

/** Ends a session, not the server: those who came too early or too late, were killed, or asked for what there is not. */
const OF_ONE_SESSION =
  /^(the database system is |terminating connection|canceling |connection to client lost|database "|role "|sorry, too many clients|no pg_hba)/;

/**
 * Why the server gave up, in its own words: `PANIC: could not write to file "pg_wal/xlogtemp.7": No space left on device`. The last PANIC
 * counts, else the last FATAL; with advice where it needs some.
 *
 * @param now UTC epoch milliseconds; what was said two minutes before or earlier is left out
 */
export function lastTrouble(logFile: string, now: number): string | undefined {
  const lines = tailOf(logFile)
    .split('\n')
    .map((line) => /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}) UTC \[\d+\] (PANIC|FATAL): +(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, at]) => Date.parse(`${at.replace(' ', 'T')}Z`) > now - RECENT_MS)
    .filter(([, , level, words]) => level === 'PANIC' || !OF_ONE_SESSION.test(words));
  const [, , level, words] = lines.findLast(([, , name]) => name === 'PANIC') ?? lines.at(-1) ?? [];
  return level === undefined ? undefined : advised(`${level}: ${words}`);
}

/** The words of a server with what to do about them. */
export const advised = (words: string): string => (/no space left/i.test(words) ? `${words}; free some disk space` : words);

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
