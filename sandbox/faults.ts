import { hash, Random } from './random.ts';

/** Rate of a fault: a probability in [0, 1] per request, or the next `count` matching requests. */
export type Rate = number | { readonly count: number };

/** The kinds of bad rows. */
export const BAD_ROWS = ['null-price', 'nan', 'price-range', 'size-range', 'future', 'unknown-token', 'missing-field'] as const;
export type BadRow = (typeof BAD_ROWS)[number];

/**
 * The faults of the sandbox, all off by default. Transport faults are drawn for each request, so a retried request succeeds in the end.
 * Row faults belong to the rows, so the same bad row appears in every answer.
 *
 * @example
 * { unavailable: 0.1, cutInBody: 0.05, rateLimited: { count: 3 }, retryAfterSeconds: 1, shuffle: 0.3, badRows: 0.02 }
 */
export interface Faults {
  /** Restricts faults to requests whose path starts with one of these prefixes. @default all requests */
  readonly only?: readonly string[];
  /** Restricts faults to requests whose query contains this text (an id, a cursor). @default all requests */
  readonly onlyQuery?: string;
  /** Answers 429, with `Retry-After` (Predict.fun: `RateLimit-Reset`). */
  readonly rateLimited?: Rate;
  /** Wait in seconds that a 429 answer states. @default 1 */
  readonly retryAfterSeconds?: number;
  /** Answers 503 with a JSON body. */
  readonly unavailable?: Rate;
  /** Cuts the connection without an answer. */
  readonly cutBefore?: Rate;
  /** Cuts the connection in the middle of a body. */
  readonly cutInBody?: Rate;
  /** Delays the answer by `slowMs`. */
  readonly slow?: Rate;
  /** Delay of a slow answer in milliseconds. @default 2000 */
  readonly slowMs?: number;
  /** Answers 403 with an HTML page, as a venue's edge answers blocked addresses. */
  readonly blocked?: Rate;
  /** Answers 403 with a JSON body, as to a key or an address that may not use the API. */
  readonly refused?: Rate;
  /**
   * Answers a trades cursor with the previous page and a cursor that continues from the requested position. With bad rows on the page,
   * the repeated rows start and end slightly above the previous page, possibly within one second.
   */
  readonly repeatPage?: Rate;
  /** Starts a trades page with the last rows of the previous page. */
  readonly repeatRows?: Rate;
  /** Shuffles the seconds of a trades page (rows within one second keep their order). */
  readonly shuffle?: Rate;
  /** Probability that one of an open market's newest 40 trades is missing in its first walk and present in later ones. */
  readonly late?: number;
  /** Probability per trade that a bad row follows it. */
  readonly badRows?: number;
  /** The kinds of bad rows to use. @default all of them */
  readonly badRowKinds?: readonly BadRow[];
  /** Probability per trade that its numbers are written as strings, which is not a defect. */
  readonly textNumbers?: number;
  /** Renames fields in every answer, as a venue that changed its schema does. `{ "price": "px" }` */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Slugs, condition ids or market ids that the venue no longer knows. */
  readonly missing?: readonly string[];
  /** By instrument, the time (UTC epoch milliseconds) since which an open market is reported as closed and settled for its first outcome. */
  readonly calledClosed?: Readonly<Record<string, number>>;
  /** Instruments whose result is reported for the other outcome. */
  readonly flipped?: readonly string[];
  /** State of the result of closed markets, by instrument. @default final */
  readonly results?: Readonly<Record<string, 'silent' | 'proposed' | 'disputed'>>;
  /** Gamma's listings that answer 410: the older plain ones, or those by keyset. */
  readonly goneListings?: 'plain' | 'keyset';
  /** Whether Gamma's older listings announce their end in `Deprecation`, `Sunset` and `Warning` headers. */
  readonly sunset?: boolean;
  /** Value of the `Age` header of every answer, in seconds. */
  readonly age?: number;
  /** Probability per trade of Predict.fun that its page contains it twice, under the same id with different prices. */
  readonly contradicted?: number;
  /** Whether a page boundary may fall between exact copies of a fill, which it otherwise never does. */
  readonly splitCopies?: boolean;
}

/** The faults of one request. */
export interface Strike {
  /** Whether faults apply to the request (`only`, `onlyQuery`). */
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

/** Draws the faults of each request, by a seed and the order of the requests. */
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
   * Draws the faults of a request.
   *
   * @param path path of the request, after the host
   * @param query query of the request, decoded or not
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
