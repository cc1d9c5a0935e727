import { createHash } from 'node:crypto';
import { DAY_MS } from '../contracts/words.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** A mark as it stands inside a longer name. */
export const OWNER_MARK = '\\d+-\\d*-[0-9a-f]{8}';

/**
 * Names this process inside names of what it leaves behind when it is killed: `123-4567-89abcdef`, its pid, its start, and a digest of the
 * boot and the container in which these two mean something.
 */
export function ownerMark(): string {
  const { pid, started, place } = own();
  return `${pid}-${started}-${place}`;
}

/** Whether the process of a mark is known to be gone; that of another container or machine is when nothing was heard of it for a day. */
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
