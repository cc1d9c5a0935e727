import type { Strike } from './faults.ts';

/** The answer of a route. Its body is ASCII. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as the routes receive it. */
export interface VenueRequest {
  /** The path after the API's prefix: `/v2/trades`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The sandbox's clock; UTC epoch milliseconds. */
  readonly now: number;
  readonly strike: Strike;
}

/** The routes of one API; returns undefined for a path that the API does not have. */
export type Api = (request: VenueRequest) => Answer | undefined;

export const json = (value: unknown, status = 200): Answer => ({ status, body: JSON.stringify(value) });

/** The error that a route throws to answer with an error status. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  /** Name of the invalid parameter, where there is one. */
  readonly parameter: string | undefined;

  constructor(status: number, message: string, parameter?: string) {
    super(message);
    this.status = status;
    this.parameter = parameter;
  }
}

/** Reads an integer parameter of a query within its bounds. @throws Refusal 400 */
export function wholeNumber(query: URLSearchParams, name: string, options: { default: number; min: number; max: number }): number {
  const text = query.get(name);
  if (text === null) return options.default;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < options.min || value > options.max) {
    throw new Refusal(400, `${name} must be a whole number between ${options.min} and ${options.max}`, name);
  }
  return value;
}
