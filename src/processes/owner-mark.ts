import { createHash } from 'node:crypto';
import { DAY_MS } from '../contracts/words.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** Pattern of a mark inside a longer name. */
export const OWNER_MARK = '\\d+-\\d*-[0-9a-f]{8}';

/**
 * A mark for names of files and tables that this process may leave behind, `123-4567-89abcdef`: its pid, its start time, and a digest of
 * the boot and the container in which these two are valid.
 */
export function ownerMark(): string {
  const { pid, started, place } = own();
  return `${pid}-${started}-${place}`;
}

/** Whether the process of a mark has ended; a process of another container or machine counts as ended after a day of silence. */
export function isGone(mark: string, silentMs: number): boolean {
  const { place, rest } = own();
  const [pid, started, where] = mark.split('-');
  if (where !== place) return silentMs > SILENCE_MS;
  return !isRunning(started === '' ? pid : `${pid} ${started} ${rest}`.trim());
}

const SILENCE_MS = DAY_MS;

function own(): { pid: string; started: string; place: string; rest: string } {
  const [pid, started = '', ...others] = processIdentity(process.pid).split(' ');
  const rest = others.join(' ');
  return { pid, started, rest, place: createHash('sha256').update(rest).digest('hex').slice(0, 8) };
}
