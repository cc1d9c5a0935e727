import { type ErrorType, messageOf, PredictLabError } from '../../contracts/errors.ts';
import { oneLine } from '../../contracts/text/plain-text.ts';

/** An error caused by a venue's answer; `status` is null when there was no complete answer. */
export class VenueError extends PredictLabError {
  readonly status: number | null;

  constructor(type: ErrorType, message: string, options: { status: number | null; retryAfterMs?: number; cause?: unknown }) {
    super(type, message, options);
    this.status = options.status;
  }
}

/** Whether the venue refuses a request with a 4xx, since it does not have what was requested. */
export const isRefusal = (error: unknown): error is VenueError => error instanceof VenueError && error.type === 'BadInput';

/** Whether an answer's status is one of the 3xx. */
export const isRedirect = (status: number | null): boolean => Math.trunc(Number(status) / 100) === 3;

export interface RefusedAnswer {
  readonly venue: string;
  /** Path of the request, without host, query and key. */
  readonly path: string;
  readonly status: number;
  readonly text: string;
  readonly html: boolean;
  readonly retryAfterMs: number | undefined;
  /** Name of the environment variable with the venue's key (`PREDICT_API_KEY`), if the venue needs one. */
  readonly keyName: string | undefined;
  /** The address that a redirect points to, if any. */
  readonly location: string | undefined;
}

const RETRYABLE_STATUS = new Set([408, 425]);
const MAX_MESSAGE_LENGTH = 300;

/** The venue's own message: the `message`, `error`, `detail` or `type` in its JSON, else the start of its text. */
export function venueMessage(text: string): string {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    for (const key of ['message', 'error', 'detail', 'type']) {
      const value = body?.[key];
      if (typeof value === 'string' && value !== '') return value.slice(0, MAX_MESSAGE_LENGTH);
    }
  } catch {
    // The answer is not JSON, so its text is the message.
  }
  return text.trim().slice(0, MAX_MESSAGE_LENGTH);
}

/**
 * The error for a refused request, by status: 429 is `RateLimited`; 408, 425, 5xx and a 2xx other than 200 are `SourceUnavailable`; a
 * redirect and HTML are `SourceBlocked`; 401 and 403 are `SourceUnauthorized`; every other 4xx is `BadInput` with the venue's message.
 */
export function refusal(answer: RefusedAnswer): VenueError {
  const { venue, path, status, html, retryAfterMs } = answer;
  const said = html ? 'an HTML page' : venueMessage(answer.text);
  const what = `${venue} answered ${status} on ${path}${said === '' ? '' : `: ${said}`}`;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) return new VenueError('RateLimited', what, { status, ...wait });
  if (status >= 500 || RETRYABLE_STATUS.has(status)) return new VenueError('SourceUnavailable', what, { status, ...wait });
  // A 2xx answer other than 200 has no body, or only a part of it.
  if (status < 300 && !html)
    return new VenueError('SourceUnavailable', `${venue} answered ${status} on ${path}, which is not a complete answer`, { status });
  if (isRedirect(status) && answer.location !== undefined) {
    const to = oneLine(answer.location).slice(0, MAX_MESSAGE_LENGTH);
    const remedy = "a redirect is not followed: check the venue's URL, and update PredictLab if the venue has moved";
    return new VenueError('SourceBlocked', `${what}, a redirect to ${to}; ${remedy}`, { status });
  }
  if (html || isRedirect(status)) {
    return new VenueError(
      'SourceBlocked',
      `${what}. Its edge refuses this address or region: run from another network, or point the venue's URL at a proxy you may use`,
      { status },
    );
  }
  if (status === 401 || status === 403) {
    const remedy = answer.keyName === undefined ? 'this address may not use the venue' : `set a valid key in ${answer.keyName}`;
    return new VenueError('SourceUnauthorized', `${what}; ${remedy}`, { status });
  }
  return new VenueError('BadInput', what, { status });
}

/** Returns an adapter's error as a PredictLabError. An unexpected error counts as an unavailable venue, since a retry may help. */
export function venueFailure(venue: string, error: unknown): PredictLabError {
  if (error instanceof PredictLabError) return error;
  return new PredictLabError('SourceUnavailable', `collecting from ${venue} failed: ${messageOf(error)}`, { cause: error });
}
