import { type BookLevels, bestOf } from '../book.ts';
import { createRequestTally } from '../http/request-tally.ts';
import { judgeAnswer, type ProbedRoute } from './judge-answer.ts';

export interface RouteToProbe {
  readonly route: string;
  readonly expects: string;
}

/** The result of reading an answer: a summary for the user, and a value that requests of later routes need. */
export interface ReadAnswer<Value> {
  readonly came: string;
  readonly problems?: readonly string[];
  readonly value: Value;
}

/** Requests the routes of a venue one after the other and judges each answer. */
export interface Prober {
  /** Requests and judges one route. @returns the value that was read; undefined where the answer could not be read */
  read<Value>(route: RouteToProbe, read: () => Promise<ReadAnswer<Value>>): Promise<Value | undefined>;
  /** Requests and judges a route that needs a value of an earlier one; without the value, reports why it does not. */
  readIf<From, Value>(
    from: From | undefined,
    route: RouteToProbe,
    why: string,
    read: (from: From) => Promise<ReadAnswer<Value>>,
  ): Promise<Value | undefined>;
  skip(route: RouteToProbe, why: string): void;
  readonly routes: readonly ProbedRoute[];
}

/** Creates the prober of one venue. @param signal ends the probe between and during requests */
export function createProber(venue: string, signal: AbortSignal): Prober {
  const routes: ProbedRoute[] = [];
  const prober: Prober = {
    routes,
    async read(route, read) {
      signal.throwIfAborted();
      const tally = createRequestTally();
      const judged = (outcome: { came: string; problems?: readonly string[] } | { error: unknown }): void => {
        routes.push(judgeAnswer({ venue, ...route, ...outcome, head: tally.last, changes: tally.changes(), now: Date.now() }));
      };
      try {
        const { value, ...seen } = await tally.count(read);
        judged(seen);
        return value;
      } catch (error) {
        if (signal.aborted) throw error;
        judged({ error });
        return undefined;
      }
    },
    async readIf(from, route, why, read) {
      if (from !== undefined) return await prober.read(route, () => read(from));
      prober.skip(route, why);
      return undefined;
    },
    skip(route, why) {
      const nothing = { missingFields: [], newFields: [], announced: [], changes: [], clockAheadSeconds: null, ageSeconds: null };
      routes.push({ venue, ...route, meaning: 'not requested', status: null, came: why, ...nothing });
    },
  };
  return prober;
}

/** A number with its noun in singular or plural: `1 market`, `20 markets`. */
export const counted = (count: number, word: string): string =>
  `${count} ${count === 1 ? word : word.endsWith('ch') ? `${word}es` : `${word}s`}`;

/** Summarises rows. Each row with a defect is a problem, since a probe reads only a few rows. */
export function rowsIn(rows: readonly { readonly defect: string | null; readonly raw: string }[], word: string): ReadAnswer<undefined> {
  const bad = rows.filter(({ defect }) => defect !== null);
  const [first] = bad;
  const problems =
    first === undefined ? [] : [`${counted(bad.length, word)} would go into quarantine (${first.defect}): ${first.raw.slice(0, 200)}`];
  const nothing = rows.length === 0 ? ', which says nothing about their fields' : '';
  return { came: `${counted(rows.length, word)}${nothing}`, problems, value: undefined };
}

/** Summarises an order book. */
export function bookIn(levels: BookLevels): ReadAnswer<undefined> {
  const { bid, ask } = bestOf(levels, 0);
  return { came: `best bid ${bid ?? 'none'}, best ask ${ask ?? 'none'}`, value: undefined };
}
