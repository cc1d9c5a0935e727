import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import { DAY_MS } from '../../contracts/words.ts';
import type { Queryable } from '../../storage/database/database.ts';
import { readWatchState, saveWatchState } from '../../storage/watch/watch-state.ts';
import { type Check, troubleWith } from '../watch.ts';

const HOUR = 3_600_000;
/** Free bytes below which the check reports a trouble even if the disk does not fill up. */
const MIN_FREE = 256 * 1024 * 1024;
/** Milliseconds that samples must span for an estimate of growth. */
const MIN_HISTORY_MS = 3 * HOUR;

type Samples = readonly (readonly [at: number, free: number])[];

/**
 * Bytes by which a disk's free space shrinks per day, estimated from the last day; 0 if it grows or the samples span too little time.
 * @param samples oldest first
 */
export function growthPerDay(samples: Samples): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last[0] - first[0] < MIN_HISTORY_MS) return 0;
  return Math.max(0, ((first[1] - last[1]) * DAY_MS) / (last[0] - first[0]));
}

/** The reason why so many free bytes are too few; null if they suffice. @param growth bytes by which the free space shrinks per day */
export function shortage(free: number, growth: number): string | null {
  if (free < growth) return `and it lost ${size(growth)} over the last day`;
  return free < MIN_FREE ? 'which is too little to work with' : null;
}

/** Checks whether the disk of the home folder has enough free space for another day. */
export function diskCheck({ database, home }: { database: Queryable; home: string }): Check {
  return {
    name: `disk/${hostname()}`,
    everyMs: 60_000,
    async look(now) {
      const { bavail, bsize } = await statfs(home);
      const free = bavail * bsize;
      const name = `free/${hostname()}:${home}`;
      const known = ((await readWatchState<{ samples: [number, number][] }>(database, name))?.samples ?? []).filter(
        ([at]) => at > now - DAY_MS,
      );
      const due = known.length === 0 || now - known[known.length - 1][0] >= HOUR / 2;
      if (due) await saveWatchState(database, name, { samples: [...known, [now, free]] });
      const growth = growthPerDay([...known, [now, free]]);
      const subject = { what: 'disk', subject: `${hostname()}:${home}`, isSymbol: false, at: now };
      const why = shortage(free, growth);
      if (why === null) return { at: now, troubles: [], looked: [subject] };
      const cause = `disk: ${size(free)} are free under ${home} on ${hostname()}, ${why}; make room, or prune (docs/storage.md)`;
      return { at: now, troubles: [troubleWith(subject, cause)], looked: [] };
    },
  };
}

const size = (bytes: number): string => (bytes < 2e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
