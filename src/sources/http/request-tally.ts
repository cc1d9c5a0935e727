import { AsyncLocalStorage } from 'node:async_hooks';

/** How often each host was requested and how it answered: `{ "polymarket/data": { "200": 107, "503": 107 } }`. `none` is no answer at all. */
export type AnswerCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Counts the HTTP requests of some work, each try by itself: one that is answered at the third try counts three times. */
export interface RequestTally {
  /** Does work whose requests count here. Clients are shared, so a request belongs to the work that started it. */
  count<T>(work: () => Promise<T>): Promise<T>;
  /** Whether every request was answered with a 2xx status. */
  readonly isClean: boolean;
  answers(): AnswerCounts;
  /** What answers announced or had that this build does not know, one sentence each, by route. */
  changes(): readonly string[];
  /** Status and headers of the last answer; undefined before the first. */
  readonly last: AnswerHead | undefined;
}

/** An answer without its body. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Tally {
  readonly counts: Map<string, Map<string, number>>;
  readonly changes: Set<string>;
  last?: AnswerHead;
}

const tallies = new AsyncLocalStorage<Tally>();
const GOOD = /^2\d\d$/;
/** Changes kept of one piece of work; a venue with a new schema could have thousands. */
const MOST_CHANGES = 20;

/** Counts how the requests made inside `count` were answered, by host; work that runs next to it has counts of its own. */
export function createRequestTally(): RequestTally {
  const tally: Tally = { counts: new Map(), changes: new Set() };
  return {
    count: (work) => tallies.run(tally, work),
    get isClean() {
      return [...tally.counts.values()].every((byStatus) => [...byStatus.keys()].every((status) => GOOD.test(status)));
    },
    answers: () => Object.fromEntries([...tally.counts].map(([host, byStatus]) => [host, Object.fromEntries(byStatus)])),
    changes: () => [...tally.changes].sort(),
    get last() {
      return tally.last;
    },
  };
}

/** Counts one try of a request. @param status of its answer; null when there was none */
export function countAnswer(host: string, status: number | null): void {
  const counts = tallies.getStore()?.counts;
  if (counts === undefined) return;
  const byStatus = counts.get(host) ?? new Map<string, number>();
  counts.set(host, byStatus);
  const key = status === null ? 'none' : String(status);
  byStatus.set(key, (byStatus.get(key) ?? 0) + 1);
}

/** Keeps the head of an answer as the last one. */
export function noteHead(head: AnswerHead): void {
  const tally = tallies.getStore();
  if (tally !== undefined) tally.last = head;
}

/** Notes that a venue's answer on a route has something that this build does not know. Rows are read all the same. */
export function noteChange(venue: string, route: string, what: string): void {
  const changes = tallies.getStore()?.changes;
  if (changes !== undefined && changes.size < MOST_CHANGES) changes.add(`${venue} ${route}: ${what}`);
}
