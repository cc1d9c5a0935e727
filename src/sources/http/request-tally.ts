import { AsyncLocalStorage } from 'node:async_hooks';

/** How often each host was asked and how it answered: `{ "polymarket/data": { "200": 107, "503": 107 } }`. `none` is no answer at all. */
export type AnswerCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Counts the HTTP requests of some work, each try by itself: one that is answered at the third try counts three times. */
export interface RequestTally {
  /** Does work whose requests count here. Clients are shared, so what a request belongs to is known by where it was begun. */
  count<T>(work: () => Promise<T>): Promise<T>;
  /** Whether every request was answered as it should be. */
  readonly isClean: boolean;
  answers(): AnswerCounts;
}

type Counts = Map<string, Map<string, number>>;

const tallies = new AsyncLocalStorage<Counts>();
const GOOD = /^2\d\d$/;

/** Counts how the requests made inside `count` were answered, by host; work that runs beside it has counts of its own. */
export function createRequestTally(): RequestTally {
  const counts: Counts = new Map();
  return {
    count: (work) => tallies.run(counts, work),
    get isClean() {
      return [...counts.values()].every((byStatus) => [...byStatus.keys()].every((status) => GOOD.test(status)));
    },
    answers: () => Object.fromEntries([...counts].map(([host, byStatus]) => [host, Object.fromEntries(byStatus)])),
  };
}

/** Counts one try of a request. @param status of its answer; null when there was none */
export function countAnswer(host: string, status: number | null): void {
  const counts = tallies.getStore();
  if (counts === undefined) return;
  const byStatus = counts.get(host) ?? new Map<string, number>();
  counts.set(host, byStatus);
  const key = status === null ? 'none' : String(status);
  byStatus.set(key, (byStatus.get(key) ?? 0) + 1);
}
