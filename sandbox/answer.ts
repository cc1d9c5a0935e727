import type { Strike } from './faults.ts';

/** What a route answers. Bodies are ASCII. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as the routes see it. */
export interface VenueRequest {
  /** The path after the API's prefix: `/v2/trades`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The sandbox's clock; UTC epoch milliseconds. */
  readonly now: number;
  readonly strike: Strike;
}

/** A route: undefined when the path is not one of this API's. */
export type Api = (request: VenueRequest) => Answer | undefined;

export const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) });

/** Thrown by a route to answer with an error. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** The parameter at fault, where there is one. */
  readonly parameter: string | undefined;

  constructor(status: number, message: string, parameter?: string) {
    super(message);
    this.status = status;
    this.parameter = parameter;
  }
}

/** A whole number of a query, within its bounds. @throws Refusal 400 */
export function wholeNumber(query: URLSearchParams, name: string, options: { default: number; min: number; max: number }): number {
  const text = query.get(name);
  if (text === null) return options.default;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < options.min || value > options.max) {
    throw new Refusal(400, `${name} must be a whole number between ${options.min} and ${options.max}`, name);
  }
  return value;
}
