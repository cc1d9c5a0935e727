import type { TaskPolicy } from '../run/run-config.ts';
import type { Stage } from '../words.ts';

/** How a task is retried where nothing is said: three times, after 1, 2 and 4 seconds. */
export const DEFAULT_RETRY = { maxRetries: 3, retryDelayMs: 1_000, backoff: 2, maxDelayMs: 60_000 } as const;

/** Tasks running at once, unless told otherwise. */
export const DEFAULT_MAX_CONCURRENT = 5;

const MINUTE_MS = 60_000;

/** Collecting waits for venues; everything else works on what is here. */
export const defaultTimeoutMs = (stage?: Stage): number => (stage === 'collect' ? 15 * MINUTE_MS : 5 * MINUTE_MS);

/** The policy of a stage, or of a custom task, about which the user said nothing. */
export const defaultPolicy = (stage?: Stage): TaskPolicy => ({ ...DEFAULT_RETRY, timeoutMs: defaultTimeoutMs(stage) });

/**
 * The policy as it travels in payloads: not at all where it is the default. What every task of a large run carries is what the
 * run costs.
 */
export function unlessDefault(policy: TaskPolicy, stage?: Stage): { readonly policy?: TaskPolicy } {
  const usual = defaultPolicy(stage);
  const names = Object.keys(usual) as (keyof typeof usual)[];
  return policy.byError === undefined && names.every((name) => policy[name] === usual[name]) ? {} : { policy };
}
