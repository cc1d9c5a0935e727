/** Milliseconds for which the worker's event loop may stand still before the worker counts as stuck. */
const STUCK_MS = 60_000;

interface HealthAnswer {
  /** HTTP status. */
  readonly status: 200 | 404 | 503;
  /** Fields of the JSON body. */
  readonly body: Readonly<Record<string, string>>;
}

interface Asked {
  /** Milliseconds for which the worker's event loop has not run. */
  readonly stuckMs: () => number;
  /** Asks the worker why it is not ready; null if it is ready. */
  readonly notReady: () => Promise<string | null>;
}

/** Answer of the health port to a request for `url`. */
export async function healthAnswer(url: string | undefined, { stuckMs, notReady }: Asked): Promise<HealthAnswer> {
  if (url === '/healthz') {
    const ms = stuckMs();
    if (ms < STUCK_MS) return { status: 200, body: { status: 'ok' } };
    return { status: 503, body: { status: 'stuck', reason: `the worker's event loop has not run for ${Math.round(ms / 1000)} s` } };
  }
  if (url === '/readyz') {
    const reason = await notReady();
    return reason === null ? { status: 200, body: { status: 'ready' } } : { status: 503, body: { status: 'not ready', reason } };
  }
  return { status: 404, body: { error: 'use /healthz or /readyz' } };
}
