import { AsyncLocalStorage } from 'node:async_hooks';

/** Numbers of answers by host and status: `{ "polymarket/data": { "200": 107, "503": 107 } }`. `none` counts requests without an answer. */
export type AnswerCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Counts the HTTP requests of a piece of work. Each try counts: a request that succeeds at the third try counts three times. */
export interface RequestTally {
  /** Runs work whose requests are counted here. Clients are shared, so a request belongs to the work that started it. */
  count<T>(work: () => Promise<T>): Promise<T>;
  /** Whether every request was answered with a 2xx status. */
  readonly isClean: boolean;
  answers(): AnswerCounts;
  /** Differences between answers and what this build knows, and announced changes: one sentence each, sorted. */
  changes(): readonly string[];
  readonly last: AnswerHead | undefined;
}

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
/** Maximum number of changes that are kept per piece of work; a venue with a new schema could have thousands. */
const MAX_CHANGES = 20;

/** Creates a tally of the requests that are made inside `count`. Work outside of it is not counted, even if it runs at the same time. */
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

/** Counts one try of a request. @param status status of the answer; null when there was no answer */
export function countAnswer(host: string, status: number | null): void {
  const counts = tallies.getStore()?.counts;
  if (counts === undefined) return;
  const byStatus = counts.get(host) ?? new Map<string, number>();
  counts.set(host, byStatus);
  const key = status === null ? 'none' : String(status);
  byStatus.set(key, (byStatus.get(key) ?? 0) + 1);
}

/** Stores an answer's status and headers as the last ones of the current tally. */
export function noteHead(head: AnswerHead): void {
  const tally = tallies.getStore();
  if (tally !== undefined) tally.last = head;
}

/** Notes in the current tally that an answer on a route has changed. How rows are read does not depend on it. */
export function noteChange(venue: string, route: string, what: string): void {
  const changes = tallies.getStore()?.changes;
  if (changes !== undefined && changes.size < MAX_CHANGES) changes.add(`${venue} ${route}: ${what}`);
}
