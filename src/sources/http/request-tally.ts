import { AsyncLocalStorage } from 'node:async_hooks';

/** How often each host was asked and how it answered: `{ "polymarket/data": { "200": 107, "503": 107 } }`. `none` is no answer at all. */
export type AnswerCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

type Counts = Map<string, Map<string, number>>;

const tallies = new AsyncLocalStorage<Counts>();

/**
 * Counts the HTTP requests that `work` makes, each try by itself: a request that is answered at the third try counts three times. Clients
 * are shared by everything that collects at once, so what a request belongs to is known by where it was begun.
 */
export async function tallyRequests<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly answers: AnswerCounts }> {
  const counts: Counts = new Map();
  const result = await tallies.run(counts, work);
  return { result, answers: Object.fromEntries([...counts].map(([host, byStatus]) => [host, Object.fromEntries(byStatus)])) };
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
