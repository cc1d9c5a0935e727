import { vi } from 'vitest';

/**
 * Calls `look` every few milliseconds until it returns something truthy, and returns that.
 * @throws when `forMs` has passed: an endless wait would keep running during every later test of the process
 */
export async function until<T>(look: () => T | Promise<T>, { everyMs = 20, forMs = 60_000 } = {}) {
  return await vi.waitUntil(look, { interval: everyMs, timeout: forMs });
}
