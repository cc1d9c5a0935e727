import type { Answer, Refusal } from './answer.ts';
import { json } from './answer.ts';

/** The APIs by their path prefixes; each has its own format of errors. */
export type ApiName = 'gamma' | 'clob' | 'data' | 'predict' | 'kalshi';

const DATA_CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  429: 'rate_limited',
  500: 'internal',
  503: 'dependency_unavailable',
};
const PREDICT_SLUGS: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  429: 'too_many_requests',
};

/** The answer with an error in the format of an API. */
export function refusalAnswer(api: ApiName, refusal: Refusal, now: number, headers: Readonly<Record<string, string>> = {}): Answer {
  const { status, message, parameter } = refusal;
  const trace = `trace-${Math.floor(now).toString(36)}`;
  switch (api) {
    case 'data':
      return {
        ...json(
          {
            error: message,
            code: DATA_CODES[status] ?? 'internal',
            retryable: status === 429 || status === 503,
            trace_id: trace,
            parameter,
          },
          status,
        ),
        headers,
      };
    case 'predict':
      return {
        ...json(
          {
            success: false,
            code: status,
            error: PREDICT_SLUGS[status] ?? 'internal_error',
            message,
            timestamp: new Date(now).toISOString(),
            trace,
          },
          status,
        ),
        headers,
      };
    case 'gamma':
      return { ...json({ type: status === 404 ? 'not found error' : 'validation error', error: message }, status), headers };
    case 'kalshi':
      return { ...json({ error: { code: DATA_CODES[status] ?? 'internal', message } }, status), headers };
    case 'clob':
      return { ...json({ error: message }, status), headers };
  }
}

/** The answer of a venue's edge to blocked addresses. */
export const BLOCKED: Answer = {
  status: 403,
  contentType: 'text/html; charset=UTF-8',
  body: '<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1></body></html>',
};
