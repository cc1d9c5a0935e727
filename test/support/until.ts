import { vi } from 'vitest';

/**
 * Looks every few milliseconds until there is an answer that counts as true, and gives it back.
 * @throws when there is none in `forMs`: a wait without an end would go on asking beside every later test of its process
 */
export async function until<T>(look: () => T | Promise<T>, { everyMs = 20, forMs = 60_000 } = {}) {
  return await vi.waitUntil(look, { interval: everyMs, timeout: forMs });
}
