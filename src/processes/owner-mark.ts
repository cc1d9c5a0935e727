import { createHash } from 'node:crypto';
import { DAY_MS } from '../contracts/words.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** Pattern that matches an owner mark inside a longer name. */
export const OWNER_MARK = '\\d+-\\d*-[0-9a-f]{8}';

/**
 * A mark of this process for the names of files and tables that it may leave behind, such as `123-4567-89abcdef`: its pid, its start time,
 * and a hash of the boot and the container in which these two are valid.
 */
export function ownerMark(): string {
  const { pid, started, place } = own();
  return `${pid}-${started}-${place}`;
}

/** Whether the process of a mark has ended. One of another container or machine counts as ended if `silentMs` exceeds a day. */
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
