import { hash, Random } from './random.ts';

/** How often a fault strikes: a probability in [0, 1] per request, or the next `count` matching requests. */
export type Rate = number | { readonly count: number };

/** The kinds of bad rows, by what the pipeline should say about them. `text-numbers` are no defect: numbers as strings. */
export const BAD_ROWS = ['null-price', 'nan', 'price-range', 'size-range', 'future', 'unknown-token', 'missing-field'] as const;
export type BadRow = (typeof BAD_ROWS)[number];

/**
 * What can go wrong, all off by default. Transport faults are drawn again for each request, so a request that is tried
 * again gets through in the end; row faults belong to the rows, so that the same bad row is met again and again.
 *
 * @example
 * { unavailable: 0.1, cutInBody: 0.05, rateLimited: { count: 3 }, retryAfterSeconds: 1, shuffle: 0.3, badRows: 0.02 }
 */
export interface Faults {
  /** Only requests whose path (after the host) starts with one of these are hit; default: all of them. */
  readonly only?: readonly string[];
  /** Only requests with this in their query (an id, a cursor) are hit; default: all of them. */
  readonly onlyQuery?: string;
  /** 429, with `Retry-After` (Predict.fun: `RateLimit-Reset`). */
  readonly rateLimited?: Rate;
  /** @default 1 */
  readonly retryAfterSeconds?: number;
  /** 503 with a JSON body. */
  readonly unavailable?: Rate;
  /** The connection is cut without an answer. */
  readonly cutBefore?: Rate;
  /** The connection is cut in the middle of a body. */
  readonly cutInBody?: Rate;
  /** The answer comes `slowMs` late. */
  readonly slow?: Rate;
  /** @default 2000 */
  readonly slowMs?: number;
  /** 403 with an HTML page, as the edge answers blocked addresses. */
  readonly blocked?: Rate;
  /** 403 with a JSON body, as to a key or an address that may not use the API. */
  readonly refused?: Rate;
  /**
   * A trades cursor is answered with the page before it, and a cursor that goes on from here. Where bad rows take places, what
   * comes again begins and ends a little above that page, which may be within one second.
   */
  readonly repeatPage?: Rate;
  /** A trades page starts with the last rows of the page before it. */
  readonly repeatRows?: Rate;
  /** Seconds of a trades page come in any order (rows inside one second keep theirs). */
  readonly shuffle?: Rate;
  /** Probability that one of an open market's newest 40 trades is missing from its first walk and there in later ones. */
  readonly late?: number;
  /** Probability per trade that a bad row follows it. */
  readonly badRows?: number;
  /** The kinds to use. @default all of them */
  readonly badRowKinds?: readonly BadRow[];
  /** Probability per trade that its numbers are written as strings, which is fine. */
  readonly textNumbers?: number;
  /** Fields renamed in every answer: the venue changed its schema. `{ "price": "px" }` */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Slugs, condition ids or market ids that the venue no longer knows. */
  readonly missing?: readonly string[];
  /** Open markets, by instrument, that are called closed, and settled for their first outcome, since a time; UTC epoch milliseconds. */
  readonly calledClosed?: Readonly<Record<string, number>>;
  /** Instruments whose result is reported the other way round. */
  readonly flipped?: readonly string[];
  /** How far the result of closed markets is known, by instrument. @default final */
  readonly results?: Readonly<Record<string, 'silent' | 'proposed' | 'disputed'>>;
  /** Gamma's older listings answer 410: only those by keyset are left. Or the reverse. */
  readonly goneListings?: 'plain' | 'keyset';
  /** Gamma's older listings announce their end in `Deprecation`, `Sunset` and `Warning`. */
  readonly sunset?: boolean;
  /** Seconds that every answer says it has lain in a cache. */
  readonly age?: number;
  /** Probability per trade of Predict.fun that its page has it again, under the same id with another price. */
  readonly contradicted?: number;
  /** Lets a page boundary fall between exact copies of a fill, which it never does otherwise. */
  readonly splitCopies?: boolean;
}

/** What strikes one request. */
export interface Strike {
  /** Whether the request is one of those that faults hit at all. */
  readonly hit: boolean;
  readonly rateLimited: boolean;
  readonly unavailable: boolean;
  readonly cutBefore: boolean;
  readonly cutInBody: boolean;
  readonly slow: boolean;
  readonly blocked: boolean;
  readonly refused: boolean;
  readonly repeatPage: boolean;
  readonly repeatRows: boolean;
  readonly shuffle: boolean;
}

const STRIKES = [
  'rateLimited',
  'unavailable',
  'cutBefore',
  'cutInBody',
  'slow',
  'blocked',
  'refused',
  'repeatPage',
  'repeatRows',
  'shuffle',
] as const;

/** Draws what strikes each request, from a seed and the order of requests. */
export class FaultDeck {
  #faults: Faults;
  #counts = new Map<string, number>();
  readonly #random: Random;

  constructor(seed: number, faults: Faults) {
    this.#random = new Random(hash(seed, 'faults'));
    this.#faults = faults;
  }

  get faults(): Faults {
    return this.#faults;
  }

  set(faults: Faults): void {
    this.#faults = faults;
    this.#counts = new Map();
  }

  /**
   * @param path of the request, after the host
   * @param query what follows it, decoded or not
   */
  draw(path: string, query = ''): Strike {
    const { only, onlyQuery } = this.#faults;
    const hit = (only === undefined || only.some((prefix) => path.startsWith(prefix))) && query.includes(onlyQuery ?? '');
    const struck = STRIKES.map((name) => [name, hit && this.#strikes(name)] as const);
    return { hit, ...(Object.fromEntries(struck) as Record<(typeof STRIKES)[number], boolean>) };
  }

  #strikes(name: (typeof STRIKES)[number]): boolean {
    const rate = this.#faults[name];
    if (rate === undefined) return false;
    if (typeof rate === 'number') return this.#random.next() < rate;
    const used = this.#counts.get(name) ?? 0;
    if (used >= rate.count) return false;
    this.#counts.set(name, used + 1);
    return true;
  }
}
